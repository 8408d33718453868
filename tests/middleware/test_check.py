"""`python -m middleware check`: everything that is wrong with a gate, told to its operator at once."""

import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from middleware import ConsentGate
from middleware.__main__ import USAGE, main

from .gatehouse import Store, environ_of, make_gate


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, gate: ConsentGate) -> ModuleType:
    """A module as an operator would name it, with the gate as its application."""
    made = ModuleType("an_operators_wsgi")
    made.application = gate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return made


@pytest.mark.parametrize("arguments", [[], ["check"], ["fix", "wsgi"], ["check", "a", "b"]])
def test_the_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Anything but `check` and one application is answered with the usage and exit code 2."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.strip() == USAGE


@pytest.mark.parametrize("target", ["an_operators_wsgi", "an_operators_wsgi:application"])
def test_a_sound_gate_is_told_part_by_part(module: ModuleType, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A gate that would work says so of each part, with exit code 0."""
    assert main(["check", target]) == 0

    told = capsys.readouterr()
    assert told.out.startswith("ok     store: readable, of the right contract, with a policy in force\n")
    assert "ok     exempt: /login, /healthz, /static/" in told.out
    assert "ok     believed proxies: nobody; the peer is the client" in told.out
    assert told.err == ""


def test_every_fault_is_told(
    module: ModuleType, store: Store, journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A store that is away and a disk that is nearly full are both told, with exit code 1."""
    store.path.unlink()
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100 << 20))

    assert main(["check", "an_operators_wsgi"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "fault  store: the file is missing or cannot be reached",
        "fault  journal: 100 MiB free; expected 256 MiB or more",
    ]


def test_an_adapters_warning_and_believed_proxies_are_told(
    module: ModuleType, store: Store, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an operator must see to is printed."""

    class Adapter:
        warning = "Let nothing but the proxy reach it."

        def __call__(self, environ: object) -> None:
            return None

    module.application = make_gate(  # type: ignore[attr-defined]
        lambda environ, start: [], store, journal, identify=Adapter(), trusted_proxies=["10.0.0.0/8"], exempt=[],
        login_url=None,
    )  # fmt: skip

    assert main(["check", "an_operators_wsgi"]) == 0
    out = capsys.readouterr().out
    assert "ok     identity: Let nothing but the proxy reach it." in out
    assert "ok     exempt: nothing; every path needs consent" in out
    assert "ok     believed proxies: X-Forwarded-For from 10.0.0.0/8" in out


def test_a_check_leaves_no_room_set_aside(module: ModuleType, gate: ConsentGate, journal: Path) -> None:
    """The trial of the journal writes no record."""
    main(["check", "an_operators_wsgi"])

    assert [path.read_bytes().strip(b"\0") for path in journal.glob("*.journal")] == [b""]
    assert gate(environ_of("/login"), lambda status, headers: lambda data: None) is not None


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module_here", "no_such_module_here: cannot be imported (ModuleNotFoundError:"),
        ("an_operators_wsgi:app", "an_operators_wsgi:app: cannot be imported (AttributeError:"),
        ("an_operators_wsgi:__name__", "an_operators_wsgi:__name__: got str; expected a ConsentGate"),
    ],
)
def test_what_is_no_gate_is_told(
    module: ModuleType, target: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that cannot be imported, or is no gate, is told with exit code 1."""
    assert main(["check", target]) == 1
    assert capsys.readouterr().err.startswith(words)


def test_faulty_settings_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A module whose gate does not start has its faults printed."""
    faulty = (
        "from middleware import ConsentGate\nConsentGate(None, store='x', journal='', identify=1, digest_key=b'')\n"
    )
    (tmp_path / "a_faulty_wsgi.py").write_text(faulty)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])

    assert main(["check", "a_faulty_wsgi"]) == 1
    assert capsys.readouterr().err.count("  - ") == 4


@pytest.mark.filterwarnings("ignore:'middleware.__main__' found in sys.modules:RuntimeWarning")
def test_it_is_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m middleware` ends with the exit code of its answer."""
    monkeypatch.setattr(sys, "argv", ["middleware"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("middleware", run_name="__main__", alter_sys=True)
    assert ended.value.code == 2
