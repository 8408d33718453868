"""A real SMTP server that says what a test tells it to say, and an outbox with one letter in it."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Talk
from flask import Flask

from portal.database import writing
from portal.services import mailing
from portal.services.delivering import SmtpCarrier
from tests.fake_clock import FakeClock


class PostOffice:
    """What the server answers, and what it has taken."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Talk, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            message = BytesParser(policy=default).parsebytes(bytes(envelope.content or b""))
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
        return answer


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def carrier(office: PostOffice) -> Iterator[SmtpCarrier]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    yield SmtpCarrier(f"smtp://127.0.0.1:{port}", timeout_s=5)
    controller.stop()


@pytest.fixture
def letter(app: Flask, clock: FakeClock) -> str:
    """The reference of one letter that waits."""
    with app.app_context(), writing():
        return mailing.post(
            "step_up_code",
            "jiwon.seo@gaon.example",
            {"code": "123456", "minutes": "10"},
            key_ref="member-1",
            language="ko",
            at=clock(),
        )
