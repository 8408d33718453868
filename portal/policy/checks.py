"""Contradictions between facts that are each well formed: what no type can tell.

Every check reads a `Draft`, the facts that decoded, and yields faults. References are checked against every key the
file names, also of tables that did not decode, so that one fault is not told as ten.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from portal.policy.faults import Fault
from portal.policy.model import (
    ARTICLE_NUMBERS,
    ConsentItem,
    Controller,
    DataItem,
    Officer,
    Processor,
    Purpose,
    RetentionRule,
    Term,
)

MAIL = re.compile(r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$")
KEYED = (
    "collection_methods",
    "purposes",
    "items",
    "consent_items",
    "rights",
    "processors",
    "retention_rules",
    "destruction_methods",
    "safeguards",
    "remedy_bodies",
)


class Draft(msgspec.Struct, frozen=True):
    """The decoded facts by section, and `keys`: every key of every section as written, doubles included."""

    file: str
    facts: Mapping[str, Any]
    keys: Mapping[str, Sequence[str]]

    def all(self, section: str) -> Sequence[Any]:
        found: Sequence[Any] = self.facts.get(section) or ()
        return found

    def fault(self, where: str, got: str, expected: str, next_step: str) -> Fault:
        return Fault(file=self.file, where=where, got=got, expected=expected, next_step=next_step)


def check(draft: Draft) -> list[Fault]:
    """Return every contradiction, in the order of the checks below."""
    checks: tuple[Callable[[Draft], Iterator[Fault]], ...] = (
        check_keys,
        check_contacts,
        check_items,
        check_purposes,
        check_consent_items,
        check_processors,
        check_retention_rules,
        check_articles,
    )
    return [fault for one in checks for fault in one(draft)]


def check_keys(draft: Draft) -> Iterator[Fault]:
    for section in (*KEYED, "articles"):
        keys = draft.keys.get(section, ())
        if not keys:
            yield draft.fault(section, "none", "at least one", f"Add [[{section}]].")
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield draft.fault(
                f"{section}[{key}]",
                f"{keys.count(key)} of the same key",
                "each key once",
                "Rename or remove the double.",
            )


def check_contacts(draft: Draft) -> Iterator[Fault]:
    address = "an address such as privacy@company.example"
    controller: Controller | None = draft.facts.get("controller")
    if controller and not MAIL.match(controller.mail):
        yield draft.fault("controller.mail", repr(controller.mail), address, "Correct the address.")
    if controller and not controller.storage_countries:
        yield draft.fault("controller.storage_countries", "none", "at least one country code", 'Add one, as in ["KR"].')
    officer: Officer | None = draft.facts.get("officer")
    if not officer:
        return
    if officer.mail_usable and not MAIL.match(officer.mail):
        yield draft.fault(
            "officer.mail",
            repr(officer.mail),
            address,
            "Correct it, or set mail_usable = false where the policy prints it so.",
        )
    if not officer.mail_usable and MAIL.match(officer.mail):
        yield draft.fault("officer.mail_usable", "false beside a well-formed address", "true", "Set it to true.")
    if not MAIL.match(officer.contact_mail):
        yield draft.fault("officer.contact_mail", repr(officer.contact_mail), address, "Give an address that works.")


def check_items(draft: Draft) -> Iterator[Fault]:
    item: DataItem
    for item in draft.all("items"):
        where = f"items[{item.key}]"
        if not item.purposes:
            yield draft.fault(f"{where}.purposes", "none", "at least one purpose", "Say what the item is used for.")
        if not item.methods:
            yield draft.fault(f"{where}.methods", "none", "at least one method", "Say how the item is collected.")
        yield from _references(draft, f"{where}.purposes", item.purposes, "purposes")
        yield from _references(draft, f"{where}.methods", item.methods, "collection_methods")
        yield from _articles(draft, where, item.articles)
        yield from _term(draft, f"{where}.term", item.term)
        for language, name in (("ko", item.label.ko), ("en", item.label.en)):
            if re.search(r"(등|etc\.?)\s*$", name):
                yield draft.fault(
                    f"{where}.label.{language}", repr(name), "a name that ends the list", "Name each item by itself."
                )


def check_purposes(draft: Draft) -> Iterator[Fault]:
    used = {key for item in draft.all("items") for key in item.purposes}
    purpose: Purpose
    for purpose in draft.all("purposes"):
        if purpose.key not in used:
            yield draft.fault(
                f"purposes[{purpose.key}]", "no item", "an item used for it", "Remove it or name its item."
            )
        yield from _articles(draft, f"purposes[{purpose.key}]", purpose.articles)


def check_consent_items(draft: Draft) -> Iterator[Fault]:
    purposes_of = {item.key: set(item.purposes) for item in draft.all("items")}
    consent: ConsentItem
    for consent in draft.all("consent_items"):
        where = f"consent_items[{consent.key}]"
        for field in ("items", "purposes", "articles"):
            if not getattr(consent, field):
                yield draft.fault(f"{where}.{field}", "none", "at least one", "It must be told before consent; add it.")
        yield from _references(draft, f"{where}.items", consent.items, "items")
        yield from _references(draft, f"{where}.purposes", consent.purposes, "purposes")
        yield from _references(draft, f"{where}.kept", consent.kept, "retention_rules")
        yield from _term(draft, f"{where}.term", consent.term)
        yield from _articles(draft, where, consent.articles)
        if consent.recipient:
            yield from _references(draft, f"{where}.recipient", (consent.recipient,), "processors")
        if consent.revision < 1:
            yield draft.fault(f"{where}.revision", str(consent.revision), "1 or more", "Start at 1.")
        if (consent.kind == "optional") == consent.refusal.closes_service:
            yield draft.fault(
                f"{where}.refusal.closes_service",
                f"{str(consent.refusal.closes_service).lower()} for kind {consent.kind!r}",
                "false for an optional item, true for any other",
                "Refusing an optional item must not close the service; change the kind or the fact.",
            )
        if all(key in purposes_of for key in consent.items):
            served = set().union(*(purposes_of[key] for key in consent.items))
            for key in sorted(set(consent.purposes) - served):
                yield draft.fault(
                    f"{where}.purposes", repr(key), "a purpose of one of its items", "Remove it or give it to an item."
                )
            for key in sorted(served - set(consent.purposes)) if not consent.recipient else ():
                yield draft.fault(
                    f"{where}.purposes", f"no {key!r}", "every purpose of its items", "Add it, or take it off the item."
                )
    if draft.keys.get("consent_items") and not any(one.kind != "optional" for one in draft.all("consent_items")):
        yield draft.fault(
            "consent_items", "optional ones only", "one that the gate asks for", "Add a consent or notice."
        )


def check_processors(draft: Draft) -> Iterator[Fault]:
    processor: Processor
    provided = {consent.recipient for consent in draft.all("consent_items")}
    for processor in draft.all("processors"):
        where = f"processors[{processor.key}]"
        for field in ("items", "purposes"):
            if not getattr(processor, field):
                yield draft.fault(f"{where}.{field}", "none", "at least one", "Say what is passed on, and why.")
        yield from _references(draft, f"{where}.items", processor.items, "items")
        yield from _references(draft, f"{where}.purposes", processor.purposes, "purposes")
        yield from _articles(draft, where, processor.articles)
        if processor.relationship == "THIRD_PARTY" and processor.key not in provided:
            yield draft.fault(
                where, "a third party", "a consent item with this recipient", "Add one: provision needs its own."
            )


def check_retention_rules(draft: Draft) -> Iterator[Fault]:
    rule: RetentionRule
    for rule in draft.all("retention_rules"):
        where = f"retention_rules[{rule.key}]"
        months, years = rule.period.months, rule.period.years
        if min(months, years) < 0 or (months > 0) == (years > 0):
            yield draft.fault(
                f"{where}.period",
                f"{months} months and {years} years",
                "either months or years, above zero",
                "Write { months = 6 } or { years = 1 }.",
            )
        if (rule.ground.kind == "INTERNAL_POLICY") != (rule.status == "INTERNAL"):
            yield draft.fault(
                f"{where}.status",
                f"{rule.status} for a ground of kind {rule.ground.kind}",
                "INTERNAL for an internal policy; VALID or REPEALED for a statute",
                "Correct the status or the kind.",
            )


def check_articles(draft: Draft) -> Iterator[Fault]:
    numbers = draft.keys.get("articles", ())
    for number in ARTICLE_NUMBERS:
        if number not in numbers:
            yield draft.fault(f"articles[{number}]", "nothing", "the article", "Add it under [[articles]].")


def _references(draft: Draft, where: str, keys: Iterable[str], section: str) -> Iterator[Fault]:
    known = draft.keys.get(section, ())
    for key in keys:
        if key not in known:
            expected = f"a key of {section} ({', '.join(known) or 'none there'})"
            yield draft.fault(where, repr(key), expected, "Correct the reference.")


def _articles(draft: Draft, where: str, numbers: Iterable[str]) -> Iterator[Fault]:
    known = draft.keys.get("articles", ())
    for number in numbers:
        if number not in known and number not in ARTICLE_NUMBERS:
            yield draft.fault(f"{where}.articles", repr(number), "the number of an article", "Correct the reference.")


def _term(draft: Draft, where: str, term: Term) -> Iterator[Fault]:
    if bool(term.until) == bool(term.rule):
        got = "both an event and a rule" if term.rule else "neither an event nor a rule"
        yield draft.fault(where, got, "one of the two", 'Write { until = ["LEFT_COMPANY"] } or { rule = "a_key" }.')
    if term.rule:
        yield from _references(draft, f"{where}.rule", (term.rule,), "retention_rules")
