"""A connected system of the tests' own: a real HTTP server that destroys what it is told to and keeps count."""

import hmac
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

SECRET = b"shared-by-the-two-of-us-alone-32"


class Receiver:
    """What the other side holds, and how it behaves: `status` answers instead, `lies` keeps what it says it destroyed,
    `hangs` says nothing until released."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()
        self.calls: list[dict[str, Any]] = []
        self.destroyed: Counter[str] = Counter()
        self.unsigned = 0
        self.status, self.lies, self.fewer, self.odd = 200, False, False, False
        self.released = Event()
        self.released.set()
        self.lock = Lock()

    def answer(self, call: dict[str, Any]) -> tuple[int, Any]:
        with self.lock:
            self.calls.append(call)
            if self.status != 200:
                return self.status, {}
            if self.odd:
                return 200, "done"
            member = call["host_id"]
            if call["action"] == "verify":
                return 200, {"left": self.held[member]}
            found = self.held[member]
            if found and not self.lies:
                self.destroyed[call["destruction"]] += 1
                self.held[member] = 0
            return 200, {"found": found, "removed": found - 1 if self.fewer and found else found}


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """Give a receiver and the address at which it listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sent = self.headers["webhook-id"], self.headers["webhook-timestamp"]
            digest = hmac.digest(SECRET, f"{sent[0]}.{sent[1]}.".encode() + body, "sha256")
            if self.headers["webhook-signature"] != f"v1,{b64encode(digest).decode()}":
                receiver.unsigned += 1
            receiver.released.wait(20)
            status, told = receiver.answer(json.loads(body))
            content = json.dumps(told).encode()
            self.send_response(status)
            if status in (301, 307):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}/privacy/destroy"
    finally:
        receiver.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def declared(folder: Path, url: str, *, timeout_s: float = 5, enabled: bool = True, person: bool = False) -> Path:
    """Write the declaration of a webhook, with `person` also of a system without one, and return its file."""
    secret = folder / "crm.secret"
    secret.write_text(f"whsec_{b64encode(SECRET).decode()}\n", "ascii")
    secret.chmod(0o600)
    path = folder / "connected.toml"
    text = f"""
[[system]]
key = "crm"
name = {{ ko = "고객 관리", en = "CRM" }}
kind = "webhook"
purpose = "service"
url = "{url}"
secret_file = "crm.secret"
timeout_s = {timeout_s}
enabled = {str(enabled).lower()}
"""
    if person:
        text += """
[[system]]
key = "archive"
name = { ko = "문서 보관소", en = "Document archive" }
kind = "person"
purpose = "service"
"""
    path.write_text(text, "utf-8")
    return path


__all__ = ["SECRET", "Receiver", "declared", "receiving"]
