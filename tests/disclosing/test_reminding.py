"""The officers are reminded of a processor that is to be checked, once for each day that is due."""

from datetime import date

from flask import Flask

from portal.database import db
from portal.records.mails import Mail
from portal.rules.role import Role
from portal.services import entrusting, reminding
from portal.services.auditing import OPERATOR
from tests.fake_clock import FakeClock
from tests.staffing import a_colleague


def letters() -> list[str]:
    return [mail.about for mail in db.session.query(Mail).filter_by(kind="supervision_due")]


def test_an_officer_hears_a_month_before(app: Flask, clock: FakeClock) -> None:
    """The seeded entry is due after a year: a month before, and not earlier, every officer hears of it, once."""
    with app.app_context():
        a_colleague(clock(), Role.OFFICER)
        a_colleague(clock(), Role.HANDLER, email="handler@cloudmate.example")
        clock.advance(days=334)
        assert (reminding.remind(clock()), letters()) == (0, [])

        clock.advance(days=1)
        assert (reminding.remind(clock()), letters()) == (1, ["kicc"])
        assert reminding.remind(clock.advance(days=7)) == 0


def test_a_check_moves_the_reminder(app: Flask, clock: FakeClock) -> None:
    """After a check the next day is reminded of, too; an ended entry never again."""
    with app.app_context():
        a_colleague(clock(), Role.OFFICER)
        clock.advance(days=350)
        assert reminding.remind(clock()) == 1
        entrusting.supervise("kicc", date(2027, 11, 8), "서면", "양호", date(2028, 2, 1), OPERATOR, clock())
        assert reminding.remind(clock()) == 0
        clock.advance(days=60)
        assert reminding.remind(clock()) == 1
        entrusting.end("kicc", date(2028, 1, 1), "DESTROYED", "확인서", OPERATOR, clock())
        assert reminding.remind(clock.advance(days=300)) == 0
