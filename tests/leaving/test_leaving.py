"""Leaving: reported people are stopped at once, told, and destroyed after their days and an approval."""

from datetime import date, timedelta

import pytest
from flask import Flask

from portal.database import db, end_reading, writing
from portal.records import audit, destructions, leavers, requests
from portal.records.leavers import Leaver, Objection
from portal.records.mails import Mail
from portal.rules.deadline import Kind
from portal.rules.leaving import LONGEST_OBJECTION, OBJECTION_DAYS
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.services import exercising, leaving, ordering, proving, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.exercising import Asking
from portal.services.leaving import Leaving, NobodyToReport
from portal.services.requesting import NoSuchRequest
from portal.settings import Settings
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.leaving.conftest import ADMIN, HANDLERS, LEFT, OTHER_COMPANY, SECOND, Join, advance, is_closed, report
from tests.members.samples import profile


def rows(number: str) -> list[Leaver]:
    request = requests.of_number(number)
    assert request is not None
    return list(leavers.of_request(request.id))


def job(app: Flask, clock: FakeClock) -> dict[str, int]:
    """Run the job, as another thread would, and see what it left."""
    done = leaving.tell_and_order(app, clock())
    end_reading()
    return done


def letters(kind: str) -> list[dict[str, str]]:
    found = db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)).all()
    return [person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref) for mail in found]


def test_the_settings_are_within_the_rule(settings: Settings) -> None:
    """The days to object that may be set are those that the rule allows."""
    assert (settings.objection_days, OBJECTION_DAYS, LONGEST_OBJECTION) == (3, 3, 4)


def test_who_is_reported_is_stopped_at_once(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """A report has a number and five days; its people are closed at the gate and audited, their colleagues are not."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        filed = report(gaon, clock(), minho, sora)
        standing = requesting.stand_of(filed.number, clock())
        events = audit.found(limit=10, deed="account.suspended")

        assert [is_closed(host_id) for host_id in ("minho", "sora", "jiwon")] == [True, True, False]
        assert {(event.subject, event.about) for event in events} == {(minho, filed.number), (sora, filed.number)}
        assert [(row.member_ref, row.left_on, row.reported_on, row.telling) for row in rows(filed.number)] == [
            (minho, LEFT, date(2026, 11, 23), "WAITING"),
            (sora, LEFT, date(2026, 11, 23), "WAITING"),
        ]
        assert destructions.of_member(minho) is None
        assert audit.head().count > 0
    assert (filed.number, filed.due_day, filed.made) == ("R-2026-0001", date(2026, 11, 28), True)
    assert (standing.request.member_ref, standing.request.approvals) == (None, 1)
    assert [event.word for event in standing.events] == ["RECEIVED", "IDENTITY_CHECK"]


def test_only_ones_own_people_are_reported_and_once(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Another company's people, strangers, who is reported already and whose destruction was ordered are left out."""
    from portal.services import registering

    minho, sora = join("minho"), join("sora")
    with app.app_context():
        theirs = profile(email="other@other.example", login_id="other", **OTHER_COMPANY)
        other = registering.register("other", theirs, "SELF", clock())
        first = report(gaon, clock(), minho)
        second = report(gaon, clock(), minho, sora, other.member_ref, "a" * 26)
        with writing():
            ordering.order(sora, "ASKED", event_day=LEFT, by=SYSTEM, at=clock())
        with pytest.raises(NobodyToReport):
            report(gaon, clock(), minho, sora, other.member_ref)

        assert [row.member_ref for row in rows(first.number)] == [minho]
        assert [row.member_ref for row in rows(second.number)] == [sora]
        assert not is_closed("other")
        assert requests.of_number("R-2026-0003") is None


def test_the_same_form_twice_is_one_report(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """A double click gives the first number again."""
    minho = join("minho")
    with app.app_context():
        first, second = (report(gaon, clock(), minho, nonce="upload-1") for _ in range(2))

    assert (first.made, second.made, first.number) == (True, False, second.number)


def test_two_approve_a_long_list_or_an_admin(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Eleven people need two approvals, ten need one; an admin of the company always needs two."""
    from portal.records import accounts
    from tests.staffing import a_colleague

    refs = [join(f"leaver{number}") for number in range(22)]
    with app.app_context():
        admin = a_colleague(clock(), email="leaver21@gaon.example")
        with writing():
            accounts.change(admin.ref, clock(), company_ref=gaon)
        numbers = [report(gaon, clock(), *some).number for some in (refs[:10], refs[10:21], refs[21:])]
        needed = [requesting.stand_of(number, clock()).request.approvals for number in numbers]

    assert needed == [1, 2, 2]


def test_the_reporter_never_approves(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Whoever reported cannot approve, whatever roles they have."""
    with app.app_context():
        number = report(gaon, clock(), join("minho")).number
        advance(number, clock(), Word.IN_REVIEW)
        with pytest.raises(StepRefused):
            requesting.step(number, Word.APPROVED, by=ADMIN, roles=HANDLERS, at=clock())


def test_members_are_told_where_they_read(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Each by mail, once at each of their addresses, with a link of their own; whoever reported has a letter that names
    nobody."""
    minho, sora = join("minho"), join("sora", personal_contact="Sora@HOME.example")
    with app.app_context():
        number = report(gaon, clock(), minho, sora).number
        done = [job(app, clock)["told"] for _ in range(2)]
        told = letters("leaver_reported")
        [received] = letters("leavers_received")
        token = told[0]["text"].split("/privacy/objections?token=")[1].split()[0]

        assert done == [2, 0]
        assert [letter["to"] for letter in told] == ["minho@gaon.example", "Sora@home.example", "sora@gaon.example"]
        assert told[1]["text"] == told[2]["text"] != told[0]["text"]
        assert "2026-11-26까지" in told[0]["text"]
        assert "가온유통" in told[0]["subject"]
        assert proving.stands_for(token, "OBJECTION", clock()) == str(rows(number)[0].id)
        assert [(row.telling, row.told_at) for row in rows(number)] == [("TOLD", clock())] * 2
    assert received["to"] == "admin@gaon.example"
    assert f"/privacy/org/requests/{number}" in received["text"]
    assert "gaon.example" not in received["text"]


@pytest.mark.parametrize(
    ("profile", "addresses"),
    [
        (
            {"personal_contact": "minho@home.example", "email": "minho@gaon.example"},
            ("minho@home.example", "minho@gaon.example"),
        ),
        ({"personal_contact": "Minho@gaon.example", "email": "minho@gaon.example"}, ("minho@gaon.example",)),
        ({"personal_contact": "+821012345678", "email": "minho@gaon.example"}, ("minho@gaon.example",)),
        ({"personal_contact": "+821012345678"}, ()),
        ({}, ()),
    ],
)
def test_the_personal_contact_is_told_too(profile: dict[str, str], addresses: tuple[str, ...]) -> None:
    """Who has left may not read the company's mailbox any more; a telephone number is no address, and one mailbox
    hears it once."""
    assert leaving.addresses_of(profile) == addresses


def test_an_approval_orders_after_the_days_to_object(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Approved on the first day, the destruction is ordered on the fifth: three days to object are over then."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        number = report(gaon, clock(), minho, sora).number
        job(app, clock)
        standing = advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        assert destructions.of_member(minho) is None
        ordered = {}
        for day in range(6):
            ordered[day] = job(app, clock)["ordered"]
            clock.advance(days=1)
        made = [destructions.of_member(ref) for ref in (minho, sora)]

        assert standing.state.detail == "WAITING_FOR_DESTRUCTION"
        assert {day: count for day, count in ordered.items() if count} == {4: 2}
        assert [
            (one.reason, one.event_day, one.request_number, one.batch_ref, one.approver) for one in made if one
        ] == [("LEFT_COMPANY", LEFT, number, standing.request.ref, "handler-1")] * 2
        assert {row.ordered_at for row in rows(number)} == {clock() - timedelta(days=2)}


def test_nobody_is_destroyed_untold(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """After a week without a run the days to object begin on the day on which the members are written to."""
    minho = join("minho")
    with app.app_context():
        number = report(gaon, clock(), minho).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        clock.advance(days=7)
        first = job(app, clock)
        clock.advance(days=4)
        second = job(app, clock)

        assert [(one["told"], one["ordered"]) for one in (first, second)] == [(1, 0), (0, 1)]
        assert rows(number)[0].reported_on == date(2026, 11, 30)


def test_one_of_two_approvals_orders_nothing(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The mark is set by the second approval, by somebody else."""
    refs = [join(f"leaver{number}") for number in range(11)]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        half = {row.approved_at for row in rows(number)}
        advance(number, clock(), Word.APPROVED, by=SECOND)
        whole = {row.approved_at for row in rows(number)}

    assert (half, whole) == ({None}, {clock()})


def test_who_objected_is_not_marked(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """An approval passes over an objection that waits to be judged, and over nobody else."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        number = report(gaon, clock(), minho, sora).number
        job(app, clock)
        with writing():
            leavers.object_to(Objection(leaver_id=rows(number)[0].id, made_at=clock()))
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        clock.advance(days=5)
        ordered = job(app, clock)["ordered"]

        assert [row.approved_at is None for row in rows(number)] == [True, False]
        assert ordered == 1
        assert destructions.of_member(minho) is None


@pytest.mark.parametrize("how", ["refused", "taken back"])
def test_accounts_come_back(app: Flask, clock: FakeClock, gaon: str, join: Join, how: str) -> None:
    """What a report closed is open again when it is refused or taken back; what somebody else closed stays closed."""
    minho, sora, dain = join("minho"), join("sora"), join("dain")
    with app.app_context():
        exercising.suspend(Asking("sora", "192.0.2.9", "ko", "form-1"), clock())
        number = report(gaon, clock(), minho, sora, dain).number
        exercising.delete(Asking("dain", "192.0.2.9", "ko", "form-2"), clock())
        if how == "refused":
            advance(number, clock(), Word.IN_REVIEW)
            advance(number, clock(), Word.REFUSED, reason="NOT_A_LEAVER")
        else:
            leaving.take_back(number, company_ref=gaon, by=ADMIN, at=clock())

        assert [is_closed(host_id) for host_id in ("minho", "sora", "dain")] == [False, True, True]
        assert {row.end for row in rows(number)} == {"TAKEN_BACK"}
        assert report(gaon, clock(), minho).made


def test_a_report_is_taken_back_by_its_company_alone(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Another company finds nothing, a decided one stays, and an objection cannot be run away from."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        first, second = report(gaon, clock(), minho).number, report(gaon, clock(), sora).number
        with pytest.raises(NoSuchRequest):
            leaving.take_back(first, company_ref="b" * 26, by=ADMIN, at=clock())
        advance(first, clock(), Word.IN_REVIEW, Word.APPROVED)
        with pytest.raises(StepRefused):
            leaving.take_back(first, company_ref=gaon, by=ADMIN, at=clock())
        with writing():
            leavers.object_to(Objection(leaver_id=rows(second)[0].id, made_at=clock()))
        with pytest.raises(StepRefused):
            leaving.take_back(second, company_ref=gaon, by=ADMIN, at=clock())

        assert is_closed("minho")
        assert is_closed("sora")


def test_a_refusal_that_falls_begins_anew(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Approved after an objection to the refusal, its people are closed and told again, with new days to object."""
    minho = join("minho")
    with app.app_context():
        number = report(gaon, clock(), minho).number
        job(app, clock)
        advance(number, clock(), Word.IN_REVIEW)
        advance(number, clock(), Word.REFUSED, reason="NOT_A_LEAVER")
        requesting.step(number, Word.OBJECTED, by=By("STRANGER", ADMIN.ref), at=clock(), words="퇴사가 맞습니다.")
        clock.advance(days=2)
        advance(number, clock(), Word.RE_REVIEWED, Word.APPROVED, by=SECOND)
        [row] = rows(number)

        assert (row.end, row.telling, row.reported_on) == (None, "WAITING", date(2026, 11, 25))
        assert row.approved_at == clock()
        assert is_closed("minho")
        assert job(app, clock) == {"told": 1, "ordered": 0, "ended": 0}


def test_after_two_wrong_reports_the_staff_come_first(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The third report closes nobody and tells nobody until somebody of the staff has let it in."""
    minho, sora, dain = join("minho"), join("sora"), join("dain")
    with app.app_context():
        for ref in (minho, sora):
            number = report(gaon, clock(), ref).number
            with writing():
                leavers.end_of(rows(number)[0].request_id, "WRONG", clock())
        number = report(gaon, clock(), dain).number
        told = job(app, clock)["told"]
        before = is_closed("dain")
        clock.advance(days=1)
        advance(number, clock(), Word.IDENTITY_CHECK)

        assert (before, told) == (False, 0)
        assert is_closed("dain")
        assert rows(number)[0].reported_on == date(2026, 11, 24)
        assert job(app, clock)["told"] == 1


def test_an_hr_system_reports_the_same(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """`active=false` files a report in the host's name, once; of somebody unknown it says nothing."""
    join("minho")
    with app.app_context():
        filed, again, nobody = (leaving.left(host, LEFT, clock()) for host in ("minho", "minho", "nobody"))
        assert filed is not None
        standing = requesting.stand_of(filed.number, clock())

        assert (again, nobody) == (None, None)
        assert is_closed("minho")
        assert [(row.reporter, row.company_ref) for row in rows(filed.number)] == [("HOST", gaon)]
    assert standing.kind is Kind.LEAVER
    assert [event.actor_kind for event in standing.events] == ["HOST", "SYSTEM"]


def test_a_killed_job_goes_on(
    app: Flask, clock: FakeClock, gaon: str, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after any chunk, telling and ordering are done once for everybody by the next run."""
    refs = [join(f"leaver{number}") for number in range(5)]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        for when, step in ((0, leaving.tell_some), (5, leaving.order_some)):
            clock.advance(days=when)
            assert step(clock(), 2) == 2
            with monkeypatch.context() as patch:
                deed = "_tell" if step is leaving.tell_some else "_order"
                patch.setattr(leaving, deed, lambda *_: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    step(clock(), 2)
            job(app, clock)

        assert len(letters("leaver_reported")) == 5
        assert all(row.ordered_at for row in rows(number))
        assert len(destructions.unfinished(10)) == 5


def test_a_report_ends_when_everybody_in_it_has(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """One destroyed and one upheld make a report that is partly done; the person's own deletion counts as well."""
    from portal.services import destroying

    minho, sora, dain = join("minho"), join("sora"), join("dain")
    with app.app_context():
        number = report(gaon, clock(), minho, sora, dain).number
        job(app, clock)
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        with writing():
            leavers.end_of(rows(number)[1].request_id, "WRONG", clock(), member_refs=[sora])
            ordering.order(dain, "ASKED", event_day=LEFT, by=SYSTEM, at=clock())
        destroying.destroy_due(app)
        end_reading()
        between = requesting.stand_of(number, clock()).state.status
        clock.advance(days=5)
        job(app, clock)
        destroying.destroy_due(app)
        end_reading()
        after = requesting.stand_of(number, clock())

        assert (between, after.state.status, after.events[-1].reason) == (
            "IN_PROGRESS",
            "PARTLY_DONE",
            "MEMBER_OBJECTED",
        )
        assert [row.end for row in rows(number)] == ["RIGHT", "WRONG", "RIGHT"]


def test_leaving_person(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Nobody who is about to be destroyed opens the account again, whoever closed it first."""
    minho = join("minho")
    with app.app_context():
        exercising.suspend(Asking("minho", "192.0.2.9", "ko", "form-1"), clock())
        assert exercising.may_resume("minho")
        leaving.report(gaon, [Leaving(minho, LEFT)], reporter=ADMIN.ref, by=ADMIN, at=clock(), language="ko")

        assert not exercising.may_resume("minho")
