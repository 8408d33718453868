"""The pages of an uploaded list: its rows with their verdicts, sealed under the key of that list alone."""

from datetime import date

import msgspec

from portal.policy.model import Text
from portal.rules.leaver import Verdict
from portal.rules.leaver_list import Totals
from portal.services.list_file import Line
from portal.vault.profiles import SubjectSeal

PAGE = 500  # rows of one


class Judged(msgspec.Struct, array_like=True):
    """One row with its verdict. `member_ref` is whom it means, "" for nobody."""

    line: Line
    verdict: Verdict | None = None
    reason: Text = Text(ko="", en="")
    next_step: Text = Text(ko="", en="")
    left_on: date | None = None
    member_ref: str = ""


class Counts(msgspec.Struct):
    """How far a list has come: rows in all, pages judged, rows by verdict, and the numbers that were confirmed."""

    rows: int
    judged: int = 0
    by_verdict: dict[Verdict, int] = msgspec.field(default_factory=dict)
    confirmed: list[int] = msgspec.field(default_factory=list)

    @property
    def pages(self) -> int:
        return -(-self.rows // PAGE)

    @property
    def rows_judged(self) -> int:
        return min(self.judged * PAGE, self.rows)

    @property
    def totals(self) -> Totals:
        return Totals(self.rows, {verdict: self.by_verdict.get(verdict, 0) for verdict in Verdict})

    @property
    def to_request(self) -> int:
        """How many people would be requested now."""
        return self.by_verdict.get(Verdict.REQUEST, 0) + len(self.confirmed)


_ROWS = msgspec.json.Decoder(list[Judged])


def seal_rows(seal: SubjectSeal, page: int, rows: list[Judged]) -> bytes:
    """Return a page, the first being 1, as it is kept."""
    return _sealed(seal, page, msgspec.json.encode(rows))


def open_rows(seal: SubjectSeal, page: int, sealed: bytes) -> list[Judged]:
    """Return the rows of a page."""
    return _ROWS.decode(_opened(seal, page, sealed))


def seal_name(seal: SubjectSeal, name: str) -> bytes:
    """Return the file's name as it is kept: page 0."""
    return _sealed(seal, 0, name.encode())


def open_name(seal: SubjectSeal, sealed: bytes) -> str:
    """Return the file's name."""
    return _opened(seal, 0, sealed).decode()


def written(counts: Counts) -> str:
    """Return counts as they are kept."""
    return msgspec.json.encode(counts).decode()


def read_counts(text: str) -> Counts:
    """Return counts that were kept."""
    return msgspec.json.decode(text, type=Counts)


def _sealed(seal: SubjectSeal, page: int, content: bytes) -> bytes:
    return seal.seal("upload_pages", "sealed", content, f"{seal.ref}:{page}")


def _opened(seal: SubjectSeal, page: int, sealed: bytes) -> bytes:
    content: bytes = seal.open("upload_pages", "sealed", sealed, f"{seal.ref}:{page}")
    return content
