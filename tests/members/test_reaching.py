"""Reaching: which mailboxes open an account, and which are only told."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.records import audit, members
from portal.services import entering, reaching, registering, requesting
from portal.services.auditing import By
from tests.fake_clock import FakeClock
from tests.mail.letters import letters, path_in
from tests.members.samples import TRADER, profile

HOME = "jiwon@home.example"


def join(clock: FakeClock, name: str, **facts: str) -> str:
    told = {"email": f"{name}@gaon.example", "login_id": f"{name}-id", "personal_contact": HOME}
    return registering.register(name, profile(**(told | facts)), "EMPLOYER", clock()).member_ref


def prove(clock: FakeClock, ref: str) -> bool:
    contact = reaching.contact_of(ref)
    assert contact is not None
    return reaching.prove_contact(ref, contact.mark, By("MEMBER", ref), "ko", clock())


def mails_for(clock: FakeClock, typed: str, *, company: str = "") -> list[tuple[str, str | None]]:
    """Return for each link that was written to whoever typed this: where it went, and whose account it opens."""
    before = len(letters("enter_link"))
    clock.advance(minutes=11)
    entering.ask(typed, "ko", "192.0.2.1", clock(), company=company)
    written = entering.write_links(clock())
    found = letters("enter_link")[before:]
    assert written == len(found)
    opened = [entering.enter(path_in(one).split("token=")[1].split("&")[0], "", clock()) for one in found]
    return [
        (one["to"], token and entering.host_id_of(token, clock())) for one, token in zip(found, opened, strict=True)
    ]


def test_a_contact_opens_nothing_before_it_is_proved(app: Flask, clock: FakeClock) -> None:
    """Then it opens the account, however it is typed; the registered address goes on to, and hears of it once."""
    with app.app_context():
        ref = join(clock, "jiwon")
        before = mails_for(clock, HOME), mails_for(clock, "jiwon@gaon.example")
        proved = [prove(clock, ref), prove(clock, ref)]
        after = (
            mails_for(clock, "JIWON@Home.example"),
            mails_for(clock, "jiwon@gaon.example"),
            mails_for(clock, "jiwon-id"),
        )

        assert before == ([], [("jiwon@gaon.example", "jiwon")])
        assert proved == [True, True]
        assert after == ([(HOME, "jiwon")], *[[("jiwon@gaon.example", "jiwon")]] * 2)
        assert [letter["to"] for letter in letters("contact_opens")] == ["jiwon@gaon.example"]
        assert [row.deed for row in audit.found(limit=9, subject=ref)].count("contact.proved") == 1


def test_a_colleagues_address_as_ones_own_takes_nothing_over(app: Flask, clock: FakeClock) -> None:
    """The colleague comes in as ever, to their own account alone; the one who named the address gets nothing there."""
    with app.app_context():
        join(clock, "mallory", personal_contact="jiwon@gaon.example")
        join(clock, "jiwon", personal_contact="010-1234-5678")

        assert mails_for(clock, "jiwon@gaon.example") == [("jiwon@gaon.example", "jiwon")]
        assert mails_for(clock, "mallory@gaon.example") == [("mallory@gaon.example", "mallory")]


def test_an_address_that_reads_like_an_id_is_no_other_persons(app: Flask, clock: FakeClock) -> None:
    """Whoever calls themselves by somebody's address does not come between them and their account."""
    with app.app_context():
        join(clock, "mallory", login_id=HOME, personal_contact="")
        prove(clock, join(clock, "jiwon"))

        assert mails_for(clock, HOME) == [(HOME, "jiwon")]


def test_accounts_of_one_mailbox_are_told_apart(app: Flask, clock: FakeClock) -> None:
    """Each has a letter that names it and a link to it alone; the company narrows; too many are nobody."""
    with app.app_context():
        for name, facts in {
            "jiwon": {},
            "minho": {"company_name": "도담상사", "business_registration_number": TRADER},
        }.items():
            prove(clock, join(clock, name, **facts))
        join(clock, "new-job", email=HOME, personal_contact="")
        everyone = mails_for(clock, HOME)
        named = [line for one in letters("enter_link")[-3:] for line in one["text"].splitlines() if "계정" in line]
        narrowed = mails_for(clock, HOME, company="도담상사")
        for name in ("a", "b", "c"):
            join(clock, name, email=HOME, personal_contact="")

        assert everyone == [(HOME, "new-job"), (HOME, "jiwon"), (HOME, "minho")]
        assert named == [
            "들어갈 계정: 가온유통(주) ji***@home.example",
            "들어갈 계정: 가온유통(주) ji***@gaon.example",
            "들어갈 계정: 도담상사 mi***@gaon.example",
        ]
        assert narrowed == [(HOME, "minho")]
        assert mails_for(clock, HOME) == []


@pytest.mark.parametrize("contact", ["other@home.example", "010-1234-5678", ""])
def test_another_contact_ends_the_proof(app: Flask, clock: FakeClock, contact: str) -> None:
    """Whoever changes it, by whatever way: neither address opens anything, and a code on its way proves nothing."""
    with app.app_context():
        ref = join(clock, "jiwon")
        prove(clock, ref)
        mark = reaching.contact_of(ref).mark  # type: ignore[union-attr]
        registering.change(ref, {"personal_contact": contact}, clock() + timedelta(hours=1))
        late = reaching.prove_contact(ref, mark, By("MEMBER", ref), "ko", clock())
        member = members.of_ref(ref)

        assert not late
        assert mails_for(clock, HOME) == []
        assert mails_for(clock, contact or HOME) == []
        assert member is not None
        assert reaching.mailbox_of(member) == "jiwon@gaon.example"


def test_letters_about_a_request_go_where_its_member_reads(app: Flask, clock: FakeClock) -> None:
    """Once it is proved, the personal contact hears of one's own requests: the company never reads it."""
    from portal.rules.deadline import Kind

    with app.app_context():
        ref = join(clock, "jiwon")
        for nonce in ("before", "after"):
            requesting.receive(
                Kind.ACCESS,
                requester="SELF",
                channel="WEB",
                by=By("MEMBER", ref),
                at=clock(),
                language="ko",
                details={},
                member_ref=ref,
                nonce=nonce,
            )
            prove(clock, ref)

        assert [letter["to"] for letter in letters("request_received")] == ["jiwon@gaon.example", HOME]


def test_an_unproved_address_stands_for_nobody_who_asks(app: Flask, clock: FakeClock) -> None:
    """Staff find whose contact it is, but log no request for whoever writes from it; a telephone they can call back,
    and an address is somebody's e-mail before it is another's contact."""
    with app.app_context():
        ref = join(clock, "jiwon")
        other = join(clock, "minho", email="minho@home.example", personal_contact="010-1234-5678")
        join(clock, "mallory", personal_contact="minho@home.example")
        asked = {text: reaching.named(text, as_asking=True) for text in (HOME, "01012345678", "minho@home.example")}
        looked = reaching.named(HOME)
        prove(clock, ref)
        proved = reaching.named(" Jiwon@home.example ", as_asking=True)

        assert {text: (item, [one.ref for one in found]) for text, (item, found) in asked.items()} == {
            HOME: ("email", []),
            "01012345678": ("personal_contact", [other]),
            "minho@home.example": ("email", [other]),
        }
        assert [(item, [one.ref for one in found]) for item, found in (looked, proved)] == [
            ("personal_contact", [ref]),
            ("personal_contact", [ref]),
        ]
