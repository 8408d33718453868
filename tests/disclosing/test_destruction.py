"""A destruction asks every processor that received something, and waits for its answer."""

from datetime import date

from flask import Flask

from portal.database import db
from portal.records import destructions, disclosures, members
from portal.records.destructions import Task
from portal.rules.destruction import Stand, stand_of
from portal.rules.disclosure import Reason
from portal.rules.evidence import Evidence
from portal.services import disclosing, evidencing
from portal.services.destroying import destroy_due
from portal.services.leased import facts_of
from portal.vault import certificates
from tests.destruction.conftest import HANDLER, a_member, an_approved_deletion, app, host, settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser

__all__ = ["app", "host", "settings"]
CARD = ["card_number", "card_expiry", "business_registration_number"]


def a_payer(app: Flask, clock: FakeClock) -> str:
    """Return the reference of Jiwon, who agreed and whose card went to the processor."""
    with app.app_context():
        ref = a_member(clock)
    Browser(app.test_client(), "jiwon").agree()
    with app.app_context():
        assert disclosing.disclose("jiwon", "kicc", CARD, "payment", "charge-1", clock()).verdict.allowed
    return ref


def tasks(ref: str) -> list[Task]:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    return destructions.tasks_of([destruction.id])[destruction.id]


def is_certified(ref: str) -> bool:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    return certificates.newest_of(db.engines["keys"], destruction.ref) is not None


def test_a_deletion_waits_for_the_processor(app: Flask, clock: FakeClock) -> None:
    """Everything of ours goes at once; the certificate waits for dated evidence of the processor, and then is issued.
    Nothing is sent meanwhile or afterwards, and what the ledger keeps leads to nobody."""
    ref = a_payer(app, clock)
    with app.app_context():
        an_approved_deletion(clock, ref)
        refused = disclosing.disclose("jiwon", "kicc", CARD, "payment", "charge-2", clock())
        assert refused.verdict.reason is Reason.DESTRUCTION
        destroy_due(app)
        (asked,) = [task for task in tasks(ref) if task.target == "processor:kicc"]
        assert (asked.kind, asked.state) == ("EVIDENCE", "WAITING")
        assert not is_certified(ref)

        clock.advance(days=2)
        assert evidencing.enter(asked.id, Evidence(date(2026, 11, 24), "가맹점지원부"), HANDLER, clock()) == 1
        destroy_due(app)

        assert stand_of([facts_of(task) for task in tasks(ref)]) is Stand.DONE
        assert is_certified(ref)
        assert members.of_ref(ref) is None
        (row,) = disclosures.of_member(ref)
        assert row.items == "card_number,card_expiry,business_registration_number"
        gone = disclosing.disclose("jiwon", "kicc", CARD, "payment", "charge-3", clock())
        assert gone.verdict.reason is Reason.NOBODY


def test_who_never_received_anything_is_not_asked(app: Flask, clock: FakeClock) -> None:
    """Without a disclosure, and where it was refused, no processor has a task."""
    with app.app_context():
        ref = a_member(clock)
        assert not disclosing.disclose("jiwon", "kicc", CARD, "payment", "charge-1", clock()).verdict.allowed
        an_approved_deletion(clock, ref)

        assert [task for task in tasks(ref) if task.target.startswith("processor:")] == []
