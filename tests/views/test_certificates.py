"""A certificate says what was signed, to whoever has its code, and names nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from portal.cli import main
from portal.clock import seoul_day
from portal.database import db, writing
from portal.demo.members import SampleMembers
from portal.services import destroying, ordering, registering
from portal.services.auditing import OPERATOR
from portal.vault import certificates
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.samples import profile

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def code(app: Flask, clock: FakeClock) -> str:
    """The code of the certificate of a destruction that was carried out."""
    SampleMembers(app.extensions["portal.settings"].instance / "sample-matecost.db")  # the host's own tables
    with app.app_context():
        ref = registering.register("jiwon", profile(), "SELF", clock()).member_ref
        with writing():
            destruction = ordering.order(ref, "ASKED", event_day=seoul_day(clock()), by=OPERATOR, at=clock())
        db.session.remove()
        destroying.destroy_due(app)
        found = certificates.newest_of(db.engines["keys"], destruction)
        assert found is not None
        return found.code


def test_the_page_tells_what_was_destroyed_and_nobodys_name(browser: MakeBrowser, code: str) -> None:
    """Counts, methods, what is kept and until when; not one value of the person's."""
    page = browser(None).get(f"/certificates/{code}")

    assert page.status_code == 200
    assert "개인정보 파기 확인서" in page.text
    assert "D-2026-0001" in page.text
    assert "회원 정보" in page.text
    assert "암호키 폐기" in page.text
    assert "2027년 11월 23일" in page.text
    assert not [value for value in profile().values() if value in page.text]
    assert "jiwon" not in page.text


def test_the_file_can_be_checked_by_anybody(browser: MakeBrowser, code: str, tmp_path: Path) -> None:
    """The command checks the download with the public key alone, and finds a changed byte."""
    there = browser(None)
    answer = there.get(f"/certificates/{code}.json")
    key, genuine, changed = (tmp_path / name for name in ("key.pem", "genuine.json", "changed.json"))
    key.write_bytes(there.get("/receipt-key.pem").data)
    genuine.write_text(answer.text)
    changed.write_text(answer.text.replace("D-2026-0001", "D-2026-0002"))

    told = CliRunner().invoke(main, ["consent", "verify", str(genuine), "--key", str(key)])
    refused = CliRunner().invoke(main, ["consent", "verify", str(changed), "--key", str(key)])

    assert told.exit_code == 0
    assert f"Certificate {code}" in told.output
    assert "ledger D-2026-0001" in told.output
    assert refused.exit_code == 1
    assert f"matecost-certificate-{code}.json" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("change", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_a_code_may_be_typed_in_many_ways(browser: MakeBrowser, code: str, change: Callable[[str], str]) -> None:
    """Capitals, blanks and hyphens do not matter."""
    page = browser(None).client.get("/verify", query_string={"code": change(code)}, headers={"Accept": "text/html"})

    assert "유효한 확인서입니다." in page.text
    assert f"/certificates/{code}" in page.text


def test_unknown_and_malformed_codes_are_told_alike(browser: MakeBrowser, code: str) -> None:
    """Nobody learns from an answer whether a code was nearly right."""
    last = "0" if code[-1] != "0" else "1"
    there = browser(None)
    answers = [
        there.client.get("/verify", query_string={"code": typed}, headers={"Accept": "text/html"})
        for typed in (code[:-1] + last, "x", "' OR 1=1", "가" * 500)
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert all("이 코드의 확인서를 찾지 못했습니다." in answer.text for answer in answers)
    assert there.get(f"/certificates/{code[:-1]}{last}").status_code == 404


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param("revoked", "취소된 확인서입니다.", id="revoked"),
        pytest.param("superseded", "다른 확인서로 대체되었습니다.", id="superseded"),
    ],
)
def test_a_certificate_that_holds_no_more_says_so(
    app: Flask, browser: MakeBrowser, clock: FakeClock, code: str, state: str, words: str
) -> None:
    """On its page and when it is verified; a superseded one leads to the one in its place."""
    with app.app_context():
        keys = db.engines["keys"]
        kept, _ = certificates.of_code(keys, code) or (None, None)
        assert kept is not None
        if state == "revoked":
            certificates.revoke(keys, code, "WRONG_PERSON", clock())
        else:
            certificates.issue(keys, "NEW", kept.about, kept.body, clock.advance(days=1), supersedes=code)

    there = browser(None)
    page = there.get(f"/certificates/{code}").text
    verified = there.get(f"/verify?code={code}").text

    assert words in page
    assert words in verified
    assert ("/certificates/NEW" in page) == (state == "superseded")


def test_a_forged_certificate_is_never_shown(app: Flask, browser: MakeBrowser, clock: FakeClock, code: str) -> None:
    """What does not bear our signature is a fault of ours, not a page."""
    with app.app_context():
        from portal.rules.certificate import code_of

        forged = code_of(b"0123456789abcdef")
        certificates.issue(db.engines["keys"], forged, "another", '{"record": {}, "proof": {}}', clock())

    answer = browser(None).get(f"/certificates/{forged}")

    assert answer.status_code == 500
    assert "record" not in answer.text


def test_nobody_tries_codes_by_the_hundred(browser: MakeBrowser) -> None:
    """The sixty-first attempt in ten minutes is asked to wait."""
    there = browser(None)
    answers = [there.get("/verify?code=x").status_code for _ in range(61)]

    assert answers[-2:] == [200, 429]
