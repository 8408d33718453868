"""Importing: a list of members becomes registrations, all of them or none.

The order that is safety:
1. every row is judged and compared with what is kept; one that cannot be taken refuses the whole list. What was judged
   waits in a spool: what is imported is what was previewed, whatever becomes of the file,
2. the rows are compared once more; keys are committed in the keys store, sealed rows wait in a spool of their own,
3. one transaction writes everything, with its audit row. If somebody registered one of the people meanwhile, nothing is
   imported.

What fails after step 2 leaves keys that open nothing; `portal keys check` finds them. The last step alone holds other
writers up, for seconds at 100,000 members.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from flask import current_app

from portal.database import end_reading, writing
from portal.errors import AlreadyKept
from portal.policy.model import Text
from portal.records import companies, members
from portal.records.members import Member, Source
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault, kind_of
from portal.rules.profile import ProfileFaults
from portal.services import auditing
from portal.services.auditing import OPERATOR, By
from portal.services.reading import Row
from portal.services.registering import (
    NUMBER,
    Profile,
    blind_index,
    company_facts,
    differing,
    judged_with,
    profiles_of,
    sealed_facts,
)
from portal.vault import person_keys
from portal.vault.profiles import SubjectSeal
from portal.vault.spool import Spool

BATCH = 2000

REPEATED = Text(ko="같은 회원이 위에 있어요.", en="The same member stands in a row above.")
DIFFERENT = Text(
    ko="이미 다른 값으로 등록되어 있어요.", en="Registered with another value; a correction is a request of its own."
)
DESTROYED = Text(
    ko="정보를 파기한 회원의 ID예요.", en="This id belonged to a member whose data was destroyed; it is not used again."
)


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    FILLED = "known from a consent, to be completed"
    SAME = "registered already, the same"
    DIFFERENT = "registered with other data"
    DESTROYED = "of a member whose data was destroyed"
    REPEATED = "repeated in the list"
    FAULTY = "with values that cannot be taken"


TAKEN = (Verdict.NEW, Verdict.FILLED, Verdict.SAME)


@dataclass(frozen=True)
class Refusal:
    """Why a row is refused: one reason per field, and none with a value."""

    number: int
    verdict: Verdict
    faults: tuple[IdentifierFault, ...]


class Preview:
    """What a list comes to, and the list itself as it was judged; close it in the end."""

    def __init__(self) -> None:
        self.counts: Counter[Verdict] = Counter()
        self.judged: Spool[list[_Judged]] = Spool(_instance(), list[_Judged])

    @property
    def refused(self) -> int:
        return sum(self.counts[verdict] for verdict in Verdict if verdict not in TAKEN)

    @property
    def to_write(self) -> int:
        return self.counts[Verdict.NEW] + self.counts[Verdict.FILLED]

    def close(self) -> None:
        self.judged.close()


class StoreChanged(Exception):
    """What is kept of the people in the list is not what was previewed. Nothing was imported."""


class _Judged(msgspec.Struct, array_like=True):
    number: int
    host_id: str
    verdict: Verdict
    profile: Profile
    ref: str = ""  # of a member who is known


def preview(rows: Iterable[Row], refuse: Callable[[Refusal], None] = lambda refusal: None) -> Preview:
    """Return what importing these rows would come to; `refuse` hears of each row that stands in the way. Changes
    nothing."""
    found = Preview()
    seen: dict[str, int] = {}
    remaining = iter(rows)
    try:
        while some := list(islice(remaining, BATCH)):
            batch = []
            for row in some:
                one = _judge(row, seen)
                if isinstance(one, Refusal):
                    found.counts[one.verdict] += 1
                    refuse(one)
                else:
                    batch.append(one)
            compared = _compared(batch)
            for known in compared:
                if isinstance(known, Refusal):
                    refuse(known)
                found.counts[known.verdict] += 1
            found.judged.add([one for one in compared if isinstance(one, _Judged)])
    except BaseException:
        found.close()
        raise
    return found


def carry_out(
    found: Preview, source: Source, at: datetime, *, by: By = OPERATOR, tell: Callable[[int], None] = lambda done: None
) -> None:
    """Import a list that was previewed, whole; `tell` hears of members sealed and then of members written.

    Raises StoreChanged, or ValueError for a list with refused rows; nothing is imported then.
    """
    if found.refused:
        raise ValueError("a list with refused rows is not imported")
    waiting: Spool[_Written] = Spool(_instance(), _Written)
    try:
        # 2.
        staging = _Staging(at)
        for batch in found.judged:
            compared = _compared(batch)
            if any(before != after for before, after in zip(batch, compared, strict=True)):
                raise StoreChanged
            written = staging.seal(batch)
            waiting.add(written)
            tell(len(written.new) + len(written.filled))
        # 3.
        kept = {"created_at": at, "updated_at": at, "source": source}
        facts = {
            "new": found.counts[Verdict.NEW],
            "completed": found.counts[Verdict.FILLED],
            "same": found.counts[Verdict.SAME],
            "source": source,
        }
        with writing():
            met = []
            for written in waiting:
                _write(written, kept)
                met += [{**row, "created_at": at} for row in written.companies]
                tell(len(written.new) + len(written.filled))
            # Members before companies, as a registration takes them: the other way round the two would wait for each
            # other for ever.
            companies.add_many(met)
            auditing.note(Deed.MEMBERS_IMPORTED, by, at, facts=facts)
    except AlreadyKept as error:
        raise StoreChanged from error
    finally:
        waiting.close()


class _Written(msgspec.Struct):
    """A batch as it waits: rows by column, sealed."""

    companies: list[dict[str, Any]]
    new: list[dict[str, Any]]
    filled: list[dict[str, Any]]


class _Staging:
    """Makes keys and seals, batch by batch; remembers the companies it has met."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._indexes: dict[str, bytes] = {}  # by number
        self._companies: dict[bytes, str] = {}  # reference by index
        self._keys = person_keys.opened()

    def seal(self, batch: list[_Judged]) -> _Written:
        new = [one for one in batch if one.verdict is Verdict.NEW]
        filled = [one for one in batch if one.verdict is Verdict.FILLED]
        made = self._meet_companies([*new, *filled])
        seals = self._keys.make_many([members.new_ref() for _ in new], self._at)
        rows = [
            {"ref": seal.ref, "host_id": one.host_id, **self._facts(seal, one)}
            for one, seal in zip(new, seals, strict=True)
        ]
        completed = []
        for one in filled:
            seal = self._keys.make(one.ref, self._at)
            completed.append({"the_ref": seal.ref, **self._facts(seal, one)})
        return _Written(made, rows, completed)

    def _facts(self, seal: SubjectSeal, one: _Judged) -> dict[str, Any]:
        number = one.profile.get(NUMBER)
        return sealed_facts(seal, one.profile, None if number is None else self._companies[self._indexes[number]])

    def _meet_companies(self, batch: list[_Judged]) -> list[dict[str, Any]]:
        """Learn the references of the batch's companies; return the rows of those that are new."""
        told: dict[bytes, Profile] = {}
        index = blind_index()
        for one in batch:
            number = one.profile.get(NUMBER)
            if number is not None and number not in self._indexes:
                self._indexes[number] = index.of(NUMBER, number)
                told[self._indexes[number]] = one.profile
        self._companies |= {found: company.ref for found, company in companies.of_numbers(told).items()}
        unknown = [found for found in told if found not in self._companies]
        rows = []
        refs = [members.new_ref() for _ in unknown]
        for found, seal in zip(unknown, self._keys.make_many(refs, self._at), strict=True):
            self._companies[found] = seal.ref
            facts = company_facts(told[found])
            sealed = seal.seal("companies", "sealed", facts)
            rows.append({"ref": seal.ref, "kind": kind_of(facts[NUMBER]), "sealed": sealed, "brn_index": found})
        return rows


def _judge(row: Row, seen: dict[str, int]) -> _Judged | Refusal:
    fields = dict(row.fields)
    host_id = fields.pop("host_id", "")
    faults = list(row.faults)
    profile: Profile = {}
    try:
        profile = judged_with(host_id, fields)
    except ProfileFaults as told:
        unread = {fault.field for fault in faults}
        faults += [fault for fault in told.faults if fault.field not in unread]
    first = seen.setdefault(host_id, row.number) if host_id else row.number
    if faults:
        return Refusal(row.number, Verdict.FAULTY, tuple(faults))
    if first != row.number:
        return Refusal(row.number, Verdict.REPEATED, (IdentifierFault("host_id", REPEATED),))
    return _Judged(row.number, host_id, Verdict.NEW, profile)


def _compared(batch: list[_Judged]) -> list[_Judged | Refusal]:
    """Return the batch with the verdicts on those who are known already."""
    known = members.of_hosts([one.host_id for one in batch])
    profiles = profiles_of(known.values())
    gone = person_keys.opened().destroyed_of(member.ref for member in known.values())
    compared = [_against(known.get(one.host_id), one, profiles, gone) for one in batch]
    end_reading()
    return compared


def _against(
    member: Member | None, one: _Judged, profiles: Mapping[str, Profile], gone: Collection[str]
) -> _Judged | Refusal:
    if member is None:
        return _Judged(one.number, one.host_id, Verdict.NEW, one.profile)
    if member.ref in gone:
        return Refusal(one.number, Verdict.DESTROYED, (IdentifierFault("host_id", DESTROYED),))
    if member.sealed is None:
        return _Judged(one.number, one.host_id, Verdict.FILLED, one.profile, member.ref)
    different = differing(profiles[member.ref], one.profile)
    if different:
        faults = tuple(IdentifierFault(item, DIFFERENT) for item in different)
        return Refusal(one.number, Verdict.DIFFERENT, faults)
    return _Judged(one.number, one.host_id, Verdict.SAME, one.profile, member.ref)


def _write(written: _Written, kept: dict[str, Any]) -> None:
    members.add_many([{**row, **kept} for row in written.new])
    filled = [{**row, "updated_at": kept["updated_at"], "source": kept["source"]} for row in written.filled]
    if members.fill_many(filled) != len(filled):
        raise StoreChanged


def _instance() -> Path:
    folder: Path = current_app.extensions["portal.settings"].instance
    return folder
