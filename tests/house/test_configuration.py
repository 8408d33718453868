"""Whoever configures reads the truth: every setting is described, with the default that the code takes."""

import re
from dataclasses import fields
from pathlib import Path

from portal.settings import Settings, env_name

ROOT = Path(__file__).parents[2]


def rows() -> dict[str, str]:
    """Return the described variables with their defaults, as they are written."""
    table = (ROOT / "docs" / "configuration.md").read_text("utf-8").partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", table, re.MULTILINE))


def test_every_setting_is_described_once_and_nothing_else() -> None:
    """The table has one row for each setting, in the order of the settings."""
    assert list(rows()) == [env_name(field.name) for field in fields(Settings)]


def test_the_defaults_are_told_as_they_are(tmp_path: Path) -> None:
    """A default that is a plain value stands in the table as the code has it."""
    settings = Settings.from_environ({"PORTAL_INSTANCE": str(tmp_path)})
    plain = ("identity", "forwarded_header", "public_url", "drain_interval_s", "language", "mail_from")

    described = rows()

    for field in plain:
        assert described[env_name(field)] == f"`{getattr(settings, field)}`"
    for field in ("main_store", "keys_store", "access_store", "separated_store", "journal"):
        told = str(getattr(settings, field)).replace(str(tmp_path), "<instance>")
        assert described[env_name(field)] == f"`{told}`"


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    """Every variable that a page of ours names is one that the portal reads."""
    known = {env_name(field.name) for field in fields(Settings)}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

    named = {name for page in pages for name in re.findall(r"\bPORTAL_[A-Z_]+\b", page.read_text("utf-8"))}

    assert {name for name in named - known if not name.startswith("PORTAL_TEST_")} == set()
