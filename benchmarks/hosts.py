"""What is measured: a Flask hello that reads its signed session, and what may stand around it."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from time import time
from typing import Any

from flask import Flask, session
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import create_engine, text

from middleware import ConsentGate, identity

from .stores import REQUIREMENT

SECRET = "a secret of the sample host, 32 characters"
DIGEST_KEY = bytes(range(32))
EXEMPT = "/open/"
OTHER_COOKIES = "theme=dark; lang=ko; csrf_token=IjQzNjE4ZmI2NGU1; _visits=17.1769731.42"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def hello() -> Flask:
    """Return the host: one view that reads the session, at a path that needs consent and at an exempt one."""
    app = Flask("hello")
    app.secret_key = SECRET

    @app.get("/hello")
    @app.get("/open/hello")
    def greet() -> str:
        return f"Hello, {session.get('_user_id', 'stranger')}!"

    return app


class CookieMaker:
    """Signs session cookies as the host itself does."""

    def __init__(self, app: Flask) -> None:
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        assert serializer is not None
        self._serializer: URLSafeTimedSerializer = serializer

    def header(self, host_id: str, visit: str = "") -> str:
        """Return a Cookie header with a session of this member, unlike any other for each `visit`."""
        cookie = self._serializer.dumps({"_fresh": True, "_id": "5d41402abc4b2a76" + visit, "_user_id": host_id})
        return f"session={cookie if isinstance(cookie, str) else cookie.decode()}; {OTHER_COOKIES}"


def request(path: str, cookies: str) -> dict[str, Any]:
    """Return the environ of a request as gunicorn would give it."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "matecost.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "gunicorn/27.0.1",
        "REMOTE_ADDR": "203.0.113.7",
        "REMOTE_PORT": "51234",
        "HTTP_HOST": "matecost.example",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "HTTP_ACCEPT_LANGUAGE": "ko-KR,ko;q=0.9,en;q=0.8",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_CONNECTION": "keep-alive",
        "HTTP_USER_AGENT": AGENT,
        "HTTP_COOKIE": cookies,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def gated(app: Application, host: Flask, store: str, journal: Path, **more: Any) -> ConsentGate:
    """Return the gate around `app`, as wsgi.py puts it there."""
    return ConsentGate(
        app,
        store=store,
        journal=journal,
        identify=identity.flask_session(host),
        digest_key=DIGEST_KEY,
        exempt=[EXEMPT],
        **more,
    )


class NaiveGate:
    """The gate as it is written in an afternoon: itsdangerous, a SELECT and an INSERT through SQLAlchemy each time."""

    def __init__(self, app: Application, host: Flask, store: str, records: Path) -> None:
        self._app = app
        self._host = host
        self._engine = create_engine(store)
        self._records = create_engine(f"sqlite:///{records}")
        with self._records.begin() as connection:
            connection.execute(text("PRAGMA journal_mode = WAL"))
            connection.execute(text("PRAGMA synchronous = NORMAL"))
            connection.execute(
                text(
                    "CREATE TABLE access_records (id INTEGER PRIMARY KEY, at REAL, ref TEXT, ip TEXT, method TEXT,"
                    " path TEXT, status TEXT, agent TEXT)"
                )
            )
            connection.execute(text("CREATE INDEX records_of_member ON access_records (ref, at)"))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        interface: Any = self._host.session_interface
        cookies = dict(cookie.strip().split("=", 1) for cookie in environ["HTTP_COOKIE"].split(";"))
        try:
            values = interface.get_signing_serializer(self._host).loads(cookies["session"], max_age=2_678_400)
        except (BadData, KeyError):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"no"]
        with self._engine.connect() as connection:
            row = connection.execute(
                text("SELECT ref, requirement_hash FROM standing WHERE host_id = :host_id"),
                {"host_id": values["_user_id"]},
            ).one_or_none()
        if row is None or row.requirement_hash != REQUIREMENT:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"no"]

        def recorded(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            with self._records.begin() as connection:
                connection.execute(
                    text(
                        "INSERT INTO access_records (at, ref, ip, method, path, status, agent)"
                        " VALUES (:at, :ref, :ip, :method, :path, :status, :agent)"
                    ),
                    {
                        "at": time(),
                        "ref": row.ref,
                        "ip": environ["REMOTE_ADDR"],
                        "method": environ["REQUEST_METHOD"],
                        "path": environ["PATH_INFO"],
                        "status": status[:3],
                        "agent": environ["HTTP_USER_AGENT"],
                    },
                )
            return start_response(status, headers, exc_info)

        return self._app(environ, recorded)


def served() -> Application:
    """Return the application that the environment asks for: the entry point of the servers that are measured."""
    host = hello()
    store = os.environ.get("BENCHMARK_STORE", "")
    return gated(host.wsgi_app, host, store, Path(os.environ["BENCHMARK_JOURNAL"])) if store else host.wsgi_app
