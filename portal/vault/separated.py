"""The separate store: what law or policy keeps after a person has left, apart from everything else (PIPA art. 21(3)).

A database of its own. Each record has its ground, its day of expiry and its own key, so that it ends alone. Nobody
reads one without naming the case for which it is read. Filling is copy, then verify, then erase the original; a repeat
copies nothing twice, for `source` names what a record was made from.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Engine, LargeBinary, UniqueConstraint, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Identifier, Model, UtcMicros, in_parts, writing_on

from .person_keys import KeyDestroyed, NoKey, PersonKeys

TABLE = "separated_records"


class SeparatedRecord(Model):
    """One kept record. `sealed` is wiped when it expires; that it was kept, why and until when stays."""

    __bind_key__ = "separated"
    __tablename__ = TABLE
    __table_args__ = (
        CheckConstraint("(sealed IS NULL) = (destroyed_at IS NOT NULL)", name="gone_when_destroyed"),
        UniqueConstraint("subject", "rule", "source"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # its key in the keys store has the same reference
    subject: Mapped[str]  # the reference of the member it was
    rule: Mapped[str]  # the key of the policy's retention rule
    source: Mapped[str]  # what it was made from, so that nothing is copied twice
    began_on: Mapped[date]  # the Seoul day on which its clock started
    until: Mapped[date] = mapped_column(index=True)  # the first day on which it must be gone
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcMicros)


@dataclass(frozen=True)
class Kept:
    """What is to be kept of a person under one rule."""

    ref: str
    subject: str
    rule: str
    source: str
    began_on: date
    until: date
    content: dict[str, Any]


class NotVerified(Exception):
    """What was copied does not read back as it was given; the original must stay."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(f"the separated copy {ref} does not read back as it was given")


class SeparatedStore:
    """The store behind `engine`, with the keys of its records."""

    def __init__(self, engine: Engine, keys: PersonKeys) -> None:
        self.engine = engine
        self._keys = keys

    def keep(self, records: Sequence[Kept], at: datetime) -> None:
        """Copy records that are not there yet, each under a key of its own, and read every one back.

        Raises NotVerified; then nothing may be erased.
        """
        known = {(row.subject, row.rule, row.source): row.ref for row in self._rows(records)}
        new = [kept for kept in records if (kept.subject, kept.rule, kept.source) not in known]
        seals = {seal.ref: seal for seal in self._keys.make_many([kept.ref for kept in new], at)}
        rows = [
            {
                "ref": kept.ref,
                "subject": kept.subject,
                "rule": kept.rule,
                "source": kept.source,
                "began_on": kept.began_on,
                "until": kept.until,
                "sealed": seals[kept.ref].seal(TABLE, "sealed", kept.content),
                "made_at": at,
            }
            for kept in new
        ]
        if rows:
            with writing_on(self.engine) as connection:
                connection.execute(insert(SeparatedRecord), rows)
        self._verify(records)

    def read(self, ref: str) -> dict[str, Any]:
        """Return what one record holds. The caller has written down for which case it is read. Raises LookupError."""
        query = select(SeparatedRecord.sealed).where(SeparatedRecord.ref == ref)
        with self.engine.connect() as connection:
            sealed = connection.scalar(query)
        if sealed is None:
            raise LookupError(ref)
        content: dict[str, Any] = self._keys.seal_of(ref).open(TABLE, "sealed", sealed)
        return content

    def of_subject(self, subject: str) -> list[SeparatedRecord]:
        """Return what is kept of one person, without its content."""
        return self._found(SeparatedRecord.subject == subject)

    def expired(self, today: date) -> list[SeparatedRecord]:
        """Return the records that must be gone `today`, a Seoul day, oldest first."""
        return self._found(SeparatedRecord.until <= today, SeparatedRecord.sealed.is_not(None))

    def counts(self) -> list[tuple[str, date, int]]:
        """Return how many records of each rule expire on each day: (rule, day, count)."""
        query = (
            select(SeparatedRecord.rule, SeparatedRecord.until, func.count())
            .where(SeparatedRecord.sealed.is_not(None))
            .group_by(SeparatedRecord.rule, SeparatedRecord.until)
            .order_by(SeparatedRecord.until, SeparatedRecord.rule)
        )
        with self.engine.connect() as connection:
            return [(rule, until, count) for rule, until, count in connection.execute(query)]

    def kept_of(self, subjects: Collection[str]) -> Counter[str]:
        """Return how many records of these people are kept, by rule."""
        total: Counter[str] = Counter()
        with self.engine.connect() as connection:
            for some in in_parts(sorted(subjects)):
                query = select(SeparatedRecord.rule, func.count()).where(SeparatedRecord.sealed.is_not(None))
                of_some = query.where(SeparatedRecord.subject.in_(some))
                for rule, count in connection.execute(of_some.group_by(SeparatedRecord.rule)):
                    total[rule] += count
        return total

    def destroyed(self, rule: str, at: datetime) -> int:
        """Return how many records of a rule were destroyed at exactly this moment: those of one line of the ledger."""
        query = select(func.count()).where(SeparatedRecord.rule == rule, SeparatedRecord.destroyed_at == at)
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def destroy(self, refs: Sequence[str], at: datetime) -> int:
        """Destroy records, their keys first; return how many still were there."""
        self._keys.destroy_many(refs, at)
        with writing_on(self.engine) as connection:
            ended = connection.execute(
                update(SeparatedRecord)
                .where(SeparatedRecord.ref.in_(refs), SeparatedRecord.sealed.is_not(None))
                .values(sealed=None, destroyed_at=at)
            )
        return ended.rowcount

    def _verify(self, records: Sequence[Kept]) -> None:
        refs = {(row.subject, row.rule, row.source): row.ref for row in self._rows(records)}
        for kept in records:
            ref = refs.get((kept.subject, kept.rule, kept.source), kept.ref)
            try:
                same = self.read(ref) == kept.content
            except (LookupError, NoKey, KeyDestroyed) as error:
                raise NotVerified(kept.ref) from error
            if not same:
                raise NotVerified(kept.ref)

    def _rows(self, records: Sequence[Kept]) -> list[SeparatedRecord]:
        subjects = sorted({kept.subject for kept in records})
        return [row for some in in_parts(subjects) for row in self._of(some)]

    def _of(self, subjects: Sequence[str]) -> list[SeparatedRecord]:
        return self._found(SeparatedRecord.subject.in_(subjects))

    def _found(self, *conditions: Any) -> list[SeparatedRecord]:
        query = select(*SeparatedRecord.__table__.columns).where(*conditions).order_by(SeparatedRecord.until)
        with self.engine.connect() as connection:
            return [SeparatedRecord(**row._mapping) for row in connection.execute(query)]
