"""Letters leave the outbox: taken once, tried again as long as it makes sense, wiped when they are gone."""

import socket
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db, writing
from portal.records import mails
from portal.records.mails import Mail
from portal.services import delivering, mailing
from portal.services.delivering import Delivered, SmtpCarrier, deliver
from portal.settings import Settings
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed
from tests.fake_clock import FakeClock
from tests.mail.conftest import PostOffice


def state_of(app: Flask) -> tuple[str, int, str, bool]:
    """Return state, attempts, fault of the one letter, and whether its content is still there."""
    with app.app_context():
        mail = db.session.scalars(select(Mail)).one()
        return mail.state, mail.attempts, mail.fault, mail.sealed is not None


def test_a_letter_arrives(app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str) -> None:
    """A real server takes it: Korean subject and text whole, a Message-ID of ours, no automatic answers wanted."""
    assert deliver(app, carrier) == Delivered(sent=1)

    [message] = office.taken
    assert message["To"] == "jiwon.seo@gaon.example"
    assert message["Subject"] == "[MateCost 개인정보] 인증번호 123456"
    assert "인증번호를 요청한 화면에 적어 주세요." in message.get_content()
    assert message["Message-ID"] == f"<{letter}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert state_of(app) == ("SENT", 1, "", False)


def test_a_long_subject_keeps_its_blanks(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, clock: FakeClock
) -> None:
    """Where a line of the header ends, two words stay two."""
    with app.app_context(), writing():
        for language in ("ko", "en"):
            values = {"link": "http://x", "account": "x", "minutes": "30", "number": "R-2026-0001"}
            mailing.post("enter_link", "a@gaon.example", values, key_ref="member-1", language=language, at=clock())

    deliver(app, carrier)

    assert [message["Subject"] for message in office.taken] == [
        "[MateCost 개인정보] 내 개인정보로 들어가는 링크",
        "[MateCost privacy] A link to your data",
    ]


def test_what_is_sent_is_not_sent_again(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str, clock: FakeClock
) -> None:
    """A later pass finds nothing."""
    deliver(app, carrier)
    clock.advance(days=2)

    assert deliver(app, carrier) == Delivered()
    assert len(office.taken) == 1


def test_a_server_that_is_busy_is_asked_again(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str, clock: FakeClock
) -> None:
    """A 4xx answer puts the letter off for a minute, and not a second less; the repeat has the same Message-ID."""
    office.answers = ["451 try later"]

    assert deliver(app, carrier) == Delivered(put_off=1)
    assert state_of(app) == ("WAITING", 1, "SMTPDataError 451", True)
    clock.advance(seconds=59)
    assert deliver(app, carrier) == Delivered()
    clock.advance(seconds=1)
    assert deliver(app, carrier) == Delivered(sent=1)
    assert office.taken[0]["Message-ID"] == f"<{letter}@localhost>"


def test_a_letter_that_is_refused_for_good_is_dead(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A 5xx answer is final; the log names the letter, and nobody's address."""
    office.answers = ["550 no such person"]

    assert deliver(app, carrier) == Delivered(dead=1)
    assert state_of(app) == ("DEAD", 1, "SMTPDataError 550", True)
    assert letter in caplog.text
    assert "gaon.example" not in caplog.text


def test_after_eight_attempts_it_is_given_up(app: Flask, letter: str, clock: FakeClock) -> None:
    """A server that is never there is asked for two days, ever less often."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: every connection is refused
        nobody = SmtpCarrier(f"smtp://127.0.0.1:{taken.getsockname()[1]}", timeout_s=1)
        for wait in (1, 5, 15, 60, 240, 720, 1440):
            assert deliver(app, nobody) == Delivered(put_off=1)
            clock.advance(minutes=wait)

        assert deliver(app, nobody) == Delivered(dead=1)
    assert state_of(app) == ("DEAD", 8, "ConnectionRefusedError", True)


@pytest.mark.parametrize(("answer", "state"), [("250 ok", "SENT"), ("550 no such person", "DEAD")])
def test_a_key_of_its_own_ends_with_the_letter(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, clock: FakeClock, answer: str, state: str
) -> None:
    """While it waits it can be read; taken or refused for good, not even a copy made before can."""
    with app.app_context(), writing():
        words = {"number": "R-2026-0001", "code": "", "link": ""}
        ref = mailing.post("destroyed", "jiwon@home.example", words, key_ref=None, language="ko", at=clock())
    office.answers = ["451 try later", answer]
    deliver(app, carrier)
    with app.app_context():
        assert person_keys.seal_of(ref)
    clock.advance(minutes=1)
    deliver(app, carrier)

    assert state_of(app)[0] == state
    with app.app_context(), pytest.raises(KeyDestroyed):
        person_keys.seal_of(ref)


def test_a_server_that_says_nothing_is_left(app: Flask, letter: str) -> None:
    """A connection that hangs ends with the time-out, and the letter waits."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        carrier = SmtpCarrier(f"smtp://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)

        assert deliver(app, carrier) == Delivered(put_off=1)
    assert state_of(app)[2] == "SMTPServerDisconnected"


def test_a_worker_killed_after_the_handover_repeats_the_same_letter(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ends after ten minutes; the second letter carries the first one's Message-ID."""

    def die(*_: object) -> Delivered:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(delivering, "_keep", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(app, carrier)
    assert deliver(app, carrier) == Delivered()
    clock.advance(minutes=10)

    assert deliver(app, carrier) == Delivered(sent=1)
    assert len({message["Message-ID"] for message in office.taken}) == 1
    assert len(office.taken) == 2


def test_two_workers_never_hold_the_same_letter(app: Flask, letter: str, clock: FakeClock) -> None:
    """What one has leased the other does not find."""
    with app.app_context():
        with writing():
            first = [mail.ref for mail in mails.lease(clock(), clock() + timedelta(minutes=10), 5)]
        with writing():
            second = mails.lease(clock(), clock() + timedelta(minutes=10), 5)

    assert (first, list(second)) == ([letter], [])


def test_a_slow_worker_cannot_undo_what_another_did(app: Flask, letter: str, clock: FakeClock) -> None:
    """Its lease has ended and somebody else has counted another attempt: its word is not heard."""
    with app.app_context():
        for _ in range(2):
            with writing():
                mails.lease(clock(), clock(), 5)
        with writing():
            mails.close(letter, 1, "DEAD", "late")
    assert state_of(app) == ("WAITING", 2, "", True)


def test_a_letter_about_somebody_destroyed_is_called_off(
    app: Flask, carrier: SmtpCarrier, office: PostOffice, letter: str, clock: FakeClock
) -> None:
    """Without the key nobody can read it, and nobody is written to."""
    with app.app_context():
        person_keys.destroy("member-1", clock())

    deliver(app, carrier)

    assert office.taken == []
    assert state_of(app)[0] == "CANCELLED"


def test_without_a_server_letters_become_files(app: Flask, settings: Settings, letter: str) -> None:
    """One file each, closed to others, in a folder that is named to the operator."""
    deliver(app)

    [file] = settings.letters_dir.iterdir()
    assert file.name == f"{letter}.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"jiwon.seo@gaon.example" in file.read_bytes()
    assert Path(file).parent == settings.instance / "mail"


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example\r\nBcc: all@elsewhere.example", "a@b.example, c@d.example"]
)
def test_what_is_no_address_is_refused_before_anything_is_kept(app: Flask, clock: FakeClock, address: str) -> None:
    """One letter goes to one address, and no address begins a header."""
    with app.app_context():
        with pytest.raises(ValueError, match=r".+"):
            post_to(address, clock)
        assert mails.counts() == {}


def post_to(address: str, clock: FakeClock) -> None:
    with writing():
        values = {"code": "1", "minutes": "10"}
        mailing.post("step_up_code", address, values, key_ref="member-1", language="ko", at=clock())
