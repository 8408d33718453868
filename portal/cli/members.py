"""`portal members`: a list of members, previewed and then imported whole; a member as the desk would see one."""

import csv
from contextlib import closing
from pathlib import Path
from typing import TextIO

import click

from portal.cli import portal_app
from portal.records.members import Source
from portal.rules.columns import LABELS
from portal.services.importing import TAKEN, Preview, Refusal, Verdict

SHOWN = 20
SOURCES: dict[str, Source] = {"host": "HOST", "employer": "EMPLOYER", "self": "SELF"}
SAMPLE = {
    "host_id": "7001",
    "email": "sample@company.example",
    "login_id": "sample",
    "company_name": "예시상사",
    "business_registration_number": "789-81-01310",
    "personal_contact": "010-1234-5678",
}


@click.group()
def members() -> None:
    """Members: import a list of them, or look one up."""


@members.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    default="host",
    show_default=True,
    help="Who gave the data: the host's own records, the members' company, or the members.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be imported, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--report", type=click.File("w", "utf-8-sig", lazy=True), help="Write every refused row there, as CSV.")
def import_(file: Path, source: str, dry_run: bool, yes: bool, report: TextIO | None) -> None:
    """Import the members in FILE, a CSV or XLSX list. All of them, or none when a row cannot be taken.

    `portal members template` prints a list to start from.
    """
    from portal import clock
    from portal.services import importing
    from portal.services.reading import FileFault, ListFile

    app = portal_app()
    refused: list[Refusal] = []
    writer = csv.writer(report) if report else None
    if writer:
        writer.writerow(("row", "column", "reason", "이유"))

    def refuse(refusal: Refusal) -> None:
        if len(refused) < SHOWN:
            refused.append(refusal)
        if writer:
            writer.writerows((refusal.number, *_told(fault.field, fault.reason)) for fault in refusal.faults)

    with app.app_context():
        try:
            table = ListFile(file)
            with click.progressbar(length=table.size, label="Reading") as bar:
                found = importing.preview(table.rows(bar.update), refuse)
        except FileFault as fault:
            where = "" if fault.row is None else f"row {fault.row}: "
            raise click.ClickException(f"{file.name}: {where}{fault.reason.en} Nothing was imported.") from fault
        with closing(found):
            _tell(found, refused)
            if found.refused:
                raise click.ClickException("nothing was imported; correct these rows, or take them out, and try again")
            if not found.to_write:
                click.echo("Everybody in the list is registered already; there is nothing to import.")
                return
            if dry_run:
                click.echo("Nothing was changed.")
                return
            if not yes:
                click.confirm(f"Import {_members(found.to_write)}?", abort=True)
            try:
                with click.progressbar(length=2 * found.to_write, label="Sealing and writing") as bar:
                    importing.carry_out(found, SOURCES[source], clock.now(), tell=bar.update)
            except importing.StoreChanged as error:
                raise click.ClickException(
                    "somebody in the list was registered since the preview; nothing was imported, try again"
                ) from error
    click.echo(f"{_members(found.to_write)} imported in one transaction.")


@members.command()
@click.option("--language", type=click.Choice(["ko", "en"]), default="ko", show_default=True)
def template(language: str) -> None:
    """Print a list to start from, with one sample row. It has every column that is taken, as CSV that a
    spreadsheet opens."""
    names = (label.ko if language == "ko" else label.en for label in LABELS.values())
    click.echo("\ufeff" + ",".join(names) + "\r\n" + ",".join(SAMPLE[item] for item in LABELS) + "\r", color=False)


@members.command()
@click.argument("host_id")
def show(host_id: str) -> None:
    """Show the member whom the host calls HOST_ID. Every value is masked, and the look is audited."""
    from portal import clock
    from portal.services import looking_up

    with portal_app().app_context():
        found = looking_up.masked(host_id, clock.now())
    if found is None:
        raise click.ClickException("the portal knows no member with this id")
    click.echo(f"reference: {found.member_ref}")
    click.echo(f"met: {found.met_at:%Y-%m-%d}, data given by: {found.source.lower()}")
    click.echo(f"standing: {found.standing}")
    for item, label in LABELS.items():
        if item in found.profile:
            click.echo(f"{label.en}: {found.profile[item]}")
    if not found.profile:
        click.echo("No profile: known from a consent only, or destroyed.")


def _tell(found: Preview, refused: list[Refusal]) -> None:
    for verdict in Verdict:
        if found.counts[verdict]:
            click.echo(f"{found.counts[verdict]:>11,}  {verdict}{'' if verdict in TAKEN else ': refused'}")
    for refusal in refused:
        for fault in refusal.faults:
            column, reason, _ = _told(fault.field, fault.reason)
            click.echo(f"  row {refusal.number}, {column}: {reason}")
    more = found.refused - len(refused)
    if more:
        click.echo(f"  and {more:,} more rows; --report FILE lists all of them")


def _told(item: str, reason: object) -> tuple[str, str, str]:
    label = LABELS.get(item)
    return label.en if label else item, reason.en, reason.ko  # type: ignore[attr-defined]


def _members(count: int) -> str:
    return f"{count:,} member{'' if count == 1 else 's'}"
