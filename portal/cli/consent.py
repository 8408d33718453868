"""`portal consent`: checking a receipt with the public key alone, and printing that key. Opens no database."""

import json
import os
from pathlib import Path
from typing import Any

import click

from portal.errors import ConfigurationError
from portal.rules.certificate import SCHEMA as CERTIFICATE
from portal.settings import Settings
from portal.vault.documents import DOCUMENT_BYTES, NotGenuine, open_document
from portal.vault.secrets import RECEIPT_FILE, open_secrets
from portal.vault.signing import Signer, key_id

STATES = {"GRANTED": "agreed", "REFUSED": "did not agree", "WITHDRAWN": "withdrew consent"}


@click.group()
def consent() -> None:
    """Check receipts of consent and certificates of destruction."""


@consent.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The public key in PEM; without it, this installation's own.",
)
def verify(file: Any, key_file: Path | None) -> None:
    """Tell whether a receipt or certificate is genuine. Says what FILE proves; ends with status 1 if it is not."""
    public_pem = key_file.read_bytes() if key_file else _own_public_key()
    try:
        name = key_id(public_pem)
    except ValueError as error:
        raise click.BadParameter(
            f"{key_file}: no Ed25519 public key in PEM; take it from /privacy/receipt-key.pem", param_hint="--key"
        ) from error
    content = file.read(DOCUMENT_BYTES + 1)
    try:
        if len(content) > DOCUMENT_BYTES:
            raise NotGenuine(f"the file is larger than {DOCUMENT_BYTES} bytes, which no receipt is")
        record = open_document(content.decode(), public_pem)
        lines = _proved(record)
    except UnicodeDecodeError as error:
        raise click.ClickException("Not genuine: the file is not UTF-8 text.") from error
    except NotGenuine as error:
        raise click.ClickException(f"Not genuine: {error.reason}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(
            f"Signed with key {name}, but neither a receipt nor a certificate."
            " The head of the audit chain is checked with `portal audit verify --head FILE`."
        ) from error
    click.echo(f"Genuine: signed with key {name} and not changed since.")
    for line in lines:
        click.echo(line)


@consent.command()
def key() -> None:
    """Print this installation's public key, in PEM. It checks the receipts and certificates that were issued here."""
    click.echo(_own_public_key().decode(), nl=False)


def _proved(record: dict[str, Any]) -> list[str]:
    """Return what the record of a receipt, or of a certificate of destruction, says in words."""
    if record.get("schema") == CERTIFICATE:
        return _destroyed(record)
    titles = {one["consent_item"]: one["title"]["en"] for one in record["processing"]}
    lines = [
        f"Receipt {record['record_id']}, issued {record['issued_at']}"
        + (f"; it follows {record['replaces']}" if record["replaces"] else ""),
        f"Member {record['pii_principal_id']}, policy of {record['privacy_notice']['version']},"
        f" shown in {'Korean' if record['language'] == 'ko' else 'English'}",
    ]
    for event in record["events"]:
        state = STATES.get(event["event_state"], json.dumps(event["event_state"]))
        lines.append(f"  {event['event_time']}  {state}: {titles[event['consent_item']]}")
        lines.append(f"    text shown, sha256 {event['text_sha256']}")
    return lines


def _destroyed(record: dict[str, Any]) -> list[str]:
    people = record["people"]["count"]
    numbers = ", ".join(person["ledger_number"] for person in record["people"]["on_page"])
    lines = [
        f"Certificate {record['code']}, issued {record['issued_at']}",
        f"{people} {'person' if people == 1 else 'people'} destroyed by {record['finished_at']}, ledger {numbers}",
        "Whether it was superseded or revoked since is told at /privacy/verify.",
    ]
    lines += [f"  destroyed: {line['label']['en']}, {line['count']}" for line in record["destroyed"]]
    return lines + [f"  kept until {one['until']}: {one['label']['en']}" for one in record["kept"]]


def _own_public_key() -> bytes:
    """Return this installation's public key. Makes no secrets: asking for a key must not create one."""
    try:
        settings = Settings.from_environ(os.environ)
        if not (settings.secrets_dir / RECEIPT_FILE).exists():
            raise click.ClickException(
                f"{settings.secrets_dir} holds no receipt key; give one with --key, from /privacy/receipt-key.pem"
            )
        return Signer(open_secrets(settings.secrets_dir).receipt_key).public_pem
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
