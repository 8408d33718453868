"""Keeping the destruction ledger: reading it with names, entering what was shredded or burnt, seconding, confirming.

What people did by hand counts once somebody else than who entered it has looked at the evidence; the privacy officer
confirms complete lines, all up to one at once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from portal.clock import seoul_day
from portal.database import db, writing
from portal.holdings import holdings
from portal.policy.model import Language, Policy, Text
from portal.records.members import new_ref
from portal.rules import ledger as rules
from portal.rules.deed import Deed
from portal.rules.ledger import KeptApart, Medium, Method, Reason
from portal.services import accounts, auditing
from portal.services.auditing import By
from portal.services.ledger_lines import HANDLER
from portal.services.reckoning import PAPERS, PAPERS_NAME, Terms
from portal.vault import ledger, ledger_reading
from portal.vault.ledger_reading import Wanted, Whole

AUTOMATIC = Text(ko="자동 파기", en="Automatic")
BY_POLICY = Text(ko="처리방침 제5조", en="Policy, Article 5")
BY_PURPOSE = Text(ko="처리방침 제6조", en="Policy, Article 6")


@dataclass(frozen=True)
class Shown:
    """One line with its place in the ledger. `waits`: entered by hand, and nobody else has signed; `mine`: by whoever
    asks."""

    id: int
    line: rules.Line
    waits: bool
    mine: bool


@dataclass(frozen=True)
class Page:
    """One page of the ledger; `older` is where the next one begins, None on the last."""

    lines: list[Shown]
    older: int | None


@dataclass(frozen=True)
class Paper:
    """What people destroyed by hand: which files, how many sheets or records, when made and destroyed, how, by whom,
    who stood by, and what proves it. Nothing of it is personal data."""

    files: str
    reason: Reason
    method: Method
    count: int
    made_on: date | None
    destroyed_on: date
    handler: str
    witness: str
    evidence: str
    nonce: str


class OwnEntry(Exception):
    """Whoever entered a line cannot second it."""


def page(wanted: Wanted, limit: int, before: int | None, by: By, at: datetime, language: Language) -> Page:
    """Return lines of the ledger, the newest first."""
    found = ledger_reading.newest(db.engines["keys"], wanted, limit + 1, before)
    read = _Reader(at, language)
    lines = [_shown(whole, read, by) for whole in found[:limit]]
    return Page(lines, lines[-1].id if len(found) > limit else None)


def years() -> list[int]:
    return ledger_reading.years(db.engines["keys"])


def to_confirm() -> int:
    """Return how many complete lines the officer has not confirmed."""
    return ledger_reading.to_confirm(db.engines["keys"])


def rows(wanted: Wanted, at: datetime, language: Language) -> Iterator[list[str]]:
    """Yield the ledger as rows of a spreadsheet, the header first, oldest line first."""
    read = _Reader(at, language)
    yield rules.header(language)
    for whole in ledger_reading.oldest_first(db.engines["keys"], wanted):
        yield rules.cells(read.line(whole), read.policy, language)


def kept_text(line: rules.Line, at: datetime, language: Language) -> str:
    """Return what a line says was kept apart."""
    return rules.kept_text(line.kept, _every_rule(at), language)


def enter_paper(paper: Paper, by: By, at: datetime) -> str:
    """Write a destruction of paper into the ledger and return its number; sent twice, it is one."""
    line = ledger.Line(
        destruction_ref=f"paper:{paper.nonce or new_ref()}",
        reason=paper.reason.value,
        files=[paper.files],
        media="PAPER",
        made_on=paper.made_on,
        methods=[paper.method.value],
        counts={"paper": paper.count},
        handler=paper.handler,
        approver=paper.witness,
        evidence=paper.evidence,
        destroyed_on=paper.destroyed_on,
    )
    number = ledger.enter_paper(db.engines["keys"], line, at, by.ref)
    with writing():
        auditing.note(Deed.LEDGER_ENTERED, by, at, about=number)
    return number


def second(number: str, by: By, at: datetime) -> bool:
    """Sign what somebody else entered; False when there is nothing to sign. Raises OwnEntry."""
    try:
        signed = ledger_reading.second(db.engines["keys"], number, by.ref, at)
    except PermissionError as error:
        raise OwnEntry from error
    if signed:
        with writing():
            auditing.note(Deed.LEDGER_SECONDED, by, at, about=number)
    return signed


def confirm(up_to: int, by: By, at: datetime) -> int:
    """Confirm every complete line up to this one; return how many there were."""
    count = ledger_reading.confirm(db.engines["keys"], up_to, by.ref, at)
    if count:
        with writing():
            auditing.note(Deed.LEDGER_CONFIRMED, by, at, facts={"lines": count})
    return count


class _Reader:
    """Gives the entries of the ledger their names."""

    def __init__(self, at: datetime, language: Language) -> None:
        self.policy = _every_rule(at)
        self._language = language
        self._people = {person.ref: person.name for person in accounts.everyone()}
        self._files = {holding.key: holding.name for holding in holdings()}
        self._files |= {rule.key: rule.label for rule in self.policy.retention_rules} | {PAPERS: PAPERS_NAME}

    def line(self, whole: Whole) -> rules.Line:
        """Return one destruction as the ledger tells it; what was counted in the end goes before what was planned."""
        first, last = whole.first, whole.done or whole.first
        confirmed = whole.signed.get("CONFIRMED")
        is_paper = first.entry == "PAPER"
        return rules.Line(
            number=first.number,
            files=tuple(self._file(key) for key in json.loads(last.files)),
            medium=Medium(first.media),
            reason=Reason(first.reason),
            methods=tuple(Method(method) for method in json.loads(last.methods)),
            count=sum(json.loads(last.counts).values()),
            kept=tuple(
                KeptApart(one["rule"], one["count"], date.fromisoformat(one["until"]))
                for one in json.loads(last.kept)
                if any(rule.key == one["rule"] for rule in self.policy.retention_rules)
            ),
            made_on=first.made_on,
            destroyed_on=first.destroyed_on if is_paper else seoul_day(last.at) if whole.done else None,
            handler=self._name(first.handler),
            approver=self._approver(first.handler, first.approver),
            confirmed_by=self._name(confirmed.signed_by) if confirmed else "",
            confirmed_on=seoul_day(confirmed.at) if confirmed else None,
            evidence=first.evidence,
        )

    def _file(self, key: str) -> Text:
        return self._files.get(key) or Text(ko=key, en=key)

    def _name(self, ref: str) -> str:
        return AUTOMATIC.in_language(self._language) if ref == HANDLER else self._people.get(ref, ref)

    def _approver(self, handler: str, approver: str) -> str:
        if handler != HANDLER:
            return self._name(approver)
        return (BY_PURPOSE if approver == PAPERS else BY_POLICY).in_language(self._language)


def _shown(whole: Whole, read: _Reader, by: By) -> Shown:
    entered = whole.signed.get("ENTERED")
    waits = whole.first.entry == "PAPER" and "SECONDED" not in whole.signed
    return Shown(whole.first.id, read.line(whole), waits, bool(entered) and entered.signed_by == by.ref)


def _every_rule(at: datetime) -> Policy:
    """Return the policy in force with the rules of all versions: the ledger tells of those that were dropped, too."""
    terms = Terms(at)
    return msgspec.structs.replace(terms.policy, retention_rules=tuple(terms.rules().values()))
