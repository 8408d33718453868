"""The form of one fact of a policy draft, made from the fact's own type: every text in both languages, every reference
as a choice among what the draft has. What was typed is kept as it is; the policy's loader judges it."""

import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.policy.decoding import Decoder, is_fact
from portal.policy.faults import Fault
from portal.policy.model import ARTICLE_NUMBERS, Event, Language, Policy, Text
from portal.rules.naming import field_name, value_text
from portal.services.drafting import Draft, name_of
from portal.speech import say_article

Widget = Literal["line", "area", "number", "day", "choice", "tick", "ticks"]
LONG = frozenset(
    {"address", "ask", "body", "consequence", "easy", "method", "notice", "reason", "right", "still", "text", "way"}
)
LONGEST = 20_000
REFERENCES = {  # field: the section whose keys it names
    "purposes": "purposes",
    "items": "items",
    "kept": "retention_rules",
    "methods": "collection_methods",
    "rule": "retention_rules",
    "recipient": "processors",
}
LANGUAGE_NAMES = {"ko": Text(ko="한국어", en="Korean"), "en": Text(ko="영어", en="English")}


@dataclass(frozen=True)
class Field:
    """One thing to fill in. `path` is its place in the fact: "label.ko"; `value` a text, a yes, or the ticked keys."""

    path: str
    words: str
    widget: Widget
    value: Any
    choices: tuple[tuple[str, str], ...] = ()


def fields_of(draft: Draft, section: str, fact: Any, language: Language) -> list[Field]:
    """Return what there is to fill in for one fact of a section, in the order of its type; the key is left out."""
    kind = type_of(section)
    path = "" if is_fact(kind) else section
    return [field for field in _fields(draft, path, kind, fact, language) if field.path not in ("key", "number")]


def read(section: str, sent: MultiDict[str, str], held: Any) -> Any:
    """Return a fact as it was typed, in the form in which a draft keeps it; ticked keys stay in the order in which the
    fact `held` them, for an order is nothing that ticks could change."""
    kind = type_of(section)
    return _read(kind, sent, "" if is_fact(kind) else section, held)


def take_stored(typed: Any, held: Any, paths: Collection[str]) -> Any:
    """Return a fact as it was typed, but with what is stored at these paths of fields."""
    if not isinstance(typed, dict):
        return held if paths else typed
    taken = {}
    for name, value in typed.items():
        inner = {path.partition(".")[2] for path in paths if path.partition(".")[0] == name}
        stored = held.get(name) if isinstance(held, Mapping) else None
        taken[name] = stored if "" in inner else take_stored(value, stored, inner) if inner else value
    return taken


def said_value(field: Field) -> str:
    """Return what a field holds, in words."""
    named = dict(field.choices)
    if field.widget == "tick":
        return gettext("예") if field.value else gettext("아니요")
    if field.widget == "ticks":
        return ", ".join(named.get(key, key) for key in field.value)
    return named.get(field.value, field.value)


def faults_of(section: str, fact: Any) -> list[Fault]:
    """Return what is wrong with a fact in itself; `where` of each is a path as in `Field`."""
    decoder = Decoder("")
    kind = type_of(section)
    decoder.value(fact, kind, "" if is_fact(kind) else section)
    return decoder.faults


def type_of(section: str) -> Any:
    """Return the type of a section, or of the facts in it."""
    kind = next(field.type for field in msgspec.structs.fields(Policy) if field.name == section)
    return typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else kind


def _fields(draft: Draft, path: str, kind: Any, value: Any, language: Language) -> Iterator[Field]:
    if not is_fact(kind):
        yield _field(draft, path, kind, value, language)
        return
    for field in msgspec.structs.fields(kind):
        inner = value.get(field.name) if isinstance(value, Mapping) else None
        if inner is None and not field.required:
            inner = msgspec.to_builtins(field.default)
        yield from _fields(draft, f"{path}.{field.name}".lstrip("."), field.type, inner, language)


def _field(draft: Draft, path: str, kind: Any, value: Any, language: Language) -> Field:
    name = path.rpartition(".")[2]
    words = _words(path, language)
    kind = _plain(kind)
    if kind is bool:
        return Field(path, words, "tick", bool(value))
    if typing.get_origin(kind) is tuple:
        choices = _choices(draft, name, typing.get_args(kind)[0], language)
        held = [str(one) for one in value] if isinstance(value, list) else []
        if not choices:
            return Field(path, words, "line", ", ".join(held))
        # Those that are ticked come first, as they stand: saving what is shown must not put them in another order.
        ticked = sorted(choices, key=lambda one: held.index(one[0]) if one[0] in held else len(held))
        return Field(path, words, "ticks", held, tuple(ticked))
    if typing.get_origin(kind) is Literal:
        return Field(path, words, "choice", str(value or ""), _literals(kind, language))
    if name in REFERENCES:
        return Field(path, words, "choice", str(value or ""), (("", "–"), *_keys(draft, name, language)))
    if kind is int:
        return Field(path, words, "number", str(value or 0))
    text = "" if value is None else str(value)
    is_long = not LONG.isdisjoint(path.split(".")[-2:])
    return Field(path, words, "day" if kind is date else "area" if is_long else "line", text)


def _words(path: str, language: Language) -> str:
    """Return what a field is called: "이름: 한국어"."""
    parts = path.split(".")
    spoken = LANGUAGE_NAMES[parts.pop()].in_language(language) if parts[-1] in LANGUAGE_NAMES else ""
    name = field_name(".".join(parts), language)
    return f"{name} ({spoken})" if spoken else name


def _choices(draft: Draft, name: str, kind: Any, language: Language) -> tuple[tuple[str, str], ...]:
    if name == "articles":
        return tuple((number, say_article(number)) for number in ARTICLE_NUMBERS)
    if name == "until":
        return _literals(Event, language)
    return _keys(draft, name, language) if name in REFERENCES else ()


def _keys(draft: Draft, name: str, language: Language) -> tuple[tuple[str, str], ...]:
    return tuple((name_of(one), title_of(one, language)) for one in draft.facts.get(REFERENCES[name], ()))


def title_of(fact: Mapping[str, Any], language: Language) -> str:
    """Return what a fact of a draft is called, its key where it has no name yet."""
    for field in ("title", "label", "name", "medium"):
        words = fact.get(field)
        if isinstance(words, Mapping) and words.get(language):
            return str(words[language])
    return name_of(fact)


def _literals(kind: Any, language: Language) -> tuple[tuple[str, str], ...]:
    return tuple((str(one), value_text(one, language)) for one in typing.get_args(kind))


def _read(kind: Any, sent: MultiDict[str, str], path: str, held: Any) -> Any:
    kind = _plain(kind)
    if is_fact(kind):
        inner = held if isinstance(held, Mapping) else {}
        return {
            field.name: _read(field.type, sent, f"{path}.{field.name}".lstrip("."), inner.get(field.name))
            for field in msgspec.structs.fields(kind)
        }
    if kind is bool:
        return path in sent
    typed = sent.get(path, "").replace("\r\n", "\n").strip()[:LONGEST]
    if typing.get_origin(kind) is tuple:
        keys = [part.strip() for text in sent.getlist(path) for part in text.split(",") if part.strip()]
        known = [key for key in held or () if key in keys]
        return [*known, *(key for key in keys if key not in known)]
    if kind is int:
        return int(typed) if typed.isdecimal() and len(typed) < 6 else typed or 0
    return typed


def _plain(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
