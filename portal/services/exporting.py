"""Exporting: everything that is held of a member, in one file, given away record by record.

1. That it is given away is audited and committed before a byte leaves; what cannot be audited is not given.
2. Each holding is asked in turn, and what it tells is written at once: memory does not grow with what is held.
3. A source that cannot be asked is named in its place, and the rest is in the file.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec

from portal.clock import SEOUL, seoul_day
from portal.database import writing
from portal.holdings import Holding, Subject, Unreachable, holdings
from portal.policy.model import DataItem, Language, Policy, Text
from portal.records import members
from portal.rules.deed import Deed
from portal.rules.exported import CODES, COLUMNS, FIELDS, LEFT_OUT, SCHEMA, VERSION, ExportedItem, LeftOut, flat
from portal.rules.identifier import shown_form
from portal.rules.spreadsheet import BYTE_ORDER_MARK, plain_row
from portal.rules.wording import length_text, until_text
from portal.services import auditing, entrusted, publishing
from portal.services.auditing import By

Format = Literal["json", "csv"]
MEDIA: Mapping[Format, str] = {"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8"}
Names = Mapping[str, Mapping[str, Text]]  # by field, what its keys are called
MOMENTS = frozenset({"at", "since", "received_at", "made_at", "sent_at"})
UNREACHABLE = Text(
    ko="지금은 읽을 수 없어요. 나중에 다시 내려받아 주세요.", en="It cannot be read now. Download it again later."
)


@dataclass(frozen=True)
class Export:
    """A file on its way: the name that it is saved under, its media type, and its bytes in pieces."""

    name: str
    media: str
    pieces: Iterator[bytes]


def export(subject: Subject, form: Format, by: By, at: datetime, language: Language) -> Export:
    """Return everything that is held of `subject`, as a JSON document or as one table for people.

    The pieces are read from the stores as they are taken, so they are taken inside the app's context.
    """
    # 1. Whom the portal has not met, it meets now: the row in the chain must name somebody.
    with writing():
        ref = members.meet(subject.host_id, members.new_ref(), at).ref
        auditing.note(Deed.DATA_EXPORTED, replace(by, ref=by.ref or ref), at, subject=ref, facts={"form": form})
    subject = Subject(ref, subject.host_id)
    # 2. and 3.
    policy = publishing.in_force(at).policy
    pieces = _document(policy, subject, at) if form == "json" else _table(policy, subject, at, language)
    return Export(f"matecost-my-data-{seoul_day(at)}.{form}", MEDIA[form], pieces)


def left_out() -> tuple[LeftOut, ...]:
    """Return what no file has in it, and why."""
    return LEFT_OUT


def categories() -> list[Text]:
    """Return what a file has in it, category by category."""
    return [holding.name for holding in holdings()]


def item_of(policy: Policy, item: DataItem) -> ExportedItem:
    """Return what the policy says of one item: why, how long, and in which articles."""
    return ExportedItem(
        item=item.key,
        label=item.label,
        purposes=tuple(policy.purpose(key).label for key in item.purposes),
        period=_both(lambda language: period_of(policy, item, language)),
        articles=item.articles,
    )


def period_of(policy: Policy, item: DataItem, language: Language) -> str:
    """Return how long an item is kept: "회사를 퇴사하거나 …때까지", "기록한 날부터 6개월"."""
    if item.term.rule:
        return length_text(policy.retention_rule(item.term.rule), language)
    return until_text(item.term.until, language)


def _both(say: Any) -> Text:
    return Text(ko=say("ko"), en=say("en"))


def _document(policy: Policy, subject: Subject, at: datetime) -> Iterator[bytes]:
    """Yield the document of `portal.rules.exported.Exported`, written by hand round its records."""
    encode = msgspec.json.encode
    head = encode(
        {
            "schema": SCHEMA,
            "version": VERSION,
            "made_at": at,
            "policy_version": policy.version,
            "controller": policy.controller.name,
            "member": subject.member_ref,
            "items": [item_of(policy, item) for item in policy.items],
            "left_out": LEFT_OUT,
        }
    )
    yield head[:-1] + b',"categories":['
    for number, holding in enumerate(holdings()):
        about = encode(
            {"category": holding.key, "name": holding.name, "articles": holding.articles, "kept": holding.kept}
        )
        yield (b"," if number else b"") + about[:-1] + b',"records":['
        told = _Told(holding, subject, at)
        for place, record in enumerate(told):
            yield (b",\n" if place else b"\n") + encode(record)
        yield b'],"state":"unreachable"}' if told.broke_off else b'],"state":"complete"}'
    yield b"]}\n"


def _table(policy: Policy, subject: Subject, at: datetime, language: Language) -> Iterator[bytes]:
    """Yield a CSV for Korean Excel: one value a line, with what it is, why and how long."""
    items = {item.key: item_of(policy, item) for item in policy.items}
    keys: Names = {
        "item": {item.key: item.label for item in policy.items},
        "purpose": {purpose.key: purpose.label for purpose in policy.purposes},
        "processor": {standing.entry.key: standing.entry.name for standing in entrusted.standings()},
    }
    yield (BYTE_ORDER_MARK + _line(text.in_language(language) for text in COLUMNS)).encode()
    for holding in holdings():
        name = holding.name.in_language(language)
        told = _Told(holding, subject, at)
        for number, record in enumerate(told, start=1):
            lines = [_value_line(name, number, names, value, items, keys, language) for names, value in flat(record)]
            yield "".join(lines).encode()
        if told.broke_off:
            yield _line((name, "", "", UNREACHABLE.in_language(language), "", "", "")).encode()


def _value_line(
    category: str,
    number: int,
    names: tuple[str, ...],
    value: object,
    items: Mapping[str, ExportedItem],
    keys: Names,
    language: Language,
) -> str:
    about = items.get(names[0]) if len(names) == 1 else None
    if about is None:
        label = " · ".join(_field(name, items, language) for name in names)
        return _line((category, number, label, _said(names, value, keys, language), "", "", ""))
    purposes = ", ".join(purpose.in_language(language) for purpose in about.purposes)
    period = about.period.in_language(language)
    label, shown = about.label.in_language(language), shown_form(about.item, str(value))
    return _line((category, number, label, shown, purposes, period, ", ".join(about.articles)))


def _said(names: tuple[str, ...], value: object, keys: Names, language: Language) -> object:
    """Return a value as people read it: a moment in Seoul, a key or a code in words; everything else as it is."""
    if names[0] == "details" or names[-1] == "words" or not isinstance(value, str):
        return value  # what somebody wrote is never taken for a code
    if value in keys.get(names[-1], {}):
        return keys[names[-1]][value].in_language(language)
    if names[-1] in MOMENTS:
        return datetime.fromisoformat(value).astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S")
    return CODES[value].in_language(language) if value in CODES else value


def _field(name: str, items: Mapping[str, ExportedItem], language: Language) -> str:
    if name in items:
        return items[name].label.in_language(language)
    return FIELDS[name].in_language(language) if name in FIELDS else name


def _line(cells: Iterable[object]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(plain_row(cells))
    return written.getvalue()


class _Told:
    """The records of one holding; `broke_off` is true once its source could not be asked, or not to its end."""

    def __init__(self, holding: Holding, subject: Subject, at: datetime) -> None:
        self._holding, self._subject, self._at = holding, subject, at
        self.broke_off = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            yield from self._holding.export(self._subject, self._at)
        except Unreachable:
            self.broke_off = True
