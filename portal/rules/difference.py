"""What changed between two versions of a policy: articles word by word, facts by name, and who is asked again.

Data for a page or a terminal in one language; nothing here knows HTML. A changed line is paired with the line that it
replaces and cut into words, so that a reader sees "6개월" beside "3개월" and not two whole paragraphs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from portal.policy.model import Language, Period, Policy, Term, Text
from portal.rules.consent import content_hash, requirement_hash
from portal.rules.naming import field_name, section_name, value_text
from portal.rules.wording import period_text, term_text

Change = Literal["same", "added", "removed", "changed"]

WORDS = re.compile(r"\s+|[^\s\w]|\w+")


class Piece(msgspec.Struct, frozen=True):
    """A run of words inside a line; the words of a line are its pieces joined."""

    change: Literal["same", "added", "removed"]
    words: str


class Line(msgspec.Struct, frozen=True):
    """One line of markdown. A `changed` line holds pieces of both versions, any other line a single piece."""

    change: Change
    pieces: tuple[Piece, ...]


class ArticleDifference(msgspec.Struct, frozen=True):
    """One article, by its number in either version; titles are "" where that version has no such article."""

    number: str
    change: Change
    title_before: str
    title_after: str
    lines: tuple[Line, ...]


class FactDifference(msgspec.Struct, frozen=True):
    """One changed fact: "보관 규칙", "서비스 접속 기록", "기간", "6개월", "3개월"; `key` is the fact's key or ""."""

    section: str
    section_title: str
    key: str
    name: str
    field: str
    field_title: str
    change: Literal["added", "removed", "changed"]
    before: str
    after: str


class Difference(msgspec.Struct, frozen=True):
    """All that changed. `asked_again` are the keys of the gate's questions whose content is new or changed."""

    before: str
    after: str
    articles: tuple[ArticleDifference, ...]
    facts: tuple[FactDifference, ...]
    asks_again: bool
    asked_again: tuple[str, ...]

    @property
    def changed_articles(self) -> tuple[ArticleDifference, ...]:
        return tuple(article for article in self.articles if article.change != "same")


def difference(before: Policy, after: Policy, language: Language) -> Difference:
    """Return what changed from one policy to the other, told in one language."""
    hashes = {item.key: content_hash(before, item) for item in before.gate_items}
    return Difference(
        before=before.version,
        after=after.version,
        articles=tuple(_articles(before, after, language)),
        facts=tuple(_facts(before, after, language)),
        asks_again=requirement_hash(before) != requirement_hash(after),
        asked_again=tuple(i.key for i in after.gate_items if hashes.get(i.key) != content_hash(after, i)),
    )


def lines_between(before: str, after: str) -> tuple[Line, ...]:
    """Return the lines of both texts in reading order, each marked same, added, removed or changed."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [Line("same", (Piece("same", line),)) for line in old[i1:i2]]
            continue
        pairs = min(i2 - i1, j2 - j1)
        lines += [_changed(old[i1 + n], new[j1 + n]) for n in range(pairs)]
        lines += [Line("removed", (Piece("removed", line),)) for line in old[i1 + pairs : i2]]
        lines += [Line("added", (Piece("added", line),)) for line in new[j1 + pairs : j2]]
    return tuple(lines)


def _changed(old: str, new: str) -> Line:
    a, b = WORDS.findall(old), WORDS.findall(new)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(a[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("removed", "".join(a[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("added", "".join(b[j1:j2])))
    return Line("changed", tuple(pieces))


def _articles(before: Policy, after: Policy, language: Language) -> Iterator[ArticleDifference]:
    old = {article.number: article for article in before.articles}
    new = {article.number: article for article in after.articles}
    numbers = sorted({*old, *new}, key=lambda number: [int(part) for part in number.split("-")])
    for number in numbers:
        was, is_now = old.get(number), new.get(number)
        titles = [one.title.in_language(language) if one else "" for one in (was, is_now)]
        texts = [one.text.in_language(language) if one else "" for one in (was, is_now)]
        change: Change = "changed"
        if was is None or is_now is None:
            change = "added" if was is None else "removed"
        elif titles[0] == titles[1] and texts[0] == texts[1]:
            change = "same"
        yield ArticleDifference(number, change, titles[0], titles[1], lines_between(texts[0], texts[1]))


def _facts(before: Policy, after: Policy, language: Language) -> Iterator[FactDifference]:
    for field in msgspec.structs.fields(Policy):
        section = field.name
        if section in ("version", "articles"):
            continue
        old = _by_key(getattr(before, section))
        new = _by_key(getattr(after, section))
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _fact(section, key, (before, old.get(key)), (after, new.get(key)), language)


def _fact(
    section: str, key: str, old: tuple[Policy, Any], new: tuple[Policy, Any], language: Language
) -> Iterator[FactDifference]:
    was, is_now = _told(*old, language), _told(*new, language)
    name = _name(new[1] if new[1] is not None else old[1], language) if key else ""
    for field in [*was, *(field for field in is_now if field not in was)]:
        if was.get(field) == is_now.get(field):
            continue
        yield FactDifference(
            section=section,
            section_title=section_name(section, language),
            key=key,
            name=name,
            field=field,
            field_title=field_name(field, language),
            change="added" if field not in was else "removed" if field not in is_now else "changed",
            before=was.get(field, ""),
            after=is_now.get(field, ""),
        )


def _by_key(value: Any) -> Mapping[str, Any]:
    return {one.key: one for one in value} if isinstance(value, tuple) else {"": value}


def _name(fact: Any, language: Language) -> str:
    fields = ("title", "label", "name", "medium")
    text = next((getattr(fact, field) for field in fields if hasattr(fact, field)), None)
    return text.in_language(language) if isinstance(text, Text) else str(fact.key)


def _told(policy: Policy, fact: Any, language: Language) -> dict[str, str]:
    """Return a fact's fields in words, inner tables flattened ("refusal.right"); {} where there is no fact."""
    if fact is None:
        return {}
    if isinstance(fact, Text | Period | Term) or not isinstance(fact, msgspec.Struct):
        return {"": _words(policy, "", fact, language)}
    told: dict[str, str] = {}
    for field in msgspec.structs.fields(type(fact)):
        value = getattr(fact, field.name)
        if field.name == "key":
            continue
        if isinstance(value, msgspec.Struct) and not isinstance(value, Text | Period | Term):
            inner = _told(policy, value, language)
            told |= {f"{field.name}.{name}": words for name, words in inner.items()}
        else:
            told[field.name] = _words(policy, field.name, value, language)
    return told


def _words(policy: Policy, field: str, value: Any, language: Language) -> str:
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, Period):
        return period_text(value, language)
    if isinstance(value, Term):
        return term_text(policy, value, language)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_referred(policy, field, str(one), language) for one in value)
    return value_text(value, language)


def _referred(policy: Policy, field: str, key: str, language: Language) -> str:
    """Return the label of the fact that a key points to, else the key."""
    section = {"kept": "retention_rules", "methods": "collection_methods"}.get(field, field)
    for fact in getattr(policy, section, ()):
        if getattr(fact, "key", None) == key:
            return _name(fact, language)
    return value_text(key, language)
