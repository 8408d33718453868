"""`python -m middleware check module:application`: tell an operator everything that is wrong with a gate, at once.

Nothing is changed, except that the journal's directory is made if it is missing.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable

from .errors import ConfigurationError, Unavailable
from .gate import ConsentGate, microseconds
from .journal import SEGMENT_BYTES

USAGE = "usage: python -m middleware check MODULE:APPLICATION   (for example: wsgi:application)"
NOBODY = "\x7fnobody"  # no host gives out this id


def loaded(target: str) -> object:
    """Return the object that "module:name" names. Raises ImportError or AttributeError."""
    module, _, name = target.partition(":")
    sys.path.insert(0, os.getcwd())
    return getattr(importlib.import_module(module), name or "application")


def checks_of(gate: ConsentGate) -> list[tuple[str, Callable[[], str]]]:
    """Return what can be tried of a gate: pairs of (what is tried, the trial, which says what it found or raises)."""

    def store() -> str:
        gate.standing.of(NOBODY, microseconds())
        return "readable, of the right contract, with a policy in force"

    def journal() -> str:
        gate.journal.reserve().release()
        free = shutil.disk_usage(gate.configuration.journal).free
        if free < 64 * SEGMENT_BYTES:
            raise Unavailable(f"{free // 2**20} MiB free; expected {64 * SEGMENT_BYTES // 2**20} MiB or more")
        return f"writable, {free // 2**20} MiB free"

    def exempt() -> str:
        return ", ".join(gate.configuration.exempt) or "nothing; every path needs consent"

    def proxies() -> str:
        networks = ", ".join(map(str, gate.configuration.trusted_proxies))
        return (
            f"{gate.configuration.forwarded_header} from {networks}" if networks else "nobody; the peer is the client"
        )

    def identity() -> str:
        return str(getattr(gate.configuration.identify, "warning", "") or "set")

    return [
        ("store", store),
        ("journal", journal),
        ("identity", identity),
        ("exempt", exempt),
        ("believed proxies", proxies),
    ]


def check(target: str) -> int:
    """Try the gate that `target` names and print each finding; return the exit code."""
    try:
        gate = loaded(target)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        print(f"{target}: cannot be imported ({type(error).__name__}: {error})", file=sys.stderr)
        return 1
    if not isinstance(gate, ConsentGate):
        print(f"{target}: got {type(gate).__name__}; expected a ConsentGate", file=sys.stderr)
        return 1
    faults = 0
    for what, trial in checks_of(gate):
        try:
            print(f"ok     {what}: {trial()}")
        except Unavailable as error:
            faults += 1
            print(f"fault  {what}: {error.why}", file=sys.stderr)
    gate.close()
    return 1 if faults else 0


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    if len(arguments) != 2 or arguments[0] != "check":
        print(USAGE, file=sys.stderr)
        return 2
    return check(arguments[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
