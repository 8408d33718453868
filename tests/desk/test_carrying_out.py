"""What the desk says is done is done: a stop at the gate, a consent taken back, a value changed; or the step is not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.records import consents, members, requests, standings
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import registering, requesting
from portal.services.auditing import By
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser

OTHER = By("STAFF", "other")
Ready = Callable[..., str]


@pytest.fixture
def handler(at_desk: Callable[..., Browser]) -> Browser:
    return at_desk(Role.HANDLER)


@pytest.fixture
def under_review(app: Flask, clock: FakeClock) -> Ready:
    """Makes requests of Jiwon's that a colleague has under review."""

    def make(kind: Kind, **details: Any) -> str:
        with app.app_context():
            number = a_request(clock(), a_member(clock()), kind, details={"text": "부탁드려요", **details})
            for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW):
                requesting.step(number, word, by=OTHER, roles={Role.HANDLER}, at=clock(), words="확인")
        return number

    return make


def finish(browser: Browser, number: str, **fields: str) -> Any:
    seen = re.search(r'name="seen" value="(\d+)"', browser.get(f"/desk/requests/{number}").text)
    assert seen
    return browser.post(f"/desk/requests/{number}/steps", {"word": "FULFILLED", "seen": seen[1], **fields})


def status(number: str, clock: FakeClock) -> str:
    return requesting.stand_of(number, clock()).state.status


def test_a_stop_closes_the_gate(app: Flask, clock: FakeClock, handler: Browser, under_review: Ready) -> None:
    """In the transaction that says so."""
    number = under_review(Kind.SUSPENSION)

    answer = finish(handler, number)

    assert answer.status_code == 303
    with app.app_context():
        standing = standings.of_host(JIWON)
        assert standing is not None
        assert standing.suspended
        assert status(number, clock) == "DONE"


def test_a_withdrawal_takes_the_consent_back(
    app: Flask, clock: FakeClock, handler: Browser, browser: Callable[..., Browser], under_review: Ready
) -> None:
    """Every one that holds, where none was named; where none is left, the step is refused and nothing is said."""
    number, again = under_review(Kind.WITHDRAWAL), under_review(Kind.WITHDRAWAL)
    browser().agree()

    done = finish(handler, number)
    refused = finish(handler, again)

    assert (done.status_code, refused.status_code) == (303, 422)
    assert "철회할 동의가 남아 있지 않습니다." in refused.text
    with app.app_context():
        member = members.of_host(JIWON)
        assert member is not None
        assert {event.decision for event in consents.holding(member.ref).values()} == {"WITHDRAWN"}
        assert (status(number, clock), status(again, clock)) == ("DONE", "IN_PROGRESS")


def test_a_correction_is_made_before_it_is_told(
    app: Flask, clock: FakeClock, handler: Browser, under_review: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked, or what the handler types where it was asked in words; nothing typed is no correction."""
    monkeypatch.setattr("portal.services.correcting.holdings", list)
    asked, spoken = under_review(Kind.CORRECTION, changes={"login_id": "jiwon-new"}), under_review(Kind.CORRECTION)

    done = finish(handler, asked)
    bare = finish(handler, spoken)
    wrong = finish(handler, spoken, change_personal_contact="12")
    typed = finish(handler, spoken, change_personal_contact="010-2222-3333")

    assert [answer.status_code for answer in (done, bare, wrong, typed)] == [303, 422, 422, 303]
    assert "바꿀 값을 하나 이상 적어 주세요." in bare.text
    assert 'value="12"' in wrong.text
    with app.app_context():
        member = members.of_host(JIWON)
        assert member is not None
        profile = registering.profile_of(member)
        assert (profile["login_id"], profile["personal_contact"]) == ("jiwon-new", "+821022223333")
        assert (status(asked, clock), status(spoken, clock)) == ("DONE", "DONE")


def test_approving_a_deletion_closes_the_gate(
    app: Flask, clock: FakeClock, handler: Browser, under_review: Ready
) -> None:
    """One that came by telephone did not close it before; from the approval on nobody comes in."""
    number = under_review(Kind.DELETION)

    answer = handler.post(f"/desk/requests/{number}/steps", {"word": "APPROVED", "seen": "3", "confirm": number})

    assert answer.status_code == 303
    with app.app_context():
        standing = standings.of_host(JIWON)
        assert standing is not None
        assert standing.suspended
        assert requests.of_number(number) is not None
