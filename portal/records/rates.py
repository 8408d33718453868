"""How often something was tried lately, counted in the store so that all workers count together."""

from datetime import datetime

from sqlalchemy import LargeBinary, delete
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db, inserting


class Rate(Model):
    """One count of one window; `bucket` is a keyed digest of what was tried by whom."""

    __tablename__ = "rates"

    bucket: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)


def count_one(bucket: bytes, ends_at: datetime) -> int:
    """Count one more in a bucket and return how many there are now."""
    session = db.session()
    statement = inserting(session, Rate).values(bucket=bucket, count=1, ends_at=ends_at)
    counted = statement.on_conflict_do_update(index_elements=[Rate.bucket], set_={"count": Rate.count + 1})
    return session.execute(counted.returning(Rate.count)).scalar_one()


def forget_before(moment: datetime) -> int:
    """Drop the counts of windows that ended before `moment`; return how many."""
    return db.session.execute(delete(Rate).where(Rate.ends_at < moment)).rowcount
