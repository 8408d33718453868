"""Overseeing: what an admin sees of the own company."""

from dataclasses import dataclass
from datetime import datetime

from portal.records import leavers
from portal.services import certifying, requesting
from portal.services.requesting import Standing

PAGE = 25


@dataclass(frozen=True)
class Report:
    """One report of people who have left: how it stands, how many they are, the code of its certificate or ""."""

    standing: Standing
    people: int
    certificate: str


def reports(company_ref: str, page: int, at: datetime) -> tuple[list[Report], int]:
    """Return one page of a company's reports, newest first, and how many there are in all. It names nobody."""
    found, total = leavers.reports_of(company_ref, limit=PAGE, offset=(page - 1) * PAGE)
    counts = leavers.counts_of([request.id for request in found])
    stand = requesting.standings(found, at)
    return [
        Report(
            one,
            counts.get(one.request.id, 0),
            "" if one.state.is_open else certifying.code_of_request(one.request.number),
        )
        for one in stand
    ], total
