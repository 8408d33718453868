"""Accounts on both engines: inviting, joining, roles, and never without an officer."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db
from portal.policy.model import Language
from portal.records import audit
from portal.records.mails import Mail
from portal.rules.identifier import IdentifierFault
from portal.rules.password import COMMON
from portal.rules.role import Role
from portal.services import accounts, handling, joining, signing_in
from portal.services.accounts import Refused
from portal.services.auditing import OPERATOR
from portal.services.joining import Faulty, Gone
from portal.services.signing_in import NotSignedIn, SignedIn
from portal.settings import Settings
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.staffing import Colleague, a_colleague

EMAIL, PASSWORD = "yuna.han@cloudmate.example", "five slow trains to Busan"
NONCE = "this browser"


def invite(clock: FakeClock, *roles: Role) -> tuple[str, str]:
    return accounts.invite(EMAIL, "한유나", roles or (Role.HANDLER,), OPERATOR, clock())


def code_of(secret: str, clock: FakeClock) -> str:
    return Colleague("", "", secret=secret).code(clock())


def join(token: str, clock: FakeClock, password: str = PASSWORD, nonce: str = NONCE) -> str:
    secret = joining.invitation(token, nonce, clock()).secret
    return joining.join(token, nonce, password, code_of(secret, clock), "192.0.2.7", clock())


def test_who_is_invited_joins_and_is_signed_in(app: Flask, clock: FakeClock) -> None:
    """The link leads to a session, and from then on password and code do."""
    with app.app_context():
        ref, token = invite(clock)
        offered = joining.invitation(token, NONCE, clock())
        who = signing_in.who_is(join(token, clock), clock())
        clock.advance(minutes=1)
        again = signing_in.sign_in(EMAIL, PASSWORD, code_of(offered.secret, clock), "192.0.2.7", clock())

        assert isinstance(who, SignedIn)
        assert (who.account_ref, who.roles) == (ref, {Role.HANDLER})
        assert isinstance(signing_in.who_is(again, clock()), SignedIn)
        assert [row.deed for row in reversed(audit.found(limit=9, about=ref))] == [
            "staff.invited",
            "role.granted",
            "staff.joined",
            "signed.in",
            "signed.in",
        ]


def test_every_spelling_of_an_address_leads_to_its_account(app: Flask, clock: FakeClock) -> None:
    """Two people whose addresses differ in capitals only have one account between them, and each is told of it."""
    with app.app_context():
        ref, _ = invite(clock)
        found = accounts.of_emails({EMAIL, EMAIL.capitalize(), "nobody@cloudmate.example"})

        assert {email: account.ref for email, account in found.items()} == {EMAIL: ref, EMAIL.capitalize(): ref}


def test_the_link_is_good_once(app: Flask, clock: FakeClock) -> None:
    """Neither the second use, nor a use after three days, nor one after a newer link is taken."""
    with app.app_context():
        _, token = invite(clock)
        join(token, clock)
        with pytest.raises(Gone):
            joining.invitation(token, NONCE, clock())

        other = accounts.invite("minho@cloudmate.example", "박민호", [Role.HANDLER], OPERATOR, clock())[1]
        newer = accounts.invite("minho@cloudmate.example", "박민호", [Role.HANDLER], OPERATOR, clock())[1]
        with pytest.raises(Gone):
            joining.invitation(other, NONCE, clock())
        clock.advance(days=3)
        with pytest.raises(Gone):
            joining.invitation(newer, NONCE, clock())


def test_the_secret_is_this_browsers(app: Flask, clock: FakeClock) -> None:
    """Whoever read the same mail first was shown another secret, and looking changes nothing."""
    with app.app_context():
        _, token = invite(clock)

        assert joining.invitation(token, "a", clock()) == joining.invitation(token, "a", clock())
        assert joining.invitation(token, "a", clock()).secret != joining.invitation(token, "b", clock()).secret


def test_a_bad_password_or_code_leaves_the_link_good(app: Flask, clock: FakeClock) -> None:
    """Each fault is told at its own field, and the link can be tried again."""
    with app.app_context():
        _, token = invite(clock)
        with pytest.raises(Faulty) as told:
            joining.join(token, NONCE, "qwerty123456", "000000", "192.0.2.7", clock())

        assert (told.value.password, told.value.code) == (COMMON, True)
        assert join(token, clock)


def test_a_reset_sets_both_factors_again(app: Flask, clock: FakeClock) -> None:
    """After a reset the mailed link sets a new password and a new app, and the old ones stay worthless."""
    with app.app_context():
        who = a_colleague(clock(), Role.HANDLER)
        token = accounts.reset(who.ref, OPERATOR, clock())

        session = join(token, clock)

        assert isinstance(signing_in.who_is(session, clock()), SignedIn)
        clock.advance(minutes=1)
        with pytest.raises(NotSignedIn):
            signing_in.sign_in(who.email, who.password, who.code(clock()), "192.0.2.7", clock())


def test_another_password(app: Flask, clock: FakeClock) -> None:
    """The old password and a code allow a new one; the old session ends, and a wrong old password changes nothing."""
    with app.app_context():
        who = a_colleague(clock(), Role.HANDLER)
        old = signing_in.sign_in(who.email, who.password, who.code(clock()), "192.0.2.7", clock())
        clock.advance(minutes=1)
        with pytest.raises(NotSignedIn):
            joining.change_password(who.ref, "wrong", PASSWORD, who.code(clock()), "192.0.2.7", clock())

        new = joining.change_password(who.ref, who.password, PASSWORD, who.code(clock()), "192.0.2.7", clock())

        assert isinstance(signing_in.who_is(new, clock()), SignedIn)
        assert signing_in.who_is(old, clock()) == "ELSEWHERE"
        clock.advance(minutes=1)
        assert signing_in.sign_in(who.email, PASSWORD, who.code(clock()), "192.0.2.7", clock())


def test_who_is_active_is_not_invited_again(app: Flask, clock: FakeClock) -> None:
    """However the address is written; and what is no address is refused."""
    with app.app_context():
        who = a_colleague(clock(), Role.HANDLER)
        with pytest.raises(Refused, match="KNOWN"):
            accounts.invite(who.email.upper(), "이도현", [Role.HANDLER], OPERATOR, clock())
        with pytest.raises(IdentifierFault):
            accounts.invite("no address", "이도현", [Role.HANDLER], OPERATOR, clock())


def test_there_is_always_an_officer(app: Flask, clock: FakeClock) -> None:
    """The last active officer is neither disabled nor stripped; one who was only invited does not count."""
    with app.app_context():
        last = a_colleague(clock(), Role.OFFICER)
        invite(clock, Role.OFFICER)
        with pytest.raises(Refused, match="LAST_OFFICER"):
            accounts.disable(last.ref, OPERATOR, clock())
        with pytest.raises(Refused, match="LAST_OFFICER"):
            accounts.revoke(last.ref, Role.OFFICER, OPERATOR, clock())
        a_colleague(clock(), Role.OFFICER, email="second@cloudmate.example")

        accounts.revoke(last.ref, Role.OFFICER, OPERATOR, clock())

        assert accounts.addresses_of(Role.OFFICER)[0][1:] == ("second@cloudmate.example", "ko")


def test_who_is_disabled_keeps_nothing(app: Flask, clock: FakeClock) -> None:
    """Roles, designation and open links end with the account; invited anew, the person begins without them."""
    with app.app_context():
        who = a_colleague(clock(), Role.HANDLER, Role.AUDITOR)

        accounts.disable(who.ref, OPERATOR, clock())

        gone = accounts.of_ref(who.ref)
        assert gone is not None
        assert (gone.state, gone.roles) == ("DISABLED", frozenset())
        assert handling.handler_of(who.ref, clock().date()).verdict.code == "DESIGNATION_ENDED"
        with pytest.raises(Refused, match="DISABLED"):
            accounts.reset(who.ref, OPERATOR, clock())
        ref, token = accounts.invite(who.email, "이도현", [Role.HANDLER], OPERATOR, clock())
        join(token, clock)
        back = accounts.of_ref(ref)
        assert back is not None
        assert (ref, back.state, back.roles) == (who.ref, "ACTIVE", {Role.HANDLER})


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", "MateCost 개인정보 데스크에 초대되었습니다."), ("en", "You are invited to the MateCost privacy desk.")],
)
def test_the_link_is_mailed_and_nowhere_in_the_clear(
    app: Flask, clock: FakeClock, settings: Settings, language: Language, words: str
) -> None:
    """The letter speaks the person's language; its text, and so the link, is sealed in the outbox."""
    with app.app_context():
        ref, token = accounts.invite(EMAIL, "한유나", [Role.HANDLER], OPERATOR, clock(), language)
        mail = db.session.scalars(select(Mail)).one()
        letter = person_keys.seal_of(ref).open("mails", "sealed", mail.sealed or b"", mail.ref)

    assert (mail.kind, mail.about, letter["to"]) == ("staff_invite", ref, EMAIL)
    assert words in letter["text"]
    assert f"http://127.0.0.1:8000/privacy/desk/join?token={token}" in letter["text"]
    assert "2026-11-26 12:00" in letter["text"]
    for file in settings.instance.glob("*.db*"):
        assert token.encode() not in file.read_bytes()


def test_who_is_locked_out_is_written_to(app: Flask, clock: FakeClock) -> None:
    """The holder learns of five failures, until when, and from which address the last one came."""
    with app.app_context():
        who = a_colleague(clock(), Role.HANDLER)
        for _ in range(6):
            with pytest.raises(NotSignedIn):
                signing_in.sign_in(who.email, "wrong", "000000", "192.0.2.7", clock())
        mail = db.session.scalars(select(Mail).where(Mail.kind == "staff_locked")).one()
        letter = person_keys.seal_of(who.ref).open("mails", "sealed", mail.sealed or b"", mail.ref)

    assert "2026-11-23 12:15까지" in letter["text"]
    assert "192.0.2.7" in letter["text"]
