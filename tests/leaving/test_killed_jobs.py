"""A job killed with SIGKILL anywhere between a report and its certificate is gone on with: nobody is told or ordered
twice, nobody is forgotten, one certificate is issued."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.database import db, end_reading
from portal.records import destructions, leavers, requests
from portal.records.mails import Mail
from portal.records.requests import Request
from portal.rules.progress import Word
from portal.services import leaving, requesting
from portal.services.destroying import LEASE, destroy_due
from portal.settings import Settings
from portal.vault import certificates, ledger, person_keys
from tests.crashing import killed
from tests.fake_clock import FakeClock
from tests.leaving.conftest import Join, advance, report
from tests.leaving.worker import end_until, lead_until

pytestmark = pytest.mark.crash

TELLING = [  # which call of what kills, before or after it, and how many have been told or ordered by then
    ("leaving.tell_some", 1, False, 0),
    ("leaving._tell", 2, True, 0),
    ("leaving.tell_some", 2, False, 2),
    ("leaving._tell", 2, True, 2),
    ("leaving.tell_some", 1, True, 4),
]
ORDERING = [(place.replace("tell", "order"), calls, after, done) for place, calls, after, done in TELLING]
ORDERING[1], ORDERING[3] = ("leaving._order", 1, True, 0), ("leaving._order", 1, True, 2)
ENDING = [  # what kills, before or after it; whether the certificate is there by then, and whether the report has ended
    ("fulfilling.end_reports", False, False, False),
    ("fulfilling._certificate_of", False, False, False),
    ("fulfilling._certificate_of", True, True, False),
    ("requesting.take_step", False, True, False),
    ("fulfilling.end_report", True, True, False),
    ("fulfilling.end_reports", True, True, True),
]


def request_of(number: str) -> Request:
    request = requests.of_number(number)
    assert request is not None
    return request


def killed_afresh(work: Callable[..., None], *given: Any) -> None:
    """See a job killed, with no read of the test's own open while it runs: what is asked next is what it left."""
    end_reading()
    killed(work, *given)


def letters(kind: str) -> list[dict[str, str]]:
    found = db.session.scalars(db.select(Mail).where(Mail.kind == kind)).all()
    return [person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref) for mail in found]


def test_nobody_is_told_or_ordered_twice_or_forgotten(
    app: Flask, clock: FakeClock, gaon: str, join: Join, settings: Settings
) -> None:
    """Five people, two at a time; one job after the other is killed before, between and within the chunks."""
    refs = [join(f"leaver{place}") for place in range(5)]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        for place, calls, after, told in TELLING:
            killed_afresh(lead_until, settings, clock(), place, calls, after)
            assert len(letters("leaver_reported")) == leavers.figures_of(request_of(number).id).told == told, place
        leaving.tell_and_order(app, clock())
        clock.advance(days=4)
        for place, calls, after, ordered in ORDERING:
            killed_afresh(lead_until, settings, clock(), place, calls, after)
            assert leavers.figures_of(request_of(number).id).ordered == ordered, place
            assert len(destructions.unfinished(9)) == ordered, place
        leaving.tell_and_order(app, clock())
        end_reading()

        told = [letter["to"] for letter in letters("leaver_reported")]
        assert sorted(told) == [f"leaver{place}@gaon.example" for place in range(5)]
        made = destructions.unfinished(9)
        assert Counter(one.member_ref for one in made) == dict.fromkeys(refs, 1)
        steps = destructions.tasks_of([one.id for one in made])
        assert {Counter(task.kind for task in some)["END"] for some in steps.values()} == {1}


def test_a_report_ends_once(app: Flask, clock: FakeClock, gaon: str, join: Join, settings: Settings) -> None:
    """From the last destruction to the end of the report worker after worker is killed; what one has issued is kept by
    the next: one certificate that the reporter is told of once, and the report is fulfilled once."""
    refs = [join(name) for name in ("minho", "sora")]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        leaving.tell_and_order(app, clock())
        clock.advance(days=4)
        leaving.tell_and_order(app, clock())
        request, keys = request_of(number), db.engines["keys"]
        about, codes = request.ref, set()
        for place, after, certified, ended in ENDING:
            killed_afresh(end_until, settings, clock(), place, after)
            found = certificates.codes_of(keys, [about])
            codes.update(found.values())
            assert (bool(found), request_of(number).ended_at is not None) == (certified, ended), place
            clock.advance(seconds=(LEASE + timedelta(minutes=1)).total_seconds())
        end_reading()
        destroy_due(app)

        assert codes == set(certificates.codes_of(keys, [about]).values())
        assert len(codes) == 1
        [letter] = letters("leavers_done")
        assert codes.pop() in letter["text"]
        standing = requesting.stand_of(number, clock())
        assert [event.word for event in standing.events].count("FULFILLED") == 1
        assert standing.state.status == "DONE"
        assert [row.entry for row in ledger.entries(keys)] == ["DONE", "DONE", "BEGUN", "BEGUN"]
        assert person_keys.opened().destroyed_of(refs) == set(refs)
