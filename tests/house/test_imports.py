"""The house keeps its floors: imports run downward only, and the gate knows nothing of the portal."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = {  # higher numbers may import lower ones, and their own
    "wsgi": 9,
    "portal": 8,  # create_app
    "portal.cli": 8,
    "portal.host": 8,
    "portal.demo": 8,
    "portal.guard": 7,
    "portal.views": 7,
    "portal.forms": 7,
    "portal.speech": 7,
    "portal.translations": 7,
    "portal.headers": 7,
    "portal.services": 6,
    "portal.holdings": 5,
    "portal.letters": 2,
    "portal.records": 4,
    "portal.vault": 4,
    "portal.rules": 2,
    "portal.policy": 1,
}
BESIDE = {"portal.settings", "portal.clock", "portal.errors", "portal.database"}  # every floor of the portal may
FROM_THE_GATE = {
    "middleware.client",
    "middleware.journal",
    "middleware.outbound",
    "middleware.standing",
    "middleware.paths",
    "middleware.errors",
}
KNOW_THE_GATE = {"wsgi", "portal.host", "portal.cli"}  # where gate and portal are put together
PURE = {"portal.rules", "portal.policy"}
PURE_MAY = {"msgspec"}  # beside the standard library; nothing that asks a clock, a store or a request
CORE_MAY = {"itsdangerous"}  # what the gate imports when it is imported
LAZY_MAY = CORE_MAY | {"psycopg", "django", "flask", "flask_login", "werkzeug"}  # only where that host or store is used


class Import(NamedTuple):
    """`module` imports `target`; `lazy`: only when a function is called, or for types alone."""

    module: str
    target: str
    lazy: bool
    line: int

    def __str__(self) -> str:
        return f"{self.module} (line {self.line}) imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    assert found, "the house has moved: no source found"
    return found


def imports_of(path: Path) -> Iterator[Import]:
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text("utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_for_types(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, id(node) in lazy, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                yield Import(name, target_of(base, alias.name), id(node) in lazy, node.lineno)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def target_of(base: str, name: str) -> str:
    """Return the module that `from base import name` reaches: a module of ours called `name`, else `base`."""
    inner = ROOT.joinpath(*base.split("."), name)
    return f"{base}.{name}" if inner.with_suffix(".py").exists() or (inner / "__init__.py").exists() else base


def room_of(module: str) -> str:
    """Return the room of a module of ours: "portal.records" for "portal.records.policies"."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "portal" else parts[0]


def all_imports(*rooms: str) -> list[Import]:
    return [found for path in sources(*rooms) for found in imports_of(path)]


def is_outside(target: str, allowed: set[str]) -> bool:
    top = target.split(".")[0]
    return top not in sys.stdlib_module_names and top not in allowed


def test_every_room_has_its_floor() -> None:
    """Every room of the portal is on a floor, so that no import escapes this law."""
    rooms = {room_of(module_name(path)) for path in sources("portal")}

    assert rooms <= set(FLOORS) | BESIDE


def test_imports_run_downward() -> None:
    """No room imports one that stands above it, not even inside a function."""
    upward = [
        str(found)
        for found in [*all_imports("portal"), *imports_of(ROOT / "wsgi.py")]
        if found.target.startswith("portal")
        and room_of(found.target) not in BESIDE
        and FLOORS[room_of(found.target)] > FLOORS.get(room_of(found.module), 0)
    ]

    assert upward == []


def test_vault_imports_no_records() -> None:
    """The vault knows none of the tables that it guards; records may ask the vault."""
    assert [str(found) for found in all_imports("portal/vault") if found.target.startswith("portal.records")] == []


def test_the_gate_knows_no_portal() -> None:
    """Nothing in the gate imports the portal, a store's toolkit or anything that is not allowed it."""
    strange = [
        str(found)
        for found in all_imports("middleware")
        if is_outside(found.target, {"middleware"} | (LAZY_MAY if found.lazy else CORE_MAY))
    ]

    assert strange == []


def test_the_gate_alone_loads_no_framework() -> None:
    """A process that imports the gate with all its parts has loaded no framework and no driver."""
    program = (
        "import sys, middleware.gate, middleware.config, middleware.standing, middleware.journal, middleware.identity\n"
        "names = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(names & {'flask', 'werkzeug', 'django', 'sqlalchemy', 'psycopg', 'jinja2', 'click', 'portal'}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "[]\n"


def test_the_portal_takes_only_formats_from_the_gate() -> None:
    """Rooms of the portal read the gate's formats; the gate itself is met only where the two are put together."""
    strange = [
        str(found)
        for found in all_imports("portal")
        if found.target.split(".")[0] == "middleware"
        and found.target not in FROM_THE_GATE
        and room_of(found.module) not in KNOW_THE_GATE
    ]

    assert strange == []


@pytest.mark.parametrize("room", sorted(PURE))
def test_the_law_is_pure(room: str) -> None:
    """Rules and policy need nothing but facts: no framework, no store, no clock of ours."""
    ours = {room, "portal.policy"}
    strange = [
        str(found)
        for found in all_imports(room.replace(".", "/"))
        if (
            room_of(found.target) not in ours
            if found.target.startswith("portal")
            else is_outside(found.target, PURE_MAY)
        )
    ]

    assert strange == []


def test_the_law_asks_no_clock() -> None:
    """No rule asks what time it is, makes a random value or opens a file: facts and a date come in."""
    asking = {"now", "today", "utcnow", "time", "monotonic", "urandom", "token_bytes", "token_hex", "open"}
    found = [
        f"{module_name(path)} (line {node.lineno}) calls {name}"
        for path in sources("portal/rules")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for name in [node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")]
        if name in asking
    ]

    assert found == []


def test_only_records_and_vault_name_a_column() -> None:
    """SQL is written where tables are: not in services, forms, views or commands."""
    strange = [
        str(found)
        for found in all_imports("portal/services", "portal/views", "portal/forms", "portal/cli")
        if found.target.split(".")[0] in ("sqlalchemy", "sqlite3", "psycopg")
        and found.module != "portal.services.migrating"  # revisions of tables are its subject
    ]

    assert strange == []
