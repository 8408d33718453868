"""Reporting: how one report of a company stands, in numbers. It names nobody."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app

from portal.records import destructions, leavers, requests
from portal.records.leavers import Figures
from portal.rules.leaving import objection_ends_on
from portal.rules.progress import Word
from portal.services import certifying, leaving, requesting
from portal.services.requesting import NoSuchRequest, Standing

BEFORE_DECISION = frozenset({Word.RECEIVED.value, Word.IDENTITY_CHECK.value, Word.IN_REVIEW.value})


@dataclass(frozen=True)
class Reported:
    """One report. `attention`: people whose destruction the staff must look after; `objection_ends`: the last day on
    which the one told last may object, None before anybody is told; `certificate`: its code, or ""."""

    standing: Standing
    figures: Figures
    attention: int
    objection_ends: date | None
    waits_for_staff: bool
    may_take_back: bool
    certificate: str


def of_company(number: str, company_ref: str, at: datetime) -> Reported:
    """Return a report of this company. Raises NoSuchRequest, for another company's as for a missing one."""
    request = requests.of_number(number)
    if request is None or leaving.company_of(request) != company_ref:
        raise NoSuchRequest(number)
    standing = requesting.stand_of(number, at)
    figures = leavers.figures_of(request.id)
    words = {event.word for event in standing.events}
    last_told = leavers.reported_last(request.id)
    days = current_app.extensions["portal.settings"].objection_days
    return Reported(
        standing=standing,
        figures=figures,
        attention=destructions.people_in_attention(number),
        objection_ends=objection_ends_on(last_told, days) if last_told else None,
        waits_for_staff=standing.state.is_open and Word.IDENTITY_CHECK.value not in words,
        may_take_back=standing.state.is_open and words <= BEFORE_DECISION and not figures.objected,
        certificate="" if standing.state.is_open else certifying.code_of_request(number),
    )
