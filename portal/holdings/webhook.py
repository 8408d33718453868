"""A webhook of a connected system: told by ids alone to destroy, then asked again whether anything is left.

Each call is signed as Standard Webhooks has it: HMAC-SHA256 over "id.timestamp.body". Only what the operator declared
is called: no redirect is followed, no proxy of the environment is used, an address is judged after its name was
resolved and the very address that was judged is connected to, and an answer is bounded in size and time.
"""

import hmac
import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from threading import Timer
from typing import Any, Literal
from urllib.parse import urlsplit

from portal.holdings import Subject
from portal.holdings.connected_map import System, is_loopback

Action = Literal["destroy", "verify"]
MOST_BYTES = 64 * 1024


class CallFault(Exception):
    """A call that proved nothing, and why; NO_EVIDENCE: the system took it on and tells when it is done."""

    def __init__(self, word: Literal["TIMED_OUT", "UNREACHABLE", "REFUSED", "ODD_ANSWER", "NO_EVIDENCE"]) -> None:
        self.word = word
        super().__init__(word)


class Line:
    """A line to one system, kept open from call to call."""

    def __init__(self, system: System) -> None:
        self._system = system
        parts = urlsplit(system.url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kind = _CheckedHttps if parts.scheme == "https" else _CheckedHttp
        self._connection = kind(parts.hostname or "", parts.port, system.private, system.timeout_s)

    def destroy(self, ref: str, subject: Subject, at: datetime) -> tuple[int, int]:
        """Have everything of a person destroyed; return how many records there were and how many went.

        Raises CallFault.
        """
        answer = self._ask("destroy", ref, subject, at)
        removed = _count(answer, "removed")
        return _count(answer, "found") if "found" in answer else removed, removed

    def left(self, ref: str, subject: Subject, at: datetime) -> int:
        """Return how many records are left of a person, asked anew. Raises CallFault."""
        return _count(self._ask("verify", ref, subject, at), "left")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, action: Action, ref: str, subject: Subject, at: datetime) -> dict[str, Any]:
        told = {"action": action, "destruction": ref, "member": subject.member_ref, "host_id": subject.host_id}
        body = json.dumps(told, separators=(",", ":")).encode()
        status, content = self._sent(body, signed(self._system.secret, f"{ref}-{action}", int(at.timestamp()), body))
        if status == 202:
            raise CallFault("NO_EVIDENCE")
        if status == 429 or status >= 500:
            raise CallFault("UNREACHABLE")
        if status != 200:
            raise CallFault("REFUSED")
        try:
            answer = json.loads(content)
        except ValueError:
            raise CallFault("ODD_ANSWER") from None
        if not isinstance(answer, dict):
            raise CallFault("ODD_ANSWER")
        return answer

    def _sent(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send one call. A line that the other side closed meanwhile is opened once more: each call may be repeated."""
        for fresh in (self._connection.sock is None, True):
            try:
                with self._bounded():
                    self._connection.request("POST", self._target, body, headers)
                    response = self._connection.getresponse()
                    content = response.read(MOST_BYTES + 1)
                break
            except TimeoutError:
                self.close()
                raise CallFault("TIMED_OUT") from None
            except (OSError, HTTPException):
                self.close()
                if fresh:
                    raise CallFault("UNREACHABLE") from None
        if len(content) > MOST_BYTES:
            self.close()
            raise CallFault("ODD_ANSWER")
        return response.status, content

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cut the line when a call takes longer than it may, however slowly its bytes come."""
        cut = []

        def cut_it() -> None:
            cut.append(True)
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)

        timer = Timer(self._system.timeout_s, cut_it)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, HTTPException):
            if cut:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if cut:
            raise TimeoutError


def signed(secret: bytes, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed call: Standard Webhooks 1.0, scheme v1."""
    digest = hmac.digest(secret, b"%s.%d.%s" % (message_id.encode(), seconds, body), "sha256")
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }


class _CheckedHttp(HTTPConnection):
    """A connection to addresses that may be called, and to no other."""

    def __init__(self, host: str, port: int | None, private: bool, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._private, self._timeout_s = private, timeout_s

    def connect(self) -> None:
        self.sock = _socket_to(self.host, self.port, self._private, self._timeout_s)


class _CheckedHttps(HTTPSConnection):
    """The same over TLS, with the certificate checked against the name."""

    def __init__(self, host: str, port: int | None, private: bool, timeout_s: float) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=timeout_s, context=self._tls)
        self._private, self._timeout_s = private, timeout_s

    def connect(self) -> None:
        plain = _socket_to(self.host, self.port, self._private, self._timeout_s)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise


def _socket_to(host: str, port: int, private: bool, timeout_s: float) -> socket.socket:
    """Return a socket to the first address of `host` that answers. Raises OSError for a name of which one address may
    not be called: a name that also means a place of ours is no name of another system's."""
    addresses = [info[4] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(_may_call(str(address[0]), private, is_loopback(host)) for address in addresses):
        raise OSError("an address that may not be called")
    refused: OSError = OSError("no address")
    for address in addresses:
        try:
            connected = socket.create_connection((str(address[0]), port), timeout_s)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
        except OSError as error:
            refused = error
    raise refused


def _may_call(text: str, private: bool, own_machine: bool) -> bool:
    """Tell whether an address may be called. Link-local ones never may: a cloud's own service answers there."""
    address = ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return own_machine
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or private


def _count(answer: dict[str, Any], name: str) -> int:
    value = answer.get(name)
    if type(value) is not int or value < 0:
        raise CallFault("ODD_ANSWER")
    return value
