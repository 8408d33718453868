"""What is kept of a member's decisions, and in which order it is told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from portal.database import attach, db, writing
from portal.records import consents, members, receipts, runs
from portal.records.consents import ConsentEvent
from portal.records.receipts import Receipt
from portal.records.runs import Run
from portal.settings import Settings

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A bare app on ready stores, with its context pushed and one shown text kept."""
    app = Flask("records")
    attach(app, settings)
    with app.app_context():
        with writing():
            consents.keep_text("sha", "ko", "보이는 글")
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def an_event(event_ref: str, item: str, decision: str, submission: str = "s1") -> ConsentEvent:
    return ConsentEvent(
        event_ref=event_ref,
        submission=submission,
        member_ref="ref-of-kim",
        item=item,
        decision=decision,
        content_hash="hash",
        text_sha256="sha",
        policy_version="2021-02-04",
        language="ko",
        method="WEB",
        decided_at=AT,
    )


def test_a_text_is_kept_once(app: Flask) -> None:
    """A text that a second member reads is kept already, and stays as it was."""
    with writing():
        consents.keep_text("sha", "ko", "보이는 글")

    kept = consents.text_shown("sha")

    assert kept is not None
    assert (kept.language, kept.body) == ("ko", "보이는 글")


def test_the_last_decision_on_an_item_holds(app: Flask) -> None:
    """Of several decisions on one item the last holds, and items do not touch each other."""
    with writing():
        consents.add(an_event("e1", "account", "GRANTED"), an_event("e2", "access", "GRANTED"))
    with writing():
        consents.add(an_event("e3", "account", "WITHDRAWN", "s2"))

    holding = {item: event.decision for item, event in consents.holding("ref-of-kim").items()}

    assert holding == {"account": "WITHDRAWN", "access": "GRANTED"}
    assert [event.event_ref for event in consents.of_member("ref-of-kim")] == ["e3", "e2", "e1"]
    assert [event.event_ref for event in consents.of_submission("s1")] == ["e1", "e2"]


def test_a_receipt_is_found_by_each_of_its_names(app: Flask) -> None:
    """A receipt is found by its own reference, by its submission and by its member, newest first."""
    with writing():
        for number in (1, 2):
            receipts.add(
                Receipt(
                    receipt_ref=f"r{number}",
                    submission=f"s{number}",
                    member_ref="ref-of-kim",
                    issued_at=AT,
                    body='{"금액": 0}',
                )
            )

    by_name, by_submission = receipts.named("r1"), receipts.of_submission("s2")

    assert by_name is not None
    assert by_name.body == '{"금액": 0}'
    assert by_submission is not None
    assert by_submission.receipt_ref == "r2"
    assert [receipt.receipt_ref for receipt in receipts.of_member("ref-of-kim")] == ["r2", "r1"]
    assert receipts.named("r3") is None


def test_runs_are_told_newest_first(app: Flask) -> None:
    """The last runs of one kind come newest first, as many as are asked for."""
    with writing():
        for day, kind in ((21, "access sweep"), (22, "access sweep"), (23, "access sweep"), (23, "another")):
            runs.add(Run(kind=kind, as_of=date(2026, 11, day), started_at=AT, finished_at=AT, outcome="{}"))

    assert [run.as_of for run in runs.newest_first("access sweep", 2)] == [date(2026, 11, 23), date(2026, 11, 22)]


def test_a_reference_says_nothing(app: Flask) -> None:
    """A member's reference is 26 characters by chance, and finds the member again."""
    ref = members.new_ref()
    with writing():
        members.meet("kim", ref, AT)

    found = members.of_ref(ref)

    assert len(ref) == 26
    assert set(ref) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert members.new_ref() != ref
    assert found is not None
    assert found.host_id == "kim"
    assert members.of_ref("unknown") is None
