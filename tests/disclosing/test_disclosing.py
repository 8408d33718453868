"""The guard: what it says, that it keeps both answers, and that a reference is answered once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.database import db, writing
from portal.records import disclosures, members
from portal.rules.disclosure import Reason
from portal.services import disclosing, entrusted, entrusting, exercising
from portal.services.auditing import OPERATOR
from portal.services.disclosing import Answer, NotAsked, OtherContent
from portal.services.exercising import Asking
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser

ASKING = Asking(JIWON, "127.0.0.1", "ko", "n" * 22)
CARD = ["card_number", "card_expiry", "business_registration_number"]


def ask(clock: FakeClock, reference: str = "charge-1", **changes: Any) -> Answer:
    told = {"host_id": JIWON, "processor": "kicc", "items": CARD, "purpose": "payment", **changes}
    return disclosing.disclose(**told, reference=reference, at=clock())


@pytest.fixture
def agreed(browser: Callable[..., Browser]) -> Browser:
    """Jiwon, who has agreed."""
    jiwon = browser()
    jiwon.agree()
    return jiwon


def test_the_policy_names_the_first_entry(app: Flask) -> None:
    """Publishing the first policy enters whom it names, disclosed and awaiting review; a second time adds nothing."""
    with app.app_context():
        (standing,) = entrusted.standings()

        assert standing.entry.name.ko == "한국정보통신(주)"
        assert standing.entry.review_required
        assert str(standing.disclosed_on) == "2026-11-23"


def test_what_may_go_is_kept(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """An allowed disclosure stands in the ledger by names of fields, and in the sum of its month."""
    with app.app_context():
        answer = ask(clock)

        assert answer.verdict.allowed
        row = disclosures.of_reference("charge-1")
        assert row is not None
        member = members.of_host(JIWON)
        assert member is not None
        assert (row.member_ref, row.processor, row.items, row.purpose, row.verdict, row.reason) == (
            member.ref,
            "kicc",
            "card_number,card_expiry,business_registration_number",
            "payment",
            "ALLOWED",
            "",
        )
        assert [(one.month, one.processor, one.verdict, one.count) for one in disclosures.sums()] == [
            ("2026-11", "kicc", "ALLOWED", 1)
        ]
        assert disclosing.processors_that_received(member.ref) == ["kicc"]
        assert disclosing.refs_sent([member.ref, "a" * 26]) == {member.ref}


def test_what_may_not_go_is_kept_too(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """A refusal stands in the ledger with its reason; nothing was received by anybody."""
    with app.app_context():
        answers = [
            ask(clock, "1", processor="stranger"),
            ask(clock, "2", items=["email"]),
            ask(clock, "3", purpose="bill"),
            ask(clock, "4", host_id="nobody"),
        ]

        assert [answer.verdict.reason for answer in answers] == [
            Reason.UNREGISTERED,
            Reason.ITEMS,
            Reason.PURPOSE,
            Reason.NOBODY,
        ]
        assert [row.reason for row in disclosures.refused(10)] == ["NOBODY", "PURPOSE", "ITEMS", "UNREGISTERED"]
        assert sum(one.count for one in disclosures.sums()) == 4
        member = members.of_host(JIWON)
        assert member is not None
        assert disclosing.of_member(member.ref) == []


def test_a_reference_is_answered_once(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """The same again is answered the same and kept once, in any order of the items; something else is refused."""
    with app.app_context():
        first = ask(clock)
        later = clock.advance(minutes=1)

        again = ask(clock, items=[*reversed(CARD), "card_number"])
        assert (again.verdict, again.at, again.again) == (first.verdict, first.at, True)
        assert again.at < later
        with pytest.raises(OtherContent):
            ask(clock, items=["card_number"])
        assert [one.count for one in disclosures.sums()] == [1]


def test_an_answer_is_about_one_person(
    app: Flask, clock: FakeClock, agreed: Browser, browser: Callable[..., Browser]
) -> None:
    """A reference that was answered for one member is not answered for another, and is a no for nobody."""
    browser("gaon-1001").agree()
    with app.app_context():
        assert ask(clock).verdict.allowed

        with pytest.raises(OtherContent):
            ask(clock, host_id="gaon-1001")
        assert ask(clock, host_id="nobody").verdict.reason is Reason.NOBODY


def test_the_ledger_cannot_be_searched_for_a_person(
    app: Flask, clock: FakeClock, agreed: Browser, browser: Callable[..., Browser]
) -> None:
    """Two members' rows for the same thing differ in nothing that is made from the host's id."""
    browser("gaon-1001").agree()
    with app.app_context():
        ask(clock, "1")
        ask(clock, "2", host_id="gaon-1001")

        one, other = disclosures.of_reference("1"), disclosures.of_reference("2")
        assert one is not None
        assert other is not None
        assert one.digest == other.digest


def test_a_refused_reference_stays_refused(app: Flask, clock: FakeClock, browser: Callable[..., Browser]) -> None:
    """What was refused is not let through by asking again; a new sending has a new reference."""
    with app.app_context():
        assert ask(clock, items=["card_number"]).verdict.reason is Reason.NOBODY
    browser().agree()

    with app.app_context():
        assert ask(clock, items=["card_number"]).verdict.reason is Reason.NOBODY
        assert ask(clock, "charge-2").verdict.allowed


def test_a_yes_is_no_older_than_what_it_rests_on(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """After a withdrawal the reference that had been allowed is refused, for it may not be sent any more."""
    with app.app_context():
        assert ask(clock).verdict.allowed
        exercising.withdraw(ASKING, "member", clock())

        assert ask(clock).verdict.reason is Reason.WITHDRAWN
        assert ask(clock, "charge-2").verdict.reason is Reason.WITHDRAWN


def test_a_suspended_member_goes_nowhere(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """The stop of processing stops disclosures, too."""
    with app.app_context():
        exercising.suspend(ASKING, clock())

        assert ask(clock).verdict.reason is Reason.SUSPENDED


def test_ending_an_entry_closes_the_guard(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """From the moment an entry is ended nothing goes there, and a destruction need not ask it any more."""
    with app.app_context():
        ask(clock)
        entrusting.end("kicc", clock().date(), "DESTROYED", "파기 확인서 2026-11", OPERATOR, clock())

        assert ask(clock, "charge-2").verdict.reason is Reason.ENDED
        member = members.of_host(JIWON)
        assert member is not None
        assert disclosing.processors_that_received(member.ref) == []
        assert disclosing.refs_sent([member.ref]) == set()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": ["4539578763621486"]}, "items"),
        ({"items": ["kim_minji"]}, "items"),
        ({"items": []}, "items"),
        ({"purpose": "minji@gaon.example"}, "purpose"),
        ({"purpose": "anything"}, "purpose"),
        ({"processor": "minji@gaon.example"}, "processor"),
        ({"reference": "minji@gaon.example"}, "reference"),
        ({"reference": "4539-5787-6362-1486"}, "reference"),
        ({"reference": ""}, "reference"),
        ({"reference": "a" * 101}, "reference"),
        ({"reference": "charge-1\n"}, "reference"),
    ],
)
def test_a_value_never_reaches_the_ledger(
    app: Flask, clock: FakeClock, agreed: Browser, changes: dict[str, Any], field: str
) -> None:
    """Where a name is asked for, what is no name of the policy may be a value: it is refused and kept nowhere."""
    with app.app_context():
        with pytest.raises(NotAsked) as told:
            ask(clock, **changes)

        assert told.value.field == field
        assert disclosures.sums() == []


def test_a_ledger_that_cannot_be_written_lets_nothing_go(app: Flask, clock: FakeClock, agreed: Browser) -> None:
    """When the answer cannot be kept there is none."""
    with app.app_context():
        with writing():
            db.session.connection().exec_driver_sql("DROP TABLE disclosure_sums")

        with pytest.raises(Exception, match="disclosure_sums"):
            ask(clock)
        assert disclosures.of_reference("charge-1") is None
