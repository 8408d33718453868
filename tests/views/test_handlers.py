"""Screen 21: who handles personal data, seen by the officer and the auditor, changed by the officer alone."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db
from portal.records.mails import Mail
from portal.rules.role import Role
from portal.services import accounts, handling
from portal.services.auditing import OPERATOR
from portal.views.guarding import AGAIN
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.staffing import SECRET, Colleague

MakeBrowser = Callable[..., Browser]
YUNA = "yuna.han@cloudmate.example"


@pytest.fixture
def officer(at_desk: MakeBrowser) -> Browser:
    return at_desk(Role.OFFICER, name="이도현", email="dohyeon.lee@cloudmate.example")


@pytest.fixture
def yuna(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return accounts.invite(YUNA, "한유나", [Role.HANDLER], OPERATOR, clock())[0]


def code(clock: FakeClock) -> str:
    return Colleague("", "", secret=SECRET).code(clock())


def test_designating_and_training_open_the_desk(officer: Browser, yuna: str) -> None:
    """The officer designates with a reason and records a course; the list tells both, and when the next one is due."""
    designated = officer.post(
        f"/desk/handlers/{yuna}/designation", {"since": "2026-11-23", "until": "", "reason": "고객지원 담당"}
    )
    told = officer.get(designated.location).text
    officer.post(
        f"/desk/handlers/{yuna}/trainings",
        {"course": "개인정보 보호 기본", "trained_on": "2026-11-20", "minutes": "60"},
    )
    page = officer.get("/desk/handlers").text

    assert "취급자로 지정했습니다." in told
    assert "교육 없음" in told
    row = page[page.index("한유나") : page.index("</tr>", page.index("한유나"))]
    for words in ("열림", "2026-11-23부터", "고객지원 담당", "2026-11-20", "D-362", "2027-11-20"):
        assert words in row
    assert "yu******@cloudmate.example" in row
    history = officer.get(f"/desk/handlers/{yuna}").text.partition("이력")[2]
    assert "2026-11-20, 개인정보 보호 기본, 60분" in history
    assert "이도현" in history


def test_ending_closes_at_once(app: Flask, officer: Browser, yuna: str, clock: FakeClock) -> None:
    """The end needs a reason, and stands in the history."""
    with app.app_context():
        handling.designate(yuna, clock().date(), None, "고객지원 담당", OPERATOR, clock())

    refused = officer.post(f"/desk/handlers/{yuna}/designation/end", {"end_reason": " "})
    officer.post(f"/desk/handlers/{yuna}/designation/end", {"end_reason": "업무 변경"})

    assert refused.status_code == 422
    assert "지정을 끝내는 이유를 적어 주세요." in refused.text
    page = officer.get(f"/desk/handlers/{yuna}").text
    assert "지정 끝남" in page
    assert "2026-11-23부터, 업무 변경" in page


@pytest.mark.parametrize(
    ("path", "fields", "words", "kept"),
    [
        ("designation", {"since": "내일", "reason": "상담"}, "날짜를 2026-11-23처럼 적어 주세요.", "상담"),
        ("designation", {"since": "2026-11-23", "reason": ""}, "지정하는 이유를 적어 주세요.", "2026-11-23"),
        (
            "designation",
            {"since": "2026-11-24", "until": "2026-11-24", "reason": "상담"},
            "끝나는 날은 시작하는 날과 오늘보다 뒤여야 합니다.",
            "상담",
        ),
        ("designation", {"since": "2026-11-23", "reason": "x" * 201}, "200자까지 적을 수 있습니다.", "x" * 201),
        (
            "designation",
            {"since": "2026-11-23", "reason": "4111 1111 1111 1111"},
            "카드번호로 보이는 숫자는 받지 않으니 지워 주세요.",
            "2026-11-23",
        ),
        (
            "trainings",
            {"course": "기본", "trained_on": "2026-11-24", "minutes": "60"},
            "아직 오지 않은 날의 교육은 적을 수 없습니다.",
            "기본",
        ),
        (
            "trainings",
            {"course": "기본", "trained_on": "2026-11-20", "minutes": "한 시간"},
            "교육 시간을 분으로 적어 주세요.",
            "한 시간",
        ),
    ],
)
def test_what_cannot_be_taken_is_told_and_kept(
    officer: Browser, yuna: str, path: str, fields: dict[str, str], words: str, kept: str
) -> None:
    """Each fault stands at its field and in the summary; what was typed is still there, and nothing was written."""
    answer = officer.post(f"/desk/handlers/{yuna}/{path}", fields)

    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert f'value="{kept}"' in answer.text
    assert officer.get(f"/desk/handlers/{yuna}").text.count("운영자 명령") == 1


def test_the_auditor_reads_and_changes_nothing(at_desk: MakeBrowser, officer: Browser, yuna: str) -> None:
    """No form is shown to the auditor, the whole address neither, and a form sent all the same is refused."""
    auditor = at_desk(Role.AUDITOR)

    page = auditor.get(f"/desk/handlers/{yuna}").text
    answer = auditor.post(f"/desk/handlers/{yuna}/designation", {"since": "2026-11-23", "reason": "상담"})

    assert "<form" not in page[page.index("<main") : page.index("</main>")]
    assert YUNA not in page
    assert answer.status_code == 403
    assert YUNA in officer.get(f"/desk/handlers/{yuna}").text


def test_nobody_designated_is_said(app: Flask, at_desk: MakeBrowser) -> None:
    """While nobody may handle a request, the page says so and what to do."""
    page = at_desk(Role.OFFICER, designated=False, trained_on=None).get("/desk/handlers").text

    assert "지정된 취급자가 없습니다." in page


def test_an_unknown_person_is_not_found(officer: Browser) -> None:
    """A reference that nobody has, or that is none, is 404 wherever it is used."""
    assert '<header class="rail">' in officer.get("/desk/handlers/x").text
    for ref in ("x" * 26, "x"):
        assert officer.get(f"/desk/handlers/{ref}").status_code == 404
        for path in ("designation", "designation/end", "trainings", "account"):
            fields = {"since": "2026-11-23", "reason": "상담", "end_reason": "상담", "deed": "reset"}
            course = {"course": "기본", "trained_on": "2026-11-20", "minutes": "60"}
            assert officer.post(f"/desk/handlers/{ref}/{path}", {**fields, **course}).status_code == 404


def test_inviting_from_the_desk(app: Flask, officer: Browser) -> None:
    """The officer gives an address, a name and roles; a role that nobody gives here is not looked at."""
    answer = officer.post(
        "/desk/handlers/invite",
        {"email": YUNA, "name": "한유나", "language": "en", "role": ["HANDLER", "COMPANY_ADMIN"], "state": "ACTIVE"},
    )

    assert answer.status_code == 303
    with app.app_context():
        person = accounts.of_email(YUNA)
    assert person is not None
    assert (person.state, person.language, person.roles) == ("INVITED", "en", {Role.HANDLER})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "no address"}, "이메일을 name@company.example처럼 입력해 주세요."),
        ({"email": "dohyeon.lee@cloudmate.example"}, "이미 계정이 있는 사람입니다."),
        ({"role": []}, "권한을 하나 이상 골라 주세요."),
        ({"name": ""}, "이름을 적어 주세요."),
    ],
)
def test_an_invitation_that_cannot_be_sent_is_told(officer: Browser, fields: dict[str, str], words: str) -> None:
    """The fault is told and the rest of the form kept."""
    answer = officer.post("/desk/handlers/invite", {"email": YUNA, "name": "한유나", "role": ["HANDLER"], **fields})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_change_of_accounts_asks_for_the_code_again(
    app: Flask, officer: Browser, yuna: str, clock: FakeClock
) -> None:
    """Six minutes after signing in the code is asked for, what was sent is kept, and the deed follows the right code;
    a wrong code and a used one do nothing."""
    clock.advance(minutes=6)
    path, deed = f"/desk/handlers/{yuna}/account", {"deed": "grant:AUDITOR"}

    asked = officer.post(path, deed)
    wrong = officer.post(path, {**deed, AGAIN: "000000"})
    with app.app_context():
        meanwhile = accounts.of_ref(yuna)
    done = officer.post(path, {**deed, AGAIN: code(clock)})
    clock.advance(minutes=4)
    fresh = officer.post(path, {"deed": "revoke:AUDITOR"})
    with app.app_context():
        afterwards = accounts.of_ref(yuna)

    assert asked.status_code == wrong.status_code == 403
    assert '<input type="hidden" name="deed" value="grant:AUDITOR">' in asked.text
    assert "앱에 지금 나오는 인증번호를 적어 주세요." in wrong.text
    assert meanwhile is not None
    assert meanwhile.roles == {Role.HANDLER}
    assert done.status_code == 303
    assert fresh.status_code == 303
    assert afterwards is not None
    assert afterwards.roles == {Role.HANDLER}


def test_the_last_officer_stays(app: Flask, officer: Browser) -> None:
    """Nobody can close the desk behind themselves; the page says what to do first."""
    with app.app_context():
        person = accounts.of_email("dohyeon.lee@cloudmate.example")
    assert person is not None

    for deed in ("revoke:OFFICER", "disable"):
        answer = officer.post(f"/desk/handlers/{person.ref}/account", {"deed": deed})
        assert answer.status_code == 422
        assert "다른 보호책임자를 먼저 세워 주세요." in answer.text


def test_an_invitation_is_sent_again(app: Flask, officer: Browser, yuna: str) -> None:
    """Who has not come yet is mailed another link; who has come can be reset and signed out instead."""
    page = officer.get(f"/desk/handlers/{yuna}").text
    answer = officer.post(f"/desk/handlers/{yuna}/account", {"deed": "invite"})
    with app.app_context():
        me = accounts.of_email("dohyeon.lee@cloudmate.example")
        letters = db.session.scalars(select(Mail.kind).where(Mail.about == yuna)).all()
    assert me is not None
    mine = officer.get(f"/desk/handlers/{me.ref}").text

    assert answer.status_code == 303
    assert list(letters) == ["staff_invite", "staff_invite"]
    assert ('value="invite"' in page, 'value="reset"' in page) == (True, False)
    assert ('value="invite"' in mine, 'value="reset"' in mine) == (False, True)
