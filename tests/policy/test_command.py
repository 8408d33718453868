import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal import create_app
from portal.cli import policy as command
from portal.database import db
from portal.records import audit, policy_drafts
from portal.services import publishing
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.policy.samples import a_copy


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.policy, arguments, catch_exceptions=False)


def test_check_tells_that_the_shipped_policies_are_sound() -> None:
    """Without a file, check looks at every shipped policy and ends well."""
    result = run("check")

    assert result.exit_code == 0
    assert (
        "2021-02-04.toml: version 2021-02-04, 12 articles, 10 items, asked at the gate: member, access" in result.output
    )


def test_check_tells_every_fault_and_ends_with_one(tmp_path: Path) -> None:
    """A file with two faults prints two lines, counts them and ends with status 1."""
    path = a_copy(tmp_path)
    text = path.read_text(encoding="utf-8").replace("period = { years = 1 }", "period = { days = 3 }")
    path.write_text(text.replace('group = "ACCESS"', 'group = "SECRET"', 1), encoding="utf-8")

    result = run("check", str(path))

    assert result.exit_code == 1
    assert "items[cookie].group" in result.stderr
    assert "retention_rules[fraud].period.days" in result.stderr
    assert "2 faults; nothing is published." in result.stderr


def test_an_unknown_name_tells_what_there_is() -> None:
    """A name that is neither file nor shipped version is refused with the versions there are."""
    result = run("show", "2020-01-01")

    assert result.exit_code == 2
    assert "no such file, and no shipped version; those are 2021-02-04" in result.stderr


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", "제2-1조. 회원과 법정대리인의 권리와 행사 방법"), ("en", "Article 2-1. Rights of members")],
    ids=["ko", "en"],
)
def test_show_prints_the_whole_policy(language: str, words: str) -> None:
    """Every article and both consent texts are printed in the language asked for."""
    result = run("show", "2021-02-04", "--language", language)

    assert result.exit_code == 0
    assert words in result.output
    assert "@matecost" in result.output
    assert "[access] consent" in result.output


def test_show_of_a_faulty_file_tells_its_faults(tmp_path: Path) -> None:
    """A policy with a fault is not printed; its faults are."""
    path = a_copy(tmp_path)
    (tmp_path / "2021-02-04" / "en" / "10.md").unlink()

    result = run("show", str(path))

    assert result.exit_code == 1
    assert "2021-02-04/en/10.md: the file: got nothing readable" in result.stderr


def test_lint_prints_findings_with_source_and_date() -> None:
    """The lint tells article, both sayings, the source and the day it was verified."""
    result = run("lint", "--language", "en")

    assert result.exit_code == 0
    assert "5  MEDIUM  access_record_period" in result.output
    assert "Protection of Communications Secrets Act Decree art. 41(2); 2026-11-23" in result.output
    assert "28 findings." in result.output


def test_lint_as_json_is_a_list_in_both_languages() -> None:
    """The JSON is one list whose entries hold the same fields as the findings."""
    findings = json.loads(run("lint", "--json").output)

    assert len(findings) == 28
    assert set(findings[0]) == {"key", "article", "severity", "policy_says", "law_says", "source", "verified_on"}
    assert set(findings[0]["law_says"]) == {"ko", "en"}


@pytest.mark.parametrize(
    ("moment", "told"),
    [("tomorrow", "is no ISO 8601 moment"), ("2026-12-01T00:00:00", "has no zone; write 2026-12-01T00:00:00+09:00")],
    ids=["no moment", "no zone"],
)
def test_publish_wants_a_moment_with_a_zone(moment: str, told: str) -> None:
    """A moment that could mean two is refused before any store is opened."""
    result = run("publish", "2021-02-04", "--effective-at", moment)

    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def a_later_version(folder: Path, *replacements: tuple[str, str]) -> str:
    """Return the path of a copy that is version 2027-01-01, with some texts replaced at their first place."""
    path = a_copy(folder)
    text = path.read_text(encoding="utf-8").replace('version = "2021-02-04"', 'version = "2027-01-01"')
    text = text.replace("effective_on = 2021-02-04", "effective_on = 2027-01-01")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path.unlink()
    path.with_suffix("").rename(folder / "2027-01-01")
    (folder / "2027-01-01.toml").write_text(text, encoding="utf-8")
    return str(folder / "2027-01-01.toml")


@pytest.fixture
def versions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes the command use this test's portal; the names of the versions published before."""
    monkeypatch.setattr(command, "portal_app", lambda: app)
    with app.app_context():
        return [one.policy.version for one in publishing.versions()]


def test_a_dry_run_tells_who_is_asked_again_and_publishes_nothing(
    app: Flask, versions: list[str], tmp_path: Path
) -> None:
    """A shorter access record is told with both periods, and that everybody is asked again; nothing is stored."""
    shorter = ('period = { months = 6 }\nstatus = "VALID"', 'period = { months = 3 }\nstatus = "VALID"')

    result = run("publish", a_later_version(tmp_path, shorter), "--dry-run")

    assert result.exit_code == 0
    assert "2027-01-01 would take effect at 2027-01-01T00:00:00+09:00." in result.output
    assert "Retention rules / record of access to the service / Period: 6 months -> 3 months" in result.output
    assert "every member is asked again. Changed at the gate: access." in result.output
    with app.app_context():
        assert [one.policy.version for one in publishing.versions()] == versions


def test_a_correction_is_published_and_asks_nobody(app: Flask, versions: list[str], tmp_path: Path) -> None:
    """A version with another telephone number takes effect at the moment given, and nobody is asked again."""
    path = a_later_version(tmp_path, ('phone = "02-2069-1980"', 'phone = "02-2069-1981"'))

    result = run("publish", path, "--effective-at", "2027-02-01T09:00:00+09:00")

    assert "2027-01-01 published; takes effect at 2027-02-01T09:00:00+09:00." in result.output
    assert "nobody is asked again" in result.output
    with app.app_context():
        assert [one.policy.version for one in publishing.versions()] == ["2027-01-01", *versions]
    again = run("publish", path, "--effective-at", "2027-03-01T09:00:00+09:00")
    moment = "2027-02-01T09:00:00+09:00"
    assert again.output == f"2027-01-01 was published before, to take effect at {moment}. Nothing was changed.\n"


@pytest.mark.parametrize("how", [("--dry-run",), ()], ids=["dry run", "in earnest"])
def test_a_version_in_the_past_is_refused(versions: list[str], tmp_path: Path, how: tuple[str, ...]) -> None:
    """A version cannot take effect before now, and the dry run says so too."""
    path = a_later_version(tmp_path)

    result = run("publish", path, "--effective-at", "2026-01-01T00:00:00+09:00", *how)

    assert result.exit_code == 1
    assert "choose a moment to come" in result.stderr


@pytest.mark.parametrize("how", [("--dry-run",), ()], ids=["dry run", "in earnest"])
def test_a_published_version_keeps_its_text(versions: list[str], tmp_path: Path, how: tuple[str, ...]) -> None:
    """Another text under the name of a published version is refused, and the dry run says so too."""
    path = a_copy(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("02-2069-1980", "02-2069-1981"), encoding="utf-8")

    result = run("publish", str(path), *how)

    assert result.exit_code == 1
    assert "give the new text a new version" in result.stderr


MATERIAL = ('period = { months = 6 }\nstatus = "VALID"', 'period = { months = 3 }\nstatus = "VALID"')
SOON = ("--effective-at", "2026-12-22T00:00:00+09:00")  # the clock of the test stands at 23 November


@pytest.mark.parametrize("how", [("--dry-run",), ()], ids=["dry run", "in earnest"])
def test_a_version_sooner_than_usual_is_refused(versions: list[str], tmp_path: Path, how: tuple[str, ...]) -> None:
    """A change that matters to members, 29 days ahead, is refused with the day got and the day expected, by the dry
    run too."""
    result = run("publish", a_later_version(tmp_path, MATERIAL), *SOON, *how)

    assert result.exit_code == 1
    assert (
        "version 2027-01-01: it would take effect on 2026-12-22, and no reason was given; expected 2026-12-23 or later,"
        " 30 days from today. Else say why with --reason TEXT." in result.stderr
    )


def test_a_reason_is_kept_and_members_are_told(app: Flask, versions: list[str], tmp_path: Path) -> None:
    """With a reason the same version is published; the reason is kept, its announcement begins, the deed is audited."""
    result = run("publish", a_later_version(tmp_path, MATERIAL), *SOON, "--reason", "법령 개정")

    assert "Members asked again: 0 of 0. Every member is told by mail." in result.output
    with app.app_context():
        release = policy_drafts.releases()["2027-01-01"]
        assert (release.early_because, release.material, release.released_by) == ("법령 개정", True, "shell")
        assert policy_drafts.announcements()["2027-01-01"].done_at is None
        assert audit.found(limit=1, deed="policy.released")[0].actor_kind == "OPERATOR"


def test_the_very_first_version_has_no_lead_time(
    settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no version was ever published one may take effect at once, and there is nobody to tell of a change."""
    app = create_app(settings, clock=clock)
    monkeypatch.setattr(command, "portal_app", lambda: app)

    result = run("publish", "2021-02-04")

    assert "No policy is in force at that moment: every member is asked." in result.output
    with app.app_context():
        assert policy_drafts.announcements() == {}
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_publishing_the_same_text_again_changes_nothing(app: Flask, versions: list[str]) -> None:
    """The shipped version, published already, is told with its own moment and is not published twice."""
    for how in (["--dry-run"], []):
        result = run("publish", "2021-02-04", "--effective-at", "2027-02-01T09:00:00+09:00", *how)

        assert result.exit_code == 0
        assert "to take effect at 2021-02-04T00:00:00+09:00. Nothing was changed." in result.output
    with app.app_context():
        assert [one.policy.version for one in publishing.versions()] == versions
