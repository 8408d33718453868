"""A tiny application behind the gate, for a real server in a process of its own. It imports the gate and nothing else.

Run as a script it answers questions instead: each line of input is a member, each line of output what the gate said.
"""

import os
import sys

from middleware import ConsentGate
from middleware.journal import LINE_BYTES, Journal


def host(environ, start_response):  # type: ignore[no-untyped-def]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def sender(environ):  # type: ignore[no-untyped-def]
    """Return whoever the request says to be; only a test may believe that."""
    return environ.get("HTTP_X_MEMBER")


application = ConsentGate(
    host,
    store=os.environ["TEST_STORE"],
    journal=os.environ["TEST_JOURNAL"],
    identify=sender,
    exempt=["/static/"],
    digest_key=b"k" * 32,
)
application.journal = Journal(os.environ["TEST_JOURNAL"], segment_bytes=40 * LINE_BYTES)  # pages turn under the kills


def answer_questions() -> None:
    for line in sys.stdin:
        told = []
        environ = {"PATH_INFO": "/orders", "REQUEST_METHOD": "GET", "HTTP_X_MEMBER": line.strip()}
        application(environ, lambda status, headers, told=told: told.append(status))
        print(told[0][:3], flush=True)


if __name__ == "__main__":
    answer_questions()
