"""Delivering: letters leave the outbox, each as often as it takes and never twice by two workers at once.

1. Letters whose turn has come are leased in a transaction of their own, each attempt counted.
2. Each is handed over outside any transaction: an SMTP server may take its time.
3. How it went is kept. Gone, its content is wiped; refused for now, it is tried again later; refused for good, or after
   the last attempt, it is dead and an operator is told. A key of the letter's own ends first, so that no copy of the
   store opens what is gone.

A worker killed between 2 and 3 hands the letter over again when the lease ends, under the same Message-ID, by which
mail programs know it as the same. No HTTP answer ever waits for a letter.
"""

import logging
import os
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from flask import Flask

from portal.clock import Clock
from portal.database import writing
from portal.records import mails
from portal.settings import Settings
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed, NoKey
from portal.vault.profiles import SubjectSeal

log = logging.getLogger(__name__)

AT_ONCE = 20
LEASE = timedelta(minutes=10)  # longer than AT_ONCE letters can take
SMTP_TIMEOUT_S = 20.0
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
LOCAL = ("localhost", "127.0.0.1", "::1")


class RefusedForNow(Exception):
    """The letter was not taken; another attempt may go better. `kind` names why, without an address."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


class RefusedForGood(RefusedForNow):
    """The letter will never be taken."""


class Carrier(Protocol):
    """Takes letters away."""

    def carry(self, message: EmailMessage) -> None:
        """Hand one letter over. Raises RefusedForNow or RefusedForGood."""


@dataclass(frozen=True)
class Delivered:
    """What a pass came to."""

    sent: int = 0
    put_off: int = 0
    dead: int = 0


@dataclass(frozen=True)
class SmtpCarrier:
    """Hands letters to an SMTP server; TLS wherever it is offered, and always unless the server is local."""

    url: str
    timeout_s: float = SMTP_TIMEOUT_S

    def carry(self, message: EmailMessage) -> None:
        try:
            with self._server() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refused(max(codes), "recipient") from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, type(error).__name__) from None
        except (OSError, smtplib.SMTPException) as error:
            raise RefusedForNow(type(error).__name__) from None

    def _server(self) -> smtplib.SMTP:
        url = urlsplit(self.url)
        host, is_local = url.hostname or "", (url.hostname or "") in LOCAL
        context = ssl.create_default_context()
        if url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=self.timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, url.port or 25, timeout=self.timeout_s)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not is_local:
                server.close()
                raise RefusedForNow("the server offers no TLS")
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        return server


@dataclass(frozen=True)
class FileCarrier:
    """Lays letters into a folder, one `.eml` file each, closed to others; a repeat replaces the same file."""

    folder: Path

    def carry(self, message: EmailMessage) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        making = self.folder / f".{name}"
        try:
            with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            making.rename(self.folder / f"{name}.eml")
        except OSError as error:
            raise RefusedForNow(error.strerror or "OSError") from None


def carrier_of(settings: Settings) -> Carrier:
    """Return what takes letters away in this installation."""
    return SmtpCarrier(settings.smtp_url) if settings.smtp_url else FileCarrier(settings.letters_dir)


def deliver(app: Flask, carrier: Carrier | None = None, tell: Callable[[str], None] = lambda line: None) -> Delivered:
    """Make one pass over the letters whose turn has come, until none is left."""
    clock: Clock = app.extensions["portal.clock"]
    settings: Settings = app.extensions["portal.settings"]
    carrier = carrier or carrier_of(settings)
    done = Delivered()
    with app.app_context():
        while True:
            at = clock()
            # 1.
            with writing():
                leased = [
                    (mail.ref, mail.kind, mail.key_ref, mail.sealed, mail.attempts, mail.made_at)
                    for mail in mails.lease(at, at + LEASE, AT_ONCE)
                ]
            if not leased:
                return done
            seals = person_keys.seals_of(key_ref for _, _, key_ref, *_ in leased)
            for ref, kind, key_ref, sealed, attempts, made_at in leased:
                # 2.
                try:
                    carrier.carry(_message(ref, sealed, seals.get(key_ref), made_at, settings.mail_from))
                except _CalledOff:
                    outcome, fault = "CANCELLED", "the key of whom it speaks was destroyed"
                except RefusedForGood as error:
                    outcome, fault = "DEAD", error.kind
                except RefusedForNow as error:
                    outcome, fault = ("WAITING" if attempts <= len(WAITS) else "DEAD"), error.kind
                else:
                    outcome, fault = "SENT", ""
                # 3.
                if key_ref == ref and outcome != "WAITING":
                    person_keys.destroy(ref, clock())
                done = _keep(done, ref, kind, attempts, outcome, fault, clock())
                tell(f"{kind} {ref}: {outcome.lower()}{f' ({fault})' if fault else ''}")


class _CalledOff(Exception):
    """The person whom the letter speaks of has been destroyed since."""


def _message(ref: str, sealed: bytes | None, seal: SubjectSeal | None, made_at: datetime, sender: str) -> EmailMessage:
    if sealed is None or seal is None:
        raise _CalledOff
    try:
        content = seal.open("mails", "sealed", sealed, ref)
    except (NoKey, KeyDestroyed):
        raise _CalledOff from None
    message = EmailMessage()
    message["From"], message["To"] = sender, content["to"]
    # Folded here, for a message that folds its own subject loses the blank where a line ends (Python 3.11).
    subject = content["subject"]
    message.set_raw(
        "Subject", Header(subject, "us-ascii" if subject.isascii() else "utf-8", header_name="Subject").encode()
    )
    message["Date"] = format_datetime(made_at)
    message["Message-ID"] = f"<{ref}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answer
    message.set_content(content["text"], cte="base64")
    return message


def _keep(done: Delivered, ref: str, kind: str, attempts: int, outcome: str, fault: str, at: datetime) -> Delivered:
    with writing():
        if outcome == "WAITING":
            mails.put_off(ref, attempts, at + WAITS[attempts - 1], fault)
            return Delivered(done.sent, done.put_off + 1, done.dead)
        mails.close(ref, attempts, outcome, fault, at if outcome == "SENT" else None)
    if outcome == "DEAD":
        log.error("letter %s (%s) is given up after %d attempts: %s", ref, kind, attempts, fault)
        return Delivered(done.sent, done.put_off, done.dead + 1)
    return Delivered(done.sent + (outcome == "SENT"), done.put_off, done.dead)


def _refused(code: int, what: str) -> RefusedForNow:
    kind = f"{what} {code}"
    return RefusedForGood(kind) if 500 <= code < 600 else RefusedForNow(kind)
