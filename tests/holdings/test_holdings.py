"""Holdings: what one finds is what it exports, and what it destroys is not found again."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from portal.database import writing
from portal.errors import ConfigurationError
from portal.holdings import Subject, Unreachable, holdings
from portal.holdings.host import HostRows, map_faults
from portal.holdings.host_map import read_map
from portal.policy.model import Policy
from portal.records import members
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.services import auditing, registering, requesting, showing
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.members.samples import KEPT, profile


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> Subject:
    """A registered member with a request, a letter that waits and a view by staff."""
    with app.app_context():
        ref = registering.register("jiwon", profile(), "SELF", clock()).member_ref
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
            auditing.note(Deed.VALUE_REVEALED, By("STAFF", "h-1"), clock(), subject=ref, words="전화 문의")
    return Subject(ref, "jiwon")


def named(key: str):  # type: ignore[no-untyped-def]
    return next(holding for holding in holdings() if holding.key == key)


def test_everything_found_is_an_item_of_the_policy(
    app: Flask, clock: FakeClock, jiwon: Subject, policy: Policy
) -> None:
    """Each value that a member is shown has its item, and so its purpose, period and article."""
    with app.app_context():
        pieces = [piece for holding in holdings() for piece in holding.find(jiwon, clock())]

    items = {item.key for item in policy.items}
    assert pieces
    assert {piece.item for piece in pieces} <= items


def test_the_host_is_asked_by_its_map(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """What the host holds of this member is found, and of nobody else; a column that is no item is not shown."""
    with app.app_context():
        found = named("host:host_members").find(jiwon, clock())

    assert {piece.item: piece.value for piece in found} == {
        "email": "jiwon.seo@gaon.example",
        "personal_contact": "010-1234-5678",
        "company_name": "가온유통(주)",
    }


def test_what_is_destroyed_is_not_found_again(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """Every holding is asked again after its destruction, and has nothing; a second destruction finds nothing to do."""
    with app.app_context():
        counted = {holding.key: holding.count(jiwon) for holding in holdings()}
        with changing_standing():
            destroyed = {holding.key: holding.destroy(jiwon, clock()) for holding in holdings()}
        left = {holding.key: holding.verify(jiwon) for holding in holdings()}
        with changing_standing():
            again = {holding.key: holding.destroy(jiwon, clock()) for holding in holdings()}

        assert destroyed == counted
        assert destroyed["profile"] == 1
        assert destroyed["requests"] == 1
        assert destroyed["letters"] == 1
        assert destroyed["traces"] == 1
        assert destroyed["host:host_members"] == 1
        assert set(left.values()) == {0}
        assert set(again.values()) == {0}
        assert members.of_ref(jiwon.member_ref) is None


def test_others_keep_theirs(app: Flask, clock: FakeClock, jiwon: Subject, host: Engine) -> None:
    """The host's rows of another member are as they were; an erased row keeps what is nobody's."""
    with app.app_context(), changing_standing():
        for holding in holdings():
            holding.destroy(jiwon, clock())

    with host.connect() as connection:
        assert connection.scalars(text("SELECT id FROM host_members")).all() == ["minho"]
        bills = connection.execute(text("SELECT no, mail, note, won FROM host_bills ORDER BY no")).all()
    assert [tuple(bill) for bill in bills] == [(1, None, "", 1200), (2, "minho.park@gaon.example", "", 900)]


def test_the_export_holds_what_the_page_shows(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """Profile, request with its words, letters by kind, and who looked: nothing that is shown is left out."""
    with app.app_context():
        exported = {
            holding.key: list(holding.export(jiwon, clock()))
            for holding in holdings()
            if holding.key != "access_records"
        }

    assert {item: exported["profile"][0][item] for item in KEPT} == KEPT
    assert exported["requests"][0]["details"] == {"text": "왜 두 번 청구되었나요?"}
    assert exported["letters"][0]["kind"] == "request_received"
    assert exported["traces"][0]["deed"] == "value.revealed"
    assert exported["traces"][0]["words"] == "전화 문의"
    assert exported["host:host_bills"] == [{"email": "jiwon.seo@gaon.example"}]


def test_a_host_that_cannot_be_asked_is_named(app: Flask, clock: FakeClock, jiwon: Subject, host: Engine) -> None:
    """A missing table is told as unreachable, and never as an empty one."""
    with host.begin() as connection:
        connection.execute(text("DROP TABLE host_bills"))

    with app.app_context():
        with pytest.raises(Unreachable) as told:
            named("host:host_bills").find(jiwon, clock())
        with pytest.raises(Unreachable):
            named("host:host_bills").destroy(jiwon, clock())
    assert told.value.where.en == "MateCost"


def test_a_map_that_does_not_fit_is_told_whole(settings: Settings, host: Engine) -> None:
    """Every table and column that the host does not have is named at once."""
    assert map_faults(settings) == []
    with host.begin() as connection:
        connection.execute(text("ALTER TABLE host_members DROP COLUMN nickname"))
        connection.execute(text("DROP TABLE host_bills"))

    assert map_faults(settings) == [
        "PORTAL_HOST_MAP: host_members.nickname: the host has no such column",
        "PORTAL_HOST_MAP: host_bills: the host has no such table",
    ]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        pytest.param('"personal_contact"', '"shoe_size"', "got the item 'shoe_size'", id="an item unknown"),
        pytest.param('"host_members"', '"a; DROP TABLE x"', "expected letters, digits and _", id="no name"),
        pytest.param('"delete"', '"burn"', "burn", id="an unknown way to destroy"),
        pytest.param('"host_bills"', '"host_members"', "stands twice", id="a table twice"),
        pytest.param("also", "otherwise", "unknown field `otherwise`", id="an unknown field"),
        pytest.param("[[tables]]", "[[table", "", id="no TOML"),
    ],
)
def test_a_faulty_map_is_refused(tmp_path: Path, before: str, after: str, fault: str) -> None:
    """The portal does not start on a map that it would have to guess about."""
    from tests.holdings.conftest import MAP

    path = tmp_path / "map.toml"
    path.write_text(MAP.replace(before, after, 1), "utf-8")

    with pytest.raises(ConfigurationError) as told:
        read_map(path)
    assert fault in str(told.value)


@pytest.mark.parametrize("host_id", ["' OR '1'='1", 'jiwon"; --', "%", ""])
def test_an_odd_id_finds_nobody(app: Flask, clock: FakeClock, host_id: str) -> None:
    """The host's id of a member is bound, never written into SQL."""
    with app.app_context():
        hosts = [holding for holding in holdings() if isinstance(holding, HostRows)]

        assert [holding.find(Subject("nobody", host_id), clock()) for holding in hosts] == [[], []]


def test_a_host_that_is_down_is_waited_for_once(
    app: Flask, clock: FakeClock, jiwon: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first table finds that the host does not answer; the next are told at once, and asked again after a while."""
    now = [100.0]
    tried = []
    with app.app_context():
        members_table, bills = named("host:host_members"), named("host:host_bills")

        def connect() -> None:
            tried.append(now[0])
            raise OperationalError("connect", {}, Exception("down"))

        monkeypatch.setattr(members_table._store._engine, "connect", connect)
        monkeypatch.setattr("portal.holdings.host.time.monotonic", lambda: now[0])
        for holding in (members_table, bills):
            with pytest.raises(Unreachable):
                holding.find(jiwon, clock())
        now[0] += 10
        with pytest.raises(Unreachable):
            bills.find(jiwon, clock())
    monkeypatch.undo()

    assert tried == [100.0, 110.0]


def test_sources_that_differ_are_told_apart(app: Flask, clock: FakeClock, jiwon: Subject, host: Engine) -> None:
    """The same number in two forms is one value; another one stands beside it, each with the place that holds it."""
    with app.app_context():
        alike = showing.held_of(jiwon, clock()).values["personal_contact"]
        with host.begin() as connection:
            connection.execute(text("UPDATE host_members SET phone = '010-9999-0000' WHERE id = 'jiwon'"))
        differing = showing.held_of(jiwon, clock()).values["personal_contact"]

    assert list(alike) == ["010-1234-5678"]
    assert {value: [place.en for place in places] for value, places in differing.items()} == {
        "010-1234-5678": ["the privacy portal"],
        "010-9999-0000": ["MateCost's records (host_members)"],
    }
