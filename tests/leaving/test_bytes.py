"""From an uploaded list to the certificate nothing of the people in it stands in any file, before or after."""

from pathlib import Path

import pytest
from flask import Flask

from portal.database import db
from portal.records import members, uploads
from portal.rules.progress import Word
from portal.services import leaving, listing
from portal.services.auditing import By
from portal.services.destroying import destroy_due
from portal.settings import Settings
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed
from tests.fake_clock import FakeClock
from tests.leaving.conftest import Join, advance

MARKS = (b"minho@gaon.example", b"minho-the-sample", b"haneul@gaon.example", b"stranger@elsewhere.example")
LIST = (
    "email,leave_date\nminho@gaon.example,2026-10-31\nhaneul@gaon.example,2026-10-31\n"
    "stranger@elsewhere.example,2026-10-31\n"
)


@pytest.fixture
def engine_name() -> str:
    return "sqlite"  # PostgreSQL has no file of ours


def found_in(settings: Settings) -> dict[str, list[bytes]]:
    """Return which of the marks stand in which file of the installation."""
    files = {path: path.read_bytes() for path in Path(settings.instance).rglob("*") if path.is_file()}
    return {path.name: found for path, content in files.items() if (found := [one for one in MARKS if one in content])}


def test_a_list_leaves_no_byte_behind(
    app: Flask, clock: FakeClock, settings: Settings, gaon: str, admin: By, join: Join
) -> None:
    """The uploaded file lies sealed while it is read and judged, its key ends when it is sent, strangers in it go at
    once; after the destruction neither the list nor the people can be read, not even from yesterday's rows."""
    refs = [join("minho"), join("haneul")]
    with app.app_context():
        yesterday = {member.ref: member.sealed for member in members.of_refs(refs)}
        upload = listing.upload("leavers.csv", LIST.encode(), company_ref=gaon, account_ref=admin.ref, at=clock())
        assert found_in(settings) == {}

        number = listing.send(upload, by=admin, at=clock(), language="ko", reply_to="").number
        kept = uploads.of_ref(upload)
        assert kept is not None
        assert (kept.state, uploads.pages_of(kept.id, -10_000, 10_000)) == ("SENT", {})
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(upload)

        leaving.tell_some(clock())
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        clock.advance(days=4)
        assert leaving.order_some(clock()) == 2
        db.session.remove()
        destroy_due(app)
        db.session.remove()

        assert members.of_refs(refs) == []
        assert found_in(settings) == {}
        for ref, sealed in yesterday.items():
            assert sealed is not None
            with pytest.raises(KeyDestroyed):
                person_keys.seal_of(ref).open("members", "sealed", sealed)
