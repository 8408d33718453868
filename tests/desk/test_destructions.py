"""The desk sees how far each destruction is and what it needs, and nobody's name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal.database import db, writing
from portal.holdings.connected_map import read_systems
from portal.records import destructions
from portal.rules.role import Role
from portal.services import destroying, ordering
from portal.services.auditing import OPERATOR
from portal.settings import Settings
from tests.desk.samples import a_member
from tests.destruction.receiver import declared
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser

AtDesk = Callable[..., Browser]
LIST = "/desk/destructions"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)


@pytest.fixture
def ref(app: Flask, clock: FakeClock, tmp_path: Path) -> str:
    """A destruction of Jiwon's data that a switched-off system and a person's evidence hold up."""
    path = declared(tmp_path, "http://127.0.0.1:9/destroy", enabled=False, person=True)
    app.extensions["portal.systems"] = read_systems(path)
    with app.app_context():
        member = a_member(clock())
        with writing():
            made = ordering.order(member, "ASKED", event_day=clock().date(), by=OPERATOR, at=clock())
        db.session.remove()
        destroying.destroy_due(app)
    return made


def task(app: Flask, ref: str, kind: str) -> int:
    with app.app_context():
        destruction = destructions.of_ref(ref)
        assert destruction is not None
        return next(one.id for one in destructions.tasks_of([destruction.id])[destruction.id] if one.kind == kind)


def test_the_list_says_what_is_the_matter(at_desk: AtDesk, ref: str) -> None:
    """By ledger number; each view has its own, and an empty one says so."""
    handler = at_desk(Role.HANDLER)
    page = handler.get(f"{LIST}?view=attention").text

    assert "D-2026-0001" in page
    assert "이 시스템과의 연결이 꺼져 있습니다." in page
    assert ref in page
    assert JIWON not in page
    assert "D-2026-0001" in handler.get(f"{LIST}?view=evidence").text
    assert "여기에 해당하는 파기가 없습니다" in handler.get(f"{LIST}?view=done").text


def test_a_requests_destructions_are_all_shown(app: Flask, at_desk: AtDesk, clock: FakeClock) -> None:
    """Done ones too, until a state is chosen, which keeps to the request; without a request what is under way comes."""
    with app.app_context():
        for name, number in ((JIWON, "R-2026-0001"), (MINHO, "R-2026-0002")):
            ref = a_member(clock(), name)
            with writing():
                ordering.order(ref, "ASKED", event_day=clock().date(), by=OPERATOR, at=clock(), request_number=number)
        db.session.remove()
        destroying.destroy_due(app)
    handler = at_desk(Role.HANDLER)
    whole = handler.get(f"{LIST}?request=R-2026-0001").text
    chosen = handler.get(f"{LIST}?view=done&request=R-2026-0001").text

    assert "D-2026-0001" in whole
    assert "D-2026-0002" not in whole
    assert 'aria-current="true">전체<' in whole
    assert f'href="{LIST}?view=done&amp;request=R-2026-0001"' in whole
    assert "D-2026-0002" not in chosen
    assert "D-2026-0001" in chosen
    assert "여기에 해당하는 파기가 없습니다" in handler.get(LIST).text


def test_evidence_settles_what_no_machine_can(app: Flask, at_desk: AtDesk, clock: FakeClock, ref: str) -> None:
    """A fault is told at its field and what was typed is kept; then both are settled and the certificate is there."""
    handler = at_desk(Role.HANDLER)
    page = handler.get(f"{LIST}/{ref}").text
    assert "고객 관리" in page
    assert "연결을 켜고 다시 시도해 주세요." in page
    assert "문서 보관소" in page

    where = f"{LIST}/{ref}/evidence"
    fields = {"task": str(task(app, ref, "WEBHOOK")), "on": "2026-11-23", "office": "", "note": "문서 7호"}
    refused = handler.post(where, fields)
    assert refused.status_code == 422
    assert "확인해 준 곳을 적어 주세요." in refused.text
    assert "문서 7호" in refused.text

    assert handler.post(where, {**fields, "office": "고객지원팀"}).status_code == 303
    fields |= {"task": str(task(app, ref, "EVIDENCE")), "office": "문서관리팀"}
    assert handler.post(where, fields).status_code == 303
    with app.app_context():
        destroying.destroy_due(app)
    done = handler.get(f"{LIST}/{ref}").text
    assert "문서관리팀 확인" in done
    assert "파기 확인서 보기" in done
    assert JIWON not in done


def test_it_is_tried_again_once(app: Flask, at_desk: AtDesk, ref: str) -> None:
    """Pressed twice, the second says that it was done; a task of another destruction is none of this page's."""
    handler = at_desk(Role.HANDLER)
    again, fields = f"{LIST}/{ref}/again", {"task": str(task(app, ref, "WEBHOOK"))}

    assert "다시 시도합니다." in handler.post(again, fields, follow_redirects=True).text
    assert "이미 다시 시도했거나" in handler.post(again, fields, follow_redirects=True).text
    assert handler.post(again, {"task": "999999"}).status_code == 404
    assert handler.get(f"{LIST}/nothing").status_code == 404


def test_who_only_reads_may_enter_nothing(app: Flask, at_desk: AtDesk, ref: str) -> None:
    """The auditor sees every step and no form."""
    auditor = at_desk(Role.AUDITOR)

    assert "증빙 등록" not in auditor.get(f"{LIST}/{ref}").text
    assert auditor.post(f"{LIST}/{ref}/again", {"task": str(task(app, ref, "WEBHOOK"))}).status_code == 403
