"""The keys of Seoul days: made once, wrapped, and destroyed once. The keys store holds nothing else of a day.

Destroying a day's key is what expires its access records: files, write-ahead logs, partitions and every backup of
them hold the sealed fields only. What a backup of this very store holds is still wrapped under the key-encryption key;
never keep the two backups together, and keep this one no longer than the records.

Why an engine and not the session: a key's end is committed by itself, before anything that depends on it is touched.
"""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CheckConstraint, Engine, LargeBinary, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Model, UtcMicros, writing_on

from .sealing import KEY_BYTES, DaySeal
from .wrapping import FIRST, WrappingKeys


class DayKey(Model):
    """One Seoul day's key, wrapped; or, once destroyed, only the moment of it."""

    __bind_key__ = "keys"
    __tablename__ = "day_keys"
    __table_args__ = (CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="gone_when_destroyed"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    kek_id: Mapped[str | None]  # the number of the wrapping key; None: the first


class KeyLingers(Exception):
    """A key was destroyed, but the store could not be scrubbed of its old bytes because it was in use. Sweep again."""

    def __init__(self) -> None:
        super().__init__(
            "the keys store was in use and may still hold bytes of destroyed keys in its log; nothing opens with"
            " what is left in its tables. Run the sweep again"
        )


class DayKeys:
    """The keys of the store behind `engine`, wrapped under the newest of the wrapping keys; bare bytes are the only
    one."""

    def __init__(self, engine: Engine, wrapping_keys: WrappingKeys | bytes) -> None:
        self.engine = engine
        self._wrapping_keys = (
            WrappingKeys({FIRST: wrapping_keys}) if isinstance(wrapping_keys, bytes) else wrapping_keys
        )

    def obtain(self, day: date, at: datetime) -> DaySeal | None:
        """Return the day's seal, making its key when there is none yet; None when that key was destroyed.

        Of two drainers that make it at once, one wins and both use the winner's.
        """
        row = self._row(day)
        if row is None:
            kek_id, wrapped = self._wrapping_keys.wrap(secrets.token_bytes(KEY_BYTES))
            try:
                with writing_on(self.engine) as connection:
                    connection.execute(insert(DayKey).values(day=day, wrapped=wrapped, made_at=at, kek_id=kek_id))
            except IntegrityError:
                pass  # another drainer was first; its key is read below
            row = self._row(day)
        return self._seal(day, row)

    def find(self, day: date) -> DaySeal | None:
        """Return the day's seal; None when it was never made or was destroyed."""
        return self._seal(day, self._row(day))

    def reading(self) -> Callable[[date], DaySeal | None]:
        """Return what `find` would answer now for any day, from one query; keep it for one search only."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(DayKey.day, DayKey.wrapped, DayKey.kek_id))
            wrapped = {day: (key, kek_id) for day, key, kek_id in rows}
        seals: dict[date, DaySeal | None] = {}

        def seal_of(day: date) -> DaySeal | None:
            if day not in seals:
                seals[day] = self._seal(day, wrapped.get(day))
            return seals[day]

        return seal_of

    def held(self) -> list[date]:
        """Return the days whose key exists, oldest first."""
        with self.engine.connect() as connection:
            query = select(DayKey.day).where(DayKey.wrapped.is_not(None)).order_by(DayKey.day)
            return list(connection.scalars(query))

    def destroy(self, day: date, at: datetime) -> bool:
        """Destroy the day's key in a committed transaction of its own; False when it was destroyed before.

        A day without a key is marked as well, so that none can be made for it afterwards.
        """
        with writing_on(self.engine) as connection:
            ended = connection.execute(
                update(DayKey)
                .where(DayKey.day == day, DayKey.wrapped.is_not(None))
                .values(wrapped=None, destroyed_at=at)
            )
            if ended.rowcount:
                return True
            if connection.scalar(select(DayKey.day).where(DayKey.day == day)) is None:
                connection.execute(insert(DayKey).values(day=day, wrapped=None, made_at=at, destroyed_at=at))
        return False

    def scrub(self) -> None:
        """Overwrite what destroyed keys left behind in the store's files. Raises KeyLingers while others use it.

        `secure_delete` overwrites the row, not the copy that an earlier page split left; VACUUM writes every page
        anew, and the log is cut to nothing. On PostgreSQL the table is rewritten; its WAL ages out by itself.
        """
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM (FULL) day_keys")
            return
        with self.engine.connect() as connection:
            driver = cast(Any, connection.connection.driver_connection)  # outside SQLAlchemy's transaction
            driver.execute("VACUUM")
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise KeyLingers

    def _row(self, day: date) -> tuple[bytes | None, str | None] | None:
        with self.engine.connect() as connection:
            row = connection.execute(select(DayKey.wrapped, DayKey.kek_id).where(DayKey.day == day)).first()
            return None if row is None else (row[0], row[1])

    def _seal(self, day: date, row: tuple[bytes | None, str | None] | None) -> DaySeal | None:
        wrapped, kek_id = row or (None, None)
        return None if wrapped is None else DaySeal(day, self._wrapping_keys.unwrap(kek_id, wrapped))
