"""What uses people's data says what for: letters, files that leave, the host's tables; else nothing starts."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from flask import Flask

from portal import create_app, letters
from portal.errors import ConfigurationError
from portal.policy.loading import load, shipped
from portal.services import publishing
from portal.settings import Settings
from portal.views import downloads

VIEWS = Path(downloads.__file__).parent
ATTACHES = re.compile(r"Content-Disposition|as_attachment|download_name")


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def test_files_leave_through_one_door_only() -> None:
    """No view attaches a file by itself, where nobody would ask what for."""
    assert [path.name for path in sorted(VIEWS.glob("*.py")) if ATTACHES.search(path.read_text("utf-8"))] == [
        "downloads.py"
    ]


def test_every_file_that_leaves_is_one_that_there_is(app: Flask) -> None:
    """A purpose without an endpoint is not kept."""
    assert set(downloads.PURPOSES) <= set(app.view_functions)


def test_a_letter_without_a_registered_duty_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault is told at once: the letter and the file."""
    monkeypatch.setattr(letters, "DUTIES", {"newsletter": "because we can", **letters.DUTIES})
    monkeypatch.setattr(
        downloads,
        "PURPOSES",
        {
            "me.receipt_file": "marketing",
        },
    )

    with pytest.raises(ConfigurationError) as refused:
        create_app(settings)

    assert "portal/letters: newsletter: got the purpose 'because we can'" in str(refused.value)
    assert "portal/views/downloads.py: me.receipt_file: got the purpose 'marketing'" in str(refused.value)


def test_a_table_used_for_what_was_not_told_does_not_start(settings: Settings, tmp_path: Path) -> None:
    """The host's map names a purpose that the policy does not tell of that item."""
    written = tmp_path / "map.toml"
    written.write_text(
        'name = { ko = "호스트", en = "host" }\n[[tables]]\ntable = "members"\nkey = "id"\n'
        'purposes = ["payment_notice"]\non_destroy = "delete"\ncolumns = { mail = "email" }\n',
        "utf-8",
    )

    with pytest.raises(ConfigurationError) as refused:
        create_app(replace(settings, host_map=written, host_store=f"sqlite:///{tmp_path}/host.db"))

    assert "PORTAL_HOST_MAP: members: got 'payment_notice' for email" in str(refused.value)


def test_a_version_that_drops_a_purpose_in_use_is_not_published(app: Flask) -> None:
    """The sample's table of usage alerts goes on using the contact, so the purpose cannot vanish beneath it."""
    old = load(shipped()[-1])
    dropped = tuple(
        msgspec.structs.replace(item, purposes=tuple(key for key in item.purposes if key != "usage_alert"))
        for item in old.items
    )
    new = msgspec.structs.replace(old, version="2027-01-01", items=dropped)
    at = datetime(2026, 11, 28, 3, tzinfo=UTC)

    with app.app_context(), pytest.raises(publishing.StillUsed) as refused:
        publishing.publish(new, at, at)

    assert refused.value.uses == (
        "PORTAL_HOST_MAP: matecost_usage_alerts: got 'usage_alert' for personal_contact; the policy in force tells "
        "bill, payment, payment_notice, service",
    )
    with app.app_context():
        assert publishing.version_named("2027-01-01") is None
