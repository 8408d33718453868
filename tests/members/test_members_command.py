"""`portal members`, as an operator meets it."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main

HEADING = "회원번호,이메일,사업자등록번호,회사명\n"
GOOD = HEADING + "7001,jiwon.seo@gaon.example,789-81-01310,가온유통\n7002,minho.park@gaon.example,,\n"


@pytest.fixture(autouse=True)
def instance(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation on SQLite, ready to start."""
    shutil.copytree(sqlite_template, tmp_path / "instance")
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))
    return tmp_path / "instance"


def order(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["members", *words], input=answer)


def saved(folder: Path, content: str) -> str:
    path = folder / "list.csv"
    path.write_text(content, "utf-8")
    return str(path)


def test_a_list_is_previewed_asked_about_and_imported(tmp_path: Path) -> None:
    """A no leaves everything as it was, a yes imports, and a repeat finds nothing to do."""
    file = saved(tmp_path, GOOD)

    refused, agreed, again = (
        order("import", file, answer="n\n"),
        order("import", file, answer="y\n"),
        order("import", file),
    )

    assert refused.exit_code == 1
    assert agreed.exit_code == 0
    assert "          2  new\nImport 2 members? [y/N]: y\n" in agreed.output
    assert "2 members imported in one transaction." in agreed.output
    assert again.exit_code == 0
    assert "2  registered already, the same\nEverybody in the list is registered already" in again.output


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    """It tells the totals; a real run afterwards still finds everybody new."""
    file = saved(tmp_path, GOOD)

    tried, done = order("import", file, "--dry-run"), order("import", file, "--yes")

    assert tried.output.endswith("2  new\nNothing was changed.\n")
    assert "2 members imported" in done.output


def test_refused_rows_stop_all_of_it(tmp_path: Path) -> None:
    """Rows that cannot be taken are named with column and reason, never with the value, on screen and in a report."""
    bad = GOOD + "7003,nobody,,\n7002,other@gaon.example,,\n"
    report = tmp_path / "report.csv"

    done = order("import", saved(tmp_path, bad), "--yes", "--report", str(report))

    assert done.exit_code == 1
    assert "1  repeated in the list: refused" in done.output
    assert "  row 4, E-mail: Enter an e-mail address such as name@company.example.\n" in done.output
    assert "nothing was imported; correct these rows" in done.output
    assert "nobody" not in done.output
    assert report.read_text("utf-8-sig").splitlines() == [
        "row,column,reason,이유",
        "4,E-mail,Enter an e-mail address such as name@company.example.,"
        "이메일을 name@company.example처럼 입력해 주세요.",
        "5,Member number,The same member stands in a row above.,같은 회원이 위에 있어요.",
    ]
    assert order("show", "7001").exit_code == 1


def test_many_refused_rows_are_counted(tmp_path: Path) -> None:
    """The screen shows twenty and says how many more there are and how to see them."""
    bad = HEADING + "".join(f"{number},nobody,,\n" for number in range(25))

    done = order("import", saved(tmp_path, bad), "--yes")

    assert done.output.count("  row ") == 20
    assert "  and 5 more rows; --report FILE lists all of them" in done.output


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    """The reason names the file, the row and what to do; nothing is half done."""
    done = order("import", saved(tmp_path, "회원번호,이메일,주민등록번호\n1,a@b.example,x\n"))

    assert done.exit_code == 1
    assert "list.csv: row 1: The column “주민등록번호” is not taken. Nothing was imported." in done.output


@pytest.mark.parametrize(("language", "heading"), [("ko", "회원번호,이메일"), ("en", "Member number,E-mail")])
def test_the_template_is_a_list(tmp_path: Path, language: str, heading: str) -> None:
    """What is printed opens in a spreadsheet and imports as it stands."""
    printed = order("template", "--language", language).output

    assert printed.startswith("\ufeff" + heading)
    assert "1  new" in order("import", saved(tmp_path, printed), "--dry-run").output


def test_a_member_is_shown_masked_and_the_look_is_written_down(tmp_path: Path, instance: Path) -> None:
    """No value is shown whole, and the chain tells that an operator looked."""
    order("import", saved(tmp_path, GOOD), "--yes")

    shown = order("show", "7001")

    assert "E-mail: ji*******@gaon.example\n" in shown.output
    assert "Company: 가온유통\n" in shown.output
    assert "standing: has not agreed to what is required\n" in shown.output
    assert "member.searched" in CliRunner().invoke(main, ["audit", "show"]).output
    assert order("show", "nobody").exit_code == 1
