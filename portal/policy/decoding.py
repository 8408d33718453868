"""From a parsed TOML table to typed facts, field by field, so that one bad field does not hide the next.

A table that decodes becomes its struct; one that does not becomes faults and is left out of the result.
"""

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from portal.policy.faults import Fault
from portal.policy.model import Fact, Text


class Decoder:
    """Decodes tables of one file and gathers the faults in `faults`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, where: str, got: str, expected: str, next_step: str) -> None:
        self.faults.append(Fault(file=self.file, where=where, got=got, expected=expected, next_step=next_step))

    def table(self, raw: Any, kind: type[Fact], where: str) -> Fact | None:
        """Return the table as a `kind`, or None after naming each missing, unknown or ill-typed field."""
        if not isinstance(raw, Mapping):
            self.fault(where, _shown(raw), "a table", f"Write it as [{where}].")
            return None
        before = len(self.faults)
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        for name in raw:
            if name not in fields:
                self.fault(
                    _under(where, name), "an unknown field", f"one of {', '.join(fields)}", "Remove or rename it."
                )
        values = {}
        for name, field in fields.items():
            if name in raw:
                values[name] = self.value(raw[name], field.type, _under(where, name))
            elif field.required:
                self.fault(_under(where, name), "nothing", _expected(field.type), "Add the field.")
        if kind is Text:
            for language, words in values.items():
                if isinstance(words, str) and not words.strip():
                    self.fault(_under(where, language), "an empty text", "words in both languages", "Write the text.")
        return kind(**values) if len(self.faults) == before else None

    def value(self, raw: Any, kind: Any, where: str) -> Any:
        """Return the value as `kind`; a struct and a list of structs are taken apart, anything else goes to msgspec."""
        if is_fact(kind):
            return self.table(raw, kind, where)
        inner = _element_of(kind)
        if is_fact(inner):
            return self.tables(raw, inner, where)
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            self.fault(where, _shown(raw), _expected(kind), f"Correct the value ({error}).")
            return None

    def tables(self, raw: Any, kind: type[Fact], where: str) -> tuple[Fact, ...]:
        """Return the tables that decode, in their order; each one that does not has told its faults."""
        if not isinstance(raw, list):
            self.fault(where, _shown(raw), "a list of tables", f"Write each one under [[{where}]].")
            return ()
        decoded = (self.table(one, kind, f"{where}[{name_of(one, n)}]") for n, one in enumerate(raw, start=1))
        return tuple(one for one in decoded if one is not None)


def is_fact(kind: Any) -> bool:
    """Tell whether a field of this type is a table of its own."""
    return isinstance(kind, type) and issubclass(kind, Fact)


def name_of(raw: Any, position: int) -> str:
    """Return the name by which a table in a list is told to its author: its key, its number, else its position."""
    if isinstance(raw, Mapping):
        for field in ("key", "number"):
            if isinstance(raw.get(field), str) and raw[field]:
                return str(raw[field])
    return str(position)


def _under(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _element_of(kind: Any) -> Any:
    arguments = typing.get_args(kind)
    return arguments[0] if typing.get_origin(kind) is tuple and arguments else None


def _expected(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Annotated:
        inner, meta = typing.get_args(kind)[:2]
        limit = f" matching {meta.pattern}" if meta.pattern else " that is not empty"
        return _expected(inner) + limit
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(str(one) for one in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return "a list, each " + _expected(typing.get_args(kind)[0])
    words = {str: "a text", int: "a whole number", bool: "true or false"}
    return words.get(kind, "a date" if getattr(kind, "__name__", "") == "date" else "a table")


def _shown(raw: Any) -> str:
    words = repr(raw)
    return words if len(words) <= 60 else words[:57] + "..."
