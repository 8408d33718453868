"""Sign-in sessions that the portal itself keeps: of staff, and of members who came through a mailed link.

The row is the session: who deletes it has signed the holder out, whatever cookie comes afterwards.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, LargeBinary, Select, UniqueConstraint, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db
from .tallying import tally

HolderKind = Literal["STAFF", "MEMBER"]


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
    replaced_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # the session that this one ended


def begin(holder_kind: HolderKind, holder_ref: str, token_sha256: bytes, at: datetime) -> None:
    """Open a session and end the holder's other one, whose browser can be told so."""
    session = db.session()
    other = session.scalars(_of(holder_kind, holder_ref).with_for_update()).one_or_none()
    replaced = other.token_sha256 if other else None
    end_all(holder_kind, holder_ref)
    session.add(
        Session(
            token_sha256=token_sha256,
            holder_kind=holder_kind,
            holder_ref=holder_ref,
            began_at=at,
            seen_at=at,
            proved_at=at,
            replaced_sha256=replaced,
        )
    )
    session.flush()


def renew(token_sha256: bytes, new_sha256: bytes, at: datetime) -> bool:
    """Give a session another token, its holder having just proved who it is; False when it is gone."""
    renewed = update(Session).where(Session.token_sha256 == token_sha256)
    values = {"token_sha256": new_sha256, "seen_at": at, "proved_at": at}
    return db.session.execute(renewed.values(values).returning(Session.token_sha256)).first() is not None


def of_token(holder_kind: HolderKind, token_sha256: bytes) -> Session | None:
    """Return the session of this token, or the one that has replaced it."""
    of = select(Session).where(
        Session.holder_kind == holder_kind,
        or_(Session.token_sha256 == token_sha256, Session.replaced_sha256 == token_sha256),
    )
    return db.session.scalars(of).first()


def seen(token_sha256: bytes, at: datetime) -> None:
    """Keep that a session was used."""
    db.session.execute(update(Session).where(Session.token_sha256 == token_sha256).values(seen_at=at))


def end(token_sha256: bytes) -> None:
    """End one session."""
    db.session.execute(delete(Session).where(Session.token_sha256 == token_sha256))


def end_all(holder_kind: HolderKind, holder_ref: str) -> None:
    """End whatever session the holder has."""
    db.session.execute(delete(Session).where(Session.holder_kind == holder_kind, Session.holder_ref == holder_ref))


def _of(holder_kind: HolderKind, holder_ref: str) -> Select[Session]:
    return select(Session).where(Session.holder_kind == holder_kind, Session.holder_ref == holder_ref)


def forget_before(moment: datetime) -> int:
    """Drop the sessions that nobody has used since `moment`; return how many."""
    return db.session.execute(delete(Session).where(Session.seen_at < moment)).rowcount


def count_of(holder_kind: HolderKind, holder_ref: str) -> int:
    """Return how many sessions the holder has."""
    return db.session.scalar(select(func.count()).select_from(_of(holder_kind, holder_ref).subquery())) or 0


def counts_of(holder_kind: HolderKind, holder_refs: Collection[str]) -> Counter[str]:
    """Return how many sessions each of these holders has."""
    return tally(Session.holder_ref, holder_refs, Session.holder_kind == holder_kind)
