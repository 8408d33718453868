"""The epoch file tells every gate of a change: odd while it lasts, even and higher afterwards, whatever happened."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.records.epoch import EpochUnusable, make_epoch, standing_change

MAGIC = b"MCEPOCH1"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The URL of a SQLite store with its epoch file."""
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    make_epoch(url)
    return url


@pytest.fixture
def epoch(store: str, tmp_path: Path) -> Path:
    """The epoch file of `store`."""
    return tmp_path / "portal.db.epoch"


def count(epoch: Path) -> int:
    content = epoch.read_bytes()
    assert len(content) == 16
    assert content.startswith(MAGIC)
    return int.from_bytes(content[8:], "little")


def test_it_begins_settled(epoch: Path) -> None:
    """A new epoch file is even and may be read by a gate that runs as another user."""
    assert epoch.read_bytes() == b"MCEPOCH1" + bytes(8)
    assert epoch.stat().st_mode & 0o777 == 0o644


def test_it_is_odd_during_a_change_and_even_after(store: str, epoch: Path) -> None:
    """A gate that looks during a change sees an odd count, and afterwards one it has not seen before."""
    with standing_change(store):
        assert count(epoch) == 1

    assert count(epoch) == 2


def test_it_is_even_after_an_exception(store: str, epoch: Path) -> None:
    """A change that failed is over, too."""
    with pytest.raises(ZeroDivisionError), standing_change(store):
        _ = 1 / 0

    assert count(epoch) == 2


def test_a_change_inside_a_change_joins_it(store: str, epoch: Path) -> None:
    """The count stays odd until the outer change is over."""
    with standing_change(store):
        with standing_change(store):
            assert count(epoch) == 1
        assert count(epoch) == 1

    assert count(epoch) == 2


def test_the_file_is_never_replaced(store: str, epoch: Path) -> None:
    """Gates have the file mapped: changes and a second making leave the same file with its count."""
    before = epoch.stat().st_ino
    with standing_change(store):
        pass

    make_epoch(store)

    assert epoch.stat().st_ino == before
    assert count(epoch) == 2


def test_changes_wait_for_each_other(store: str, epoch: Path) -> None:
    """A second change begins when the first is over, in another thread as in another process."""
    began, seen = threading.Event(), []

    def change() -> None:
        began.set()
        with standing_change(store):
            seen.append(count(epoch))

    with standing_change(store):
        other = threading.Thread(target=change)
        other.start()
        began.wait(10)
        assert count(epoch) == 1
        assert seen == []
    other.join()

    assert seen == [3]
    assert count(epoch) == 4


def test_a_killed_writer_leaves_it_odd_and_the_next_settles_it(store: str, epoch: Path) -> None:
    """After SIGKILL in a change gates ask every time; the next change is not held up and settles the count."""
    program = (
        "import sys\nfrom portal.records.epoch import standing_change\n"
        "with standing_change(sys.argv[1]):\n    print('changing', flush=True)\n    sys.stdin.read()\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"changing\n"
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    assert count(epoch) == 1

    with standing_change(store):
        assert count(epoch) == 1

    assert count(epoch) == 2


@pytest.mark.parametrize(
    "content", [None, b"", b"MCEPOCH1", b"ANOTHER1" + bytes(8), MAGIC + bytes(9)], ids=lambda content: repr(content)
)
def test_without_its_file_no_change_is_made(store: str, epoch: Path, content: bytes | None) -> None:
    """Where gates could not be told, nothing is changed."""
    epoch.unlink()
    if content is not None:
        epoch.write_bytes(content)

    with pytest.raises(EpochUnusable, match=r"portal\.db\.epoch"), standing_change(store):
        pytest.fail("the change was begun")


def test_postgres_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL a gate asks at every request, so nothing is kept beside the store."""
    monkeypatch.chdir(tmp_path)
    make_epoch("postgresql+psycopg://portal@db.example/portal")

    with standing_change("postgresql+psycopg://portal@db.example/portal"):
        pass

    assert list(tmp_path.iterdir()) == []
