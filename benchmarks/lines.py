"""A journal to drain, written by the gate's own journal, and the same records as a file for the engines' own tools."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path

from middleware.journal import Journal, Record, compose
from portal.clock import SEOUL
from portal.records.access import bounds

from .hosts import AGENT
from .stores import member, ref_of

DAY = date(2026, 11, 23)
PEOPLE = 5_000
_PATHS = [f"/accounts/{number}/costs" for number in range(500)] + ["/", "/dashboard", "/api/costs", "/download"]


def records(count: int, day: date = DAY) -> list[Record]:
    """Return so many records of one Seoul day, in the order of time: 5,000 members, 5,000 addresses."""
    chance = random.Random(2)
    refs = [ref_of(member(number)) for number in range(PEOPLE)]
    addresses = [f"203.0.{number >> 8}.{number & 255}" for number in range(PEOPLE)]
    cookies = [
        ",".join(f"{name}={chance.getrandbits(96):024x}" for name in ("session", "theme", "lang", "csrf_token", "_v"))
        for _ in range(PEOPLE)
    ]
    low, high = bounds(day)
    step = (high - low) // (count + 1)
    found = []
    for number in range(count):
        person = chance.randrange(PEOPLE)
        found.append(
            Record(
                low + number * step,
                f"5eed0001{number:08x}",
                refs[person],
                addresses[person],
                "GET",
                chance.choice(_PATHS),
                200,
                "passed",
                AGENT,
                cookies[person],
            )
        )
    return found


def write_journal(directory: Path, rows: list[Record]) -> None:
    """Write records as the gate does; the segments are left as a stopped gate leaves them."""
    directory.mkdir(parents=True)
    journal = Journal(directory)
    for row in rows:
        at, request_id, ref, ip, method, path, status, decision, agent, cookies = row
        line = compose(at, request_id, ref, ip, method, path, str(status), decision, agent, cookies)
        journal.reserve().append(line)
    journal.close()


def write_table(path: Path, rows: list[Record], *, postgres: bool) -> None:
    """Write the same rows as tab-separated columns of access_records, unsealed: what the engines' own tools load."""
    with path.open("w", encoding="ascii") as file:
        for row in rows:
            traces = f"{row.ip} {row.user_agent} {row.cookies}"
            sealed = "\\\\x" + traces.encode().hex() if postgres else traces
            index = "\\\\x" + row.ip.encode().hex() if postgres else row.ip
            columns = (row.at, row.request_id, row.ref, row.method, row.path, row.status, row.decision, sealed, index)
            file.write("\t".join(map(str, columns)) + "\n")


def days_before(count: int) -> list[date]:
    """Return the days before the one that is drained, newest first."""
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=SEOUL)
    return [(noon - timedelta(days=number)).date() for number in range(1, count + 1)]
