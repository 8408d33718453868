"""Verifying the audit chain in the store, against somebody who owns the database and not the key."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db, writing_on
from portal.records import audit
from portal.rules.chain import Broken, Intact, Why
from portal.rules.deed import Deed
from portal.services import auditing, verifying
from portal.services.auditing import By
from portal.vault import person_keys
from portal.vault.documents import NotGenuine
from tests.fake_clock import FakeClock
from tests.members.samples import JIWON

HANDLER = By("STAFF", "account-1", "192.0.2.7")
Tamper = Callable[..., None]


@pytest.fixture
def chain(app: Flask, clock: FakeClock) -> Flask:
    """A chain of six rows over two months."""
    with app.app_context():
        from portal.database import writing

        for number in range(6):
            with writing():
                auditing.note(Deed.VALUE_REVEALED, HANDLER, clock() + timedelta(days=4 * number), subject=f"m-{number}")
    return app


@pytest.fixture
def tamper(chain: Flask) -> Tamper:
    """Runs SQL as the owner of the database, who drops the triggers first."""

    def run(*statements: str) -> None:
        with chain.app_context():
            db.session.rollback()
            engine = db.engine
            on = "" if engine.dialect.name == "sqlite" else " ON {}"
            with writing_on(engine) as connection:
                for table, deed in (("audit_events", "update"), ("audit_events", "delete"), ("audit_head", "delete")):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_refuses_{deed}{on.format(table)}"))
                for statement in statements:
                    connection.execute(text(statement))

    return run


def verdict(app: Flask, head: str | None = None) -> Intact | Broken:
    with app.app_context():
        return verifying.check(verifying.imported(head) if head else None).verdict


def exported(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return verifying.exported(clock())


def test_a_chain_that_nobody_touched_is_whole(chain: Flask, clock: FakeClock) -> None:
    """It holds the head that was exported before later rows, and says how many rows it has."""
    head = exported(chain, clock)
    with chain.app_context():
        verifying.shown(clock() + timedelta(days=30), limit=3)

    told = verdict(chain, head)

    assert isinstance(told, Intact)
    assert (told.count, told.head.seq, told.head.segment) == (7, 7, "2026-12")


def test_the_triggers_refuse_first(chain: Flask) -> None:
    """Without dropping them, no row is changed or removed."""
    for statement in ("UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "DELETE FROM audit_head"):
        with (
            chain.app_context(),
            pytest.raises(Exception, match=r"append-only|one head"),
            writing_on(db.engine) as connection,
        ):
            connection.execute(text(statement))

    assert isinstance(verdict(chain), Intact)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        pytest.param("UPDATE audit_events SET actor = 'other' WHERE id = 3", Broken(3, Why.EDITED), id="another actor"),
        pytest.param("UPDATE audit_events SET subject = '' WHERE id = 2", Broken(2, Why.EDITED), id="another subject"),
        pytest.param("UPDATE audit_events SET at = at + 1 WHERE id = 4", Broken(4, Why.EDITED), id="another moment"),
        pytest.param("UPDATE audit_events SET origin = '' WHERE id = 1", Broken(1, Why.EDITED), id="the first row"),
        pytest.param("UPDATE audit_events SET facts = '{ }' WHERE id = 6", Broken(6, Why.EDITED), id="the last row"),
        pytest.param("UPDATE audit_events SET segment = '2026-10' WHERE id = 4", Broken(4, Why.EDITED), id="a month"),
        pytest.param("UPDATE audit_events SET id = 60 WHERE id = 6", Broken(60, Why.EDITED), id="a number"),
        pytest.param("DELETE FROM audit_events WHERE id = 3", Broken(4, Why.MISSING), id="a row removed"),
        pytest.param("DELETE FROM audit_events WHERE id = 1", Broken(2, Why.MISSING), id="the first row removed"),
        pytest.param("DELETE FROM audit_events WHERE id > 4", Broken(6, Why.CUT), id="the tail cut"),
        pytest.param("DELETE FROM audit_events", Broken(6, Why.CUT), id="everything removed"),
        pytest.param(
            "INSERT INTO audit_events SELECT 7, segment, at, actor_kind, actor, origin, subject, deed, about, reason,"
            " facts, commitment, mac, mac FROM audit_events WHERE id = 6",
            Broken(7, Why.EDITED),
            id="a row added",
        ),
        pytest.param("UPDATE audit_head SET seq = 5, count = 5", Broken(6, Why.REPLACED), id="the head set back"),
    ],
)
def test_tampering_is_named(chain: Flask, tamper: Tamper, statement: str, broken: Broken) -> None:
    """The first row that does not fit is told, with the way in which it does not."""
    tamper(statement)

    assert verdict(chain) == broken


def test_rows_exchanged_are_found(chain: Flask, tamper: Tamper) -> None:
    """Two whole rows that take each other's place do not fit any more."""
    tamper(
        "UPDATE audit_events SET id = 99 WHERE id = 2",
        "UPDATE audit_events SET id = 2 WHERE id = 3",
        "UPDATE audit_events SET id = 3 WHERE id = 99",
    )

    assert verdict(chain) == Broken(2, Why.EDITED)


def test_a_tail_cut_with_its_head_is_found_by_the_exported_head(chain: Flask, tamper: Tamper, clock: FakeClock) -> None:
    """Whoever sets the store's own head back leaves a chain that looks whole, but not to a head kept elsewhere."""
    head = exported(chain, clock)
    tamper(
        "UPDATE audit_head SET seq = 4, count = 4,"
        " segment = (SELECT segment FROM audit_events WHERE id = 4), mac = (SELECT mac FROM audit_events WHERE id = 4)",
        "DELETE FROM audit_events WHERE id > 4",
    )

    assert isinstance(verdict(chain), Intact)
    assert verdict(chain, head) == Broken(6, Why.CUT)

    with chain.app_context():  # rows written since then do not hide it
        for _ in range(3):
            verifying.shown(clock() + timedelta(days=30), limit=1)
    assert verdict(chain, head) == Broken(6, Why.REPLACED)


def test_a_persons_destruction_leaves_it_whole(app: Flask, clock: FakeClock) -> None:
    """Words about a person go with the person's key; the rows and their chain stay."""
    from portal.database import writing
    from portal.services.registering import register

    with app.app_context():
        ref = register("7001", JIWON, "SELF", clock()).member_ref
        with writing():
            auditing.note(Deed.VALUE_REVEALED, HANDLER, clock(), subject=ref, words="전화로 본인 확인")
        head = verifying.exported(clock())
        person_keys.destroy(ref, clock())

        assert auditing.words_of(audit.found(limit=5)) == {}
    assert isinstance(verdict(app, head), Intact)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace('"count": 6', '"count": 5'), id="changed"),
        pytest.param(lambda text: "{}", id="no document"),
        pytest.param(lambda text: "", id="nothing"),
    ],
)
def test_a_head_that_was_changed_proves_nothing(chain: Flask, clock: FakeClock, change: Callable[[str], str]) -> None:
    """The document is signed: one that was changed on its way is not taken for a head."""
    head = change(exported(chain, clock))

    with chain.app_context(), pytest.raises(NotGenuine):
        verifying.imported(head)


def test_a_look_is_itself_a_row(chain: Flask, clock: FakeClock) -> None:
    """Rows are shown newest first, by subject and moment, and the next row tells that they were."""
    with chain.app_context():
        some = verifying.shown(clock() + timedelta(days=40), limit=10, subject="m-3")
        late = verifying.shown(clock() + timedelta(days=40), limit=10, since=clock() + timedelta(days=16))

        assert [row.id for row in some] == [4]
        assert [row.id for row in late] == [7, 6, 5]
        assert (late[0].deed, late[0].subject, late[0].facts) == ("audit.viewed", "m-3", '{"rows":1}')
