"""An SMTP server as a company has one: what the portal sends leaves the machine, and is read elsewhere."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class PostOffice:
    """Keeps every letter that was handed to it, oldest first."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self._taken: list[EmailMessage] = []

    def letters(self) -> list[EmailMessage]:
        return list(self._taken)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._taken.append(message_from_bytes(bytes(envelope.content or b""), policy=default))
        return "250 OK"


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    """Take letters at a port of the system's choice for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    office = PostOffice(port)
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
