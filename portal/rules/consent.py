"""Consent: what exactly is asked, what was shown, and what an answer means.

Two hashes with two jobs. `content_hash` covers the facts that are agreed to, so that a correction of wording or of a
contact asks nobody again; the sha256 of `text_shown` covers every character that stood on the form, so that what a
person was told can be proved. A change of meaning made by words alone needs a higher `revision`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from portal.policy.model import ConsentItem, Language, Policy, Term
from portal.rules.wording import ground_text, heading, joined, length_text, sentence, term_text

Decision = Literal["GRANTED", "REFUSED"]
ANSWERS: Mapping[str, Decision] = {"yes": "GRANTED", "no": "REFUSED"}
"""The only two answers there are. A browser's "on", an empty string or a repeated field is no answer."""


class Verdict(msgspec.Struct, frozen=True):
    """What a filled form amounts to.

    `decisions` has one entry per item answered with an explicit yes or no. `missing` and `invalid` are keys of the
    policy's items in its order, `unknown` keys that the policy has no item for. `refused` are the refused items that
    close the service.
    """

    decisions: Mapping[str, Decision]
    missing: tuple[str, ...]
    invalid: tuple[str, ...]
    unknown: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every item has its own yes or no and nothing else was sent; otherwise nothing may be recorded."""
        return not (self.missing or self.invalid or self.unknown)

    @property
    def opens_service(self) -> bool:
        """Whether these answers let the person in: complete, and nothing refused that the gate asks for."""
        return self.complete and not self.refused


def judge(policy: Policy, answers: Mapping[str, str]) -> Verdict:
    """Return what the answers, by consent item key, amount to; only "yes" and "no" are answers."""
    decisions: dict[str, Decision] = {}
    missing, invalid = [], []
    for item in policy.consent_items:
        answer = answers.get(item.key)
        if answer is None:
            missing.append(item.key)
        elif answer in ANSWERS:
            decisions[item.key] = ANSWERS[answer]
        else:
            invalid.append(item.key)
    keys = {item.key for item in policy.consent_items}
    return Verdict(
        decisions=decisions,
        missing=tuple(missing),
        invalid=tuple(invalid),
        unknown=tuple(sorted(key for key in answers if key not in keys)),
        refused=tuple(item.key for item in policy.gate_items if decisions.get(item.key) == "REFUSED"),
    )


def content_hash(policy: Policy, item: ConsentItem) -> str:
    """Return the sha256 (hex) over the facts agreed to with this item, and over nothing else.

    Covered: key, kind, data items, purposes, to whom it is provided, how long, what is kept afterwards and how long,
    whether refusing closes the service, revision. Order, wording, contacts and the standing of a legal ground leave it
    alone; a period of 12 months and one of a year are the same fact.
    """
    return _sha256(
        {
            "key": item.key,
            "kind": item.kind,
            "items": sorted(item.items),
            "purposes": sorted(item.purposes),
            "term": _term_facts(policy, item.term),
            "kept": [_rule_facts(policy, key) for key in sorted(item.kept)],
            "closes_service": item.refusal.closes_service,
            "revision": item.revision,
            **({"recipient": item.recipient} if item.recipient else {}),
        }
    )


def requirement_hash(policy: Policy) -> str:
    """Return the sha256 (hex) over what the gate asks for: its items' content hashes, optional items left out."""
    return _sha256(sorted([item.key, content_hash(policy, item)] for item in policy.gate_items))


def text_shown(policy: Policy, item: ConsentItem, language: Language) -> str:
    """Return the words of one consent item, exactly as they stand on the form: plain text, one fact a line.

    Holds the four things that must be told before consent (PIPA art. 15(2); verified 2026-11-23): what, why, how long
    with everything kept afterwards and its ground, and the right to refuse with what follows.
    """
    lines = [item.title.in_language(language)]
    lines += [f"{term}: {words}" for term, words in facts_shown(policy, item, language)]
    kept = kept_shown(policy, item, language)
    if kept:
        lines.append(f"{heading('kept', language)}:")
        lines += [f"- {record}: {period} ({ground})" for record, period, ground in kept]
    lines.append(f"{heading('refusal', language)}: {refusal_shown(item, language)}")
    lines.append(item.label.in_language(language))
    return "\n".join(lines) + "\n"


def facts_shown(policy: Policy, item: ConsentItem, language: Language) -> tuple[tuple[str, str], ...]:
    """Return (heading, words) for the data items, the purposes and the period, in that order; before them the third
    party to whom it is provided, if there is one (PIPA art. 17(2))."""
    items = joined([policy.item(key).label for key in item.items], language)
    purposes = joined([policy.purpose(key).label for key in item.purposes], language)
    period = term_text(policy, item.term, language)
    if item.kept:
        period = f"{period} {sentence('destroyed_but_kept', language)}"
    told = (
        (heading("items", language), items),
        (heading("purposes", language), purposes),
        (heading("period", language), period),
    )
    if not item.recipient:
        return told
    return ((heading("recipient", language), policy.processor(item.recipient).name.in_language(language)), *told)


def kept_shown(policy: Policy, item: ConsentItem, language: Language) -> tuple[tuple[str, str, str], ...]:
    """Return (record, period, ground) for each record that stays after the term, in the item's order."""
    rules = [policy.retention_rule(key) for key in item.kept]
    return tuple(
        (joined([rule.label], language), length_text(rule, language), ground_text(rule.ground, language))
        for rule in rules
    )


def refusal_shown(item: ConsentItem, language: Language) -> str:
    """Return the right to refuse, its consequence and what stays possible, as one paragraph."""
    refusal = item.refusal
    return " ".join(text.in_language(language) for text in (refusal.right, refusal.consequence, refusal.still))


def _term_facts(policy: Policy, term: Term) -> dict[str, Any]:
    if term.rule:
        return {"rule": _rule_facts(policy, term.rule)}
    return {"until": sorted(term.until)}


def _rule_facts(policy: Policy, key: str) -> dict[str, Any]:
    rule = policy.retention_rule(key)
    return {"key": rule.key, "months": rule.period.in_months, "from": rule.start_event}


def _sha256(facts: Any) -> str:
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
