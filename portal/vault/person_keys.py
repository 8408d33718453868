"""The keys of people, companies and cases: each made once, wrapped, and destroyed once.

A key goes first: it is committed in the keys store before the main store holds anything sealed under it. A deed that
fails afterwards leaves an orphan, which opens nothing and is swept. Destroying a key is what destroys everything that
was sealed under it, in every file, log and backup of the other stores.

The functions at the end are for services: they use the keys of the current app.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import cast

from flask import current_app
from sqlalchemy import CheckConstraint, Engine, LargeBinary, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Model, UtcMicros, db, in_parts, inserting_on, writing_on

from .profiles import KEY_BYTES, SubjectSeal
from .wrapping import WrappingKeys


class SubjectKey(Model):
    """One key, wrapped; or, once destroyed, only the moment of it."""

    __bind_key__ = "keys"
    __tablename__ = "subject_keys"
    __table_args__ = (CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="gone_when_destroyed"),)

    ref: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    kek_id: Mapped[str]  # the number of the wrapping key
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class NoKey(Exception):
    """No key was ever made for this reference."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"no key was made for {ref}")


class KeyDestroyed(Exception):
    """The key of this reference was destroyed; what was sealed under it is gone, and none is made again."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"the key of {ref} was destroyed")


class PersonKeys:
    """The keys of the store behind `engine`."""

    def __init__(self, engine: Engine, wrapping_keys: WrappingKeys) -> None:
        self.engine = engine
        self._wrapping_keys = wrapping_keys

    def make(self, ref: str, at: datetime) -> SubjectSeal:
        """Return the seal of `ref`, its key made and committed unless there is one. Raises KeyDestroyed.

        Of two that make it at once, one wins and both use the winner's.
        """
        kek_id, wrapped = self._wrapping_keys.wrap(secrets.token_bytes(KEY_BYTES))
        statement = inserting_on(self.engine, SubjectKey).values(ref=ref, wrapped=wrapped, kek_id=kek_id, made_at=at)
        with writing_on(self.engine) as connection:
            connection.execute(statement.on_conflict_do_nothing(index_elements=[SubjectKey.ref]))
        return self.seal_of(ref)

    def make_many(self, refs: Sequence[str], at: datetime) -> Iterator[SubjectSeal]:
        """Make the keys of new references in one transaction, and yield their seals in the same order.

        Raises IntegrityError when one of them has a key; none is made then.
        """
        keys = [secrets.token_bytes(KEY_BYTES) for _ in refs]
        kek_id, wrapped = self._wrapping_keys.wrap_many(keys)
        rows = [
            {"ref": ref, "wrapped": under, "kek_id": kek_id, "made_at": at}
            for ref, under in zip(refs, wrapped, strict=True)
        ]
        if rows:
            with writing_on(self.engine) as connection:
                connection.execute(insert(SubjectKey), rows)
        return (SubjectSeal(ref, key) for ref, key in zip(refs, keys, strict=True))

    def seal_of(self, ref: str) -> SubjectSeal:
        """Return the seal of `ref`. Raises NoKey, or KeyDestroyed."""
        with self.engine.connect() as connection:
            query = select(SubjectKey.wrapped, SubjectKey.kek_id).where(SubjectKey.ref == ref)
            row = connection.execute(query).first()
        if row is None:
            raise NoKey(ref)
        if row.wrapped is None:
            raise KeyDestroyed(ref)
        return SubjectSeal(ref, self._wrapping_keys.unwrap(row.kek_id, row.wrapped))

    def seals_of(self, refs: Iterable[str]) -> dict[str, SubjectSeal]:
        """Return the seals of all these references that have a key; those never made or destroyed are left out."""
        seals = {}
        with self.engine.connect() as connection:
            for some in in_parts(set(refs)):
                query = select(SubjectKey.ref, SubjectKey.wrapped, SubjectKey.kek_id)
                for ref, wrapped, kek_id in connection.execute(query.where(SubjectKey.ref.in_(some))):
                    if wrapped is not None:
                        seals[ref] = SubjectSeal(ref, self._wrapping_keys.unwrap(kek_id, wrapped))
        return seals

    def destroyed_of(self, refs: Iterable[str]) -> set[str]:
        """Return those of these references whose key was destroyed."""
        gone: set[str] = set()
        with self.engine.connect() as connection:
            for some in in_parts(set(refs)):
                query = select(SubjectKey.ref).where(SubjectKey.wrapped.is_(None), SubjectKey.ref.in_(some))
                gone.update(connection.scalars(query))
        return gone

    def destroy(self, ref: str, at: datetime) -> bool:
        """Destroy the key of `ref` in a committed transaction of its own; False when it was destroyed before.

        A reference without a key is marked as well, so that none can be made for it afterwards.
        """
        with writing_on(self.engine) as connection:
            ended = connection.execute(
                update(SubjectKey)
                .where(SubjectKey.ref == ref, SubjectKey.wrapped.is_not(None))
                .values(wrapped=None, destroyed_at=at)
            )
            if ended.rowcount:
                return True
            if connection.scalar(select(SubjectKey.ref).where(SubjectKey.ref == ref)) is None:
                mark = insert(SubjectKey).values(
                    ref=ref, wrapped=None, kek_id=self._wrapping_keys.newest, made_at=at, destroyed_at=at
                )
                connection.execute(mark)
        return False

    def destroy_many(self, refs: Sequence[str], at: datetime) -> int:
        """Destroy the keys of these references in one committed transaction; return how many there were."""
        with writing_on(self.engine) as connection:
            ended = connection.execute(
                update(SubjectKey)
                .where(SubjectKey.ref.in_(refs), SubjectKey.wrapped.is_not(None))
                .values(wrapped=None, destroyed_at=at)
            )
        return ended.rowcount

    def made_before(self, moment: datetime) -> set[str]:
        """Return the references whose key exists and was made before `moment`."""
        with self.engine.connect() as connection:
            query = select(SubjectKey.ref).where(SubjectKey.wrapped.is_not(None), SubjectKey.made_at < moment)
            return set(connection.scalars(query))


def opened() -> PersonKeys:
    """Return the keys of the current app."""
    extensions = current_app.extensions
    if "portal.person_keys" not in extensions:
        extensions["portal.person_keys"] = PersonKeys(db.engines["keys"], extensions["portal.secrets"].wrapping_keys)
    return cast(PersonKeys, extensions["portal.person_keys"])


def make(ref: str, at: datetime) -> SubjectSeal:
    """Return the seal of `ref`, its key made and committed unless there is one. Raises KeyDestroyed."""
    return opened().make(ref, at)


def seal_of(ref: str) -> SubjectSeal:
    """Return the seal of `ref`. Raises NoKey, or KeyDestroyed."""
    return opened().seal_of(ref)


def seals_of(refs: Iterable[str]) -> dict[str, SubjectSeal]:
    """Return the seals of all these references that have a key; those never made or destroyed are left out."""
    return opened().seals_of(refs)


def destroy(ref: str, at: datetime) -> bool:
    """Destroy the key of `ref` for good, committed by itself; False when it was destroyed before."""
    return opened().destroy(ref, at)
