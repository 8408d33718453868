"""`portal policy`: check a policy file, read it, hear where the law has moved, publish it.

`check`, `show` and `lint` read files only and need no store. A policy is named by its file or by a shipped version.
"""

from datetime import datetime, time
from pathlib import Path

import click
import msgspec

from portal.cli import portal_app
from portal.clock import SEOUL
from portal.policy.faults import PolicyFaults
from portal.policy.law import notes
from portal.policy.loading import load, shipped
from portal.policy.model import LANGUAGES, Language, Policy
from portal.rules.consent import content_hash, requirement_hash, text_shown
from portal.rules.difference import Difference, difference
from portal.rules.forbidden import forbidden
from portal.rules.glance import at_a_glance
from portal.rules.law import lint as findings_of
from portal.rules.lead_time import REASON_LENGTH

languages = click.option("--language", type=click.Choice(LANGUAGES), default="ko", show_default=True)


@click.group()
def policy() -> None:
    """Check, read, lint and publish the privacy policy."""


@policy.command()
@click.argument("file", required=False)
def check(file: str | None) -> None:
    """Tell every fault of FILE, or of all shipped policies. Ends with status 1 when there is one."""
    faults = []
    for path in [_path(file)] if file else shipped():
        try:
            found = load(path)
        except PolicyFaults as error:
            faults += error.faults
            continue
        asked = ", ".join(item.key for item in found.gate_items)
        click.echo(
            f"{path.name}: version {found.version}, {len(found.articles)} articles, {len(found.items)} items, "
            f"asked at the gate: {asked}; requirement {requirement_hash(found)}"
        )
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        click.echo(f"{len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing is published.", err=True)
        raise SystemExit(1)


@policy.command()
@click.argument("version", required=False)
@languages
def show(version: str | None, language: Language) -> None:
    """Print a policy to read. VERSION is a shipped one, or a file; left out, the newest shipped one."""
    found = _load(version)
    click.secho(f"{found.title.in_language(language)} {found.version}", bold=True)
    click.echo(found.controller.name.in_language(language) + "\n")
    for label in at_a_glance(found, language):
        click.echo(f"  {label.term}: {label.said}")
    for article in found.articles:
        heading = f"제{article.number}조" if language == "ko" else f"Article {article.number}"
        click.secho(f"\n{heading}. {article.title.in_language(language)}", bold=True)
        click.echo(f"> {article.easy.in_language(language)}\n\n{article.text.in_language(language)}")
    for item in found.consent_items:
        click.secho(f"\n[{item.key}] {item.kind}, {content_hash(found, item)}", bold=True)
        click.echo(text_shown(found, item, language), nl=False)


@policy.command()
@click.argument("file", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list, in both languages.")
@languages
def lint(file: str | None, as_json: bool, language: Language) -> None:
    """Tell where today's law says something else than the policy. Gives source and date; changes nothing."""
    found = findings_of(_load(file), notes())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    says, law = ("방침", "법") if language == "ko" else ("policy", "law")
    for finding in found:
        click.secho(f"{finding.article}  {finding.severity}  {finding.key}", bold=True)
        click.echo(f"   {says}: {finding.policy_says.in_language(language)}")
        click.echo(f"   {law}: {finding.law_says.in_language(language)}")
        click.echo(f"   {finding.source}; {finding.verified_on}")
    click.echo(f"{len(found)} findings. The policy's own numbers run until a new version is published.")


@policy.command()
@click.argument("file")
@click.option("--effective-at", help="ISO 8601 with a zone; else the first moment in Seoul of the policy's own day.")
@click.option("--reason", default="", help="Why it takes effect sooner than 7 days from today, 30 where it matters.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and who would be asked again; publish nothing.")
def publish(file: str, effective_at: str | None, reason: str, dry_run: bool) -> None:
    """Publish FILE, and tell every member of it by mail. They are asked again from its effective time if what they
    agreed to has changed. The very first version has no lead time and is told to nobody."""
    new = _load(file)
    reason = _reason(reason)
    starts = _moment(effective_at) if effective_at else datetime.combine(new.effective_on, time.min, SEOUL)
    with portal_app().app_context():
        from portal import clock
        from portal.services import releasing
        from portal.services.auditing import OPERATOR
        from portal.services.publishing import Published, StillUsed, TooLate, VersionTaken

        at = clock.now()
        before = _in_force(starts)
        try:
            plan = releasing.judge(new, starts, reason, at)
            if isinstance(plan, Published):
                since = plan.effective_at.astimezone(SEOUL).isoformat()
                click.echo(f"{new.version} was published before, to take effect at {since}. Nothing was changed.")
                return
            if not dry_run:
                releasing.release(new, starts, reason, OPERATOR, at)
        except (StillUsed, VersionTaken, TooLate) as error:
            raise click.ClickException(str(error)) from error
        except releasing.TooSoon as error:
            raise click.ClickException(f"version {new.version}: {error}. Else say why with --reason TEXT.") from error
    done = "would take effect" if dry_run else "published; takes effect"
    click.echo(f"{new.version} {done} at {starts.astimezone(SEOUL).isoformat()}.")
    if before is None:
        click.echo("No policy is in force at that moment: every member is asked.")
    else:
        _tell(difference(before, new, "en"))
    if plan is not None:
        told = "would be" if dry_run else "is"
        click.echo(f"Members asked again: {plan.asked_again} of {plan.members}. Every member {told} told by mail.")


def _in_force(at: datetime) -> Policy | None:
    from portal.services import publishing

    try:
        return publishing.in_force(at).policy
    except publishing.NothingInForce:
        return None


def _tell(changed: Difference) -> None:
    articles = ", ".join(article.number for article in changed.changed_articles) or "none"
    click.echo(f"Against {changed.before}: articles changed: {articles}; facts changed: {len(changed.facts)}.")
    for fact in changed.facts:
        where = " / ".join(filter(None, (fact.section_title, fact.name, fact.field and fact.field_title)))
        click.echo(f"  {where}: {fact.before or '(none)'} -> {fact.after or '(none)'}")
    if changed.asks_again:
        asked = ", ".join(changed.asked_again) or "none; an item was dropped or is optional now"
        click.echo(f"The requirement changes: every member is asked again. Changed at the gate: {asked}.")
    else:
        click.echo("The requirement stays the same: nobody is asked again.")


def _load(name: str | None) -> Policy:
    try:
        return load(_path(name) if name else shipped()[-1])
    except PolicyFaults as error:
        raise click.ClickException("\n".join(error.faults)) from error


def _path(name: str) -> Path:
    for path in shipped():
        if path.stem == name:
            return path
    path = Path(name)
    if not path.is_file():
        versions = ", ".join(one.stem for one in shipped())
        raise click.UsageError(f"{name}: no such file, and no shipped version; those are {versions}.")
    return path


def _reason(written: str) -> str:
    reason = " ".join(written.split())
    fault = forbidden(reason)
    if len(reason) > REASON_LENGTH or fault:
        why = fault.en if fault else f"got {len(reason)} characters; expected {REASON_LENGTH} at most"
        raise click.BadParameter(why, param_hint="--reason")
    return reason


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise click.BadParameter(
            f"{written!r} is no ISO 8601 moment; write 2026-12-01T00:00:00+09:00", param_hint="--effective-at"
        ) from error
    if moment.tzinfo is None:
        raise click.BadParameter(
            f"{written!r} has no zone; write {written}+09:00 for Seoul", param_hint="--effective-at"
        )
    return moment
