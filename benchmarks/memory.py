"""Whether memory stays flat: a million members who all stand, and a flood of strangers who are stopped.

Each crowd passes through a gate in a process of its own, which tells its resident memory at every quarter.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from middleware import ConsentGate
from middleware.journal import is_live, segments

from . import stores
from .figures import Figure, Part, say
from .hosts import DIGEST_KEY, request

CROWDS = {"members": 1_000_000, "strangers": 200_000}
QUICK_CROWDS = {"members": 80_000, "strangers": 40_000}
FLAT = 1.05


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Compare resident memory at the end with that at a quarter of the way; on SQLite."""
    figures = []
    for crowd, count in (QUICK_CROWDS if quick else CROWDS).items():
        place = folder / crowd
        place.mkdir()
        command = [sys.executable, "-m", "benchmarks.memory", crowd, str(count), str(place)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        sizes: list[float] = json.loads(done.stdout)
        note = " ".join(f"{share} %: {size:.1f} MB" for share, size in zip((25, 50, 75, 100), sizes, strict=True))
        name = f"memory, {count:,} {crowd}: at the end / at a quarter"
        figures.append(Figure(name, sizes[3] / sizes[0], "<=", FLAT, note))
        say(f"memory: {crowd} {note}")
    return Part(figures)


def pass_through(crowd: str, count: int, folder: Path) -> list[float]:
    """Send a crowd through a gate; return the megabytes resident at each quarter."""
    settings = stores.made(folder / "instance")
    standing = (stores.member(number) for number in range(count)) if crowd == "members" else ()
    stores.consent(settings.main_store, standing)
    gate = ConsentGate(
        _silent,
        store=settings.main_store,
        journal=folder / "journal",
        identify=lambda environ: str(environ["member"]),
        digest_key=DIGEST_KEY,
    )
    sizes = []
    environs = _members(count) if crowd == "members" else _strangers(count)
    expected = "200" if crowd == "members" else "303"
    for _ in range(4):
        for asked, environ in enumerate(islice(environs, count // 4)):
            statuses: list[str] = []
            gate(environ, lambda status, headers, exc_info=None, told=statuses.append: told(status))  # type: ignore[misc]
            if statuses[0][:3] != expected:
                raise AssertionError(f"answered {statuses[0]}, expected {expected}")
            if asked % 50_000 == 0:
                _tidy(folder / "journal")
        sizes.append(_resident_mb())
    gate.close()
    return sizes


def _members(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield request("/hello", f"session={number:064x}; theme=dark") | {"member": stores.member(number)}


def _strangers(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield request(f"/path/{number}", f"session={number:064x}; theme=dark") | {
            "member": f"stranger-{number}",
            "HTTP_USER_AGENT": f"agent {number}",
            "REMOTE_ADDR": f"2001:db8::{number >> 16:x}:{number & 0xFFFF:x}",
        }


def _silent(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "0")])
    return []


def _tidy(journal: Path) -> None:
    """Take the drain's part: segments whose page is turned go, so that the disk does not fill."""
    for path in segments(journal):
        fd = os.open(path, os.O_RDWR)
        if not is_live(fd):
            path.unlink()
        os.close(fd)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    print(json.dumps(pass_through(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
