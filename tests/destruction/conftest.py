"""A member with something in every holding, and the host's tables of tests/holdings."""

import pytest
from flask import Flask

from portal.database import writing
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import auditing, registering, requesting
from portal.services.auditing import SYSTEM, By
from tests.fake_clock import FakeClock
from tests.holdings.conftest import app, host, settings
from tests.members.samples import profile

__all__ = ["app", "host", "settings"]
HANDLER, SECOND = By("STAFF", "handler-1"), By("STAFF", "handler-2")


def a_member(clock: FakeClock, host_id: str = "jiwon", **fields: str) -> str:
    """Return the reference of a member with a complaint, a letter that waits and a view by staff."""
    ref = registering.register(host_id, profile(**fields), "SELF", clock()).member_ref
    requesting.receive(
        Kind.COMPLAINT,
        requester="SELF",
        channel="WEB",
        by=By("MEMBER", ref),
        at=clock(),
        language="ko",
        details={"text": "왜 두 번 청구되었나요?"},
        member_ref=ref,
    )
    with writing():
        auditing.note(Deed.VALUE_REVEALED, HANDLER, clock(), subject=ref, words="전화로 문의한 회원")
    return ref


def an_approved_deletion(clock: FakeClock, ref: str) -> str:
    """Return the number of a deletion that the member asked for and somebody else approved."""
    number = requesting.receive(
        Kind.DELETION,
        requester="SELF",
        channel="WEB",
        by=By("MEMBER", ref),
        at=clock(),
        language="ko",
        details={"text": ""},
        member_ref=ref,
    ).number
    requesting.step(number, Word.IDENTITY_CHECK, by=SYSTEM, at=clock())
    for word in (Word.IN_REVIEW, Word.APPROVED):
        requesting.step(number, word, by=HANDLER, roles={Role.HANDLER}, at=clock())
    return number


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return a_member(clock)
