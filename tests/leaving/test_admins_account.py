"""A company's admin who leaves is a member and has an account: both go, and what was done under it stays."""

from pathlib import Path

import pytest
from flask import Flask

from portal.database import db, end_reading, writing
from portal.records import accounts, audit, members, requests
from portal.rules.progress import Word
from portal.services import accounts as people_here
from portal.services import leaving
from portal.services.auditing import By
from portal.services.delivering import deliver
from portal.services.destroying import destroy_due
from portal.services.replaying import replay
from portal.settings import Settings
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed
from tests.fake_clock import FakeClock
from tests.leaving.conftest import HANDLER, SECOND, Join, advance, report
from tests.leaving.test_bytes import copied, found_in, readable

MARKS = ("hr@gaon.example", "second@gaon.example", "한지우")


def test_an_admins_account_goes_with_the_leaver(
    app: Flask,
    clock: FakeClock,
    settings: Settings,
    gaon: str,
    admin: By,
    join: Join,
    engine_name: str,
    tmp_path: Path,
) -> None:
    """Of an account, and of one that was ended long before, neither name nor address can be read any more, not in
    yesterday's store either; the audit rows lead to a blanked account, and a replay after a restore blanks it again."""
    with app.app_context():
        second, hr = people_here.of_email("second@gaon.example"), members.of_host("hr")
        assert second is not None
        assert hr is not None
        mine = report(gaon, clock(), join("minho"), reporter=admin.ref, reply_to="hr@gaon.example").number
        people_here.disable(second.ref, HANDLER, clock())
        number = report(gaon, clock(), hr.ref, join("second"), reply_to="").number
        leaving.tell_some(clock())
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        advance(number, clock(), Word.APPROVED, by=SECOND)
        clock.advance(days=4)
        leaving.order_some(clock())
        assert people_here.names_of([admin.ref]) == {admin.ref: "한지우"}
        end_reading()
        copies = [copied(settings, tmp_path / "ordered.db")] if engine_name == "sqlite" else []
        destroy_due(app)
        db.session.remove()

        kept = {one.ref: one for one in accounts.of_refs([admin.ref, second.ref])}
        for ref in (admin.ref, second.ref):
            assert (kept[ref].state, kept[ref].sealed, kept[ref].email_index) == ("DISABLED", b"", ref.encode())
            assert kept[ref].company_ref == gaon
            with pytest.raises(KeyDestroyed):
                person_keys.seal_of(ref)
        assert (people_here.of_ref(admin.ref), people_here.of_email("hr@gaon.example")) == (None, None)
        assert {event.deed for event in audit.found(limit=9, about=admin.ref)} >= {"staff.invited", "staff.disabled"}
        reported = requests.of_number(mine)
        assert reported is not None
        assert (reported.sealed, reported.ended_at) == (None, None)
        if engine_name == "sqlite":
            assert found_in(settings, MARKS) == {}
            deliver(app)
            end_reading()
            assert readable([copied(settings, tmp_path / "destroyed.db")], MARKS) == {}
            assert readable(copies, MARKS).keys() == {"mails", "requests"}  # where the open report is answered

        with writing():
            accounts.change(admin.ref, clock(), sealed=b"restored", email_index=b"restored", state="INVITED")
        replay(clock())
        restored = accounts.of_ref(admin.ref)
        assert restored is not None
        assert (restored.state, restored.sealed, restored.email_index) == ("DISABLED", b"", admin.ref.encode())
