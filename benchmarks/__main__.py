"""`python -m benchmarks`: run every part, or the ones named, and print one table.

Progress goes to stderr, the table to stdout. Exit code 1 means that a goal was missed.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.postgres import NoPostgres, running_server

from . import destruction, disclosing, draining, in_situ, leaving, members, memory, serving, threads
from .figures import Part, say, table

PostgresUrl = Callable[[], str] | None
PARTS = {
    "in_situ": in_situ.measure,
    "threads": threads.measure,
    "gunicorn": serving.measure,
    "drain": draining.measure,
    "memory": memory.measure,
    "members": members.measure,
    "disclosing": disclosing.measure,
    "leaving": leaving.measure,
    "destruction": destruction.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts; return 1 where a goal was missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer calls and rows: to see that it works")
    parser.add_argument("--only", action="append", choices=sorted(PARTS), help="run this part alone; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    chosen = {name: part for name, part in PARTS.items() if not options.only or name in options.only}
    before = os.getloadavg()[0]
    parts: list[Part] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        postgres_url = _postgres(stack)
        for name, measure in chosen.items():
            place = folder / name
            place.mkdir()
            say(f"{name}: begins (load average {os.getloadavg()[0]:.1f})")
            parts.append(measure(place, postgres_url, quick=options.quick))
    figures = [figure for part in parts for figure in part.figures]
    print(table(figures))
    print(
        f"\nPython {platform.python_version()}, {os.cpu_count()} cores; load average {before:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after{'; quick: too few calls for a verdict' if options.quick else ''}"
    )
    for reason in (reason for part in parts for reason in part.left_out):
        print(f"not measured: {reason}")
    if options.json:
        options.json.write_text(json.dumps([{**figure._asdict(), "met": figure.met} for figure in figures], indent=1))
    return 1 if any(figure.met is False for figure in figures) else 0


def _postgres(stack: ExitStack) -> PostgresUrl:
    """Start a PostgreSQL that keeps its promises to the disk; return what makes a database on it, or None."""
    try:
        server = stack.enter_context(running_server(("listen_addresses=", "shared_buffers=256MB", "max_wal_size=4GB")))
    except NoPostgres as absent:
        say(str(absent))
        return None
    return lambda: server.url(server.make_database())


if __name__ == "__main__":
    sys.exit(main())
