"""Sign-in sessions that the portal itself keeps: of staff, and of members who came through a mailed link.

The row is the session: who deletes it has signed the holder out, whatever cookie comes afterwards.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros


class Session(Model):
    """One session; each holder has one at a time. The cookie's token is kept as its SHA-256 only."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("holder_kind IN ('STAFF', 'MEMBER')", name="holder_kind"),
        UniqueConstraint("holder_kind", "holder_ref"),
    )

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    holder_kind: Mapped[str]
    holder_ref: Mapped[str]  # an account's reference, or a member's
    began_at: Mapped[datetime] = mapped_column(UtcMicros)
    seen_at: Mapped[datetime] = mapped_column(UtcMicros)
    proved_at: Mapped[datetime] = mapped_column(UtcMicros)  # when who it is was last proved in full
