"""The privacy portal: what a policy promises, carried out. Here its parts meet, and nowhere else."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import IO, TypeVar

from flask import Flask, Request, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect

from portal import clock as clocks
from portal import database, headers, letters, speech, views
from portal.clock import Clock
from portal.errors import ConfigurationError
from portal.holdings.connected_map import System, read_systems
from portal.holdings.host_map import HostTable, read_map
from portal.policy.loading import load, shipped
from portal.policy.model import Policy
from portal.rules import purpose
from portal.rules.paper import MOST_BYTES
from portal.rules.purpose import Use
from portal.services import list_file, publishing
from portal.services.access_room import access_records
from portal.services.migrating import schema_faults
from portal.services.replaying import restore_fault
from portal.settings import Settings
from portal.vault.secrets import open_secrets
from portal.views import downloads, policies

FORM_BYTES = 64 * 1024
FORM_FIELDS = 200
ROOM_FOR = {  # where a form brings a file
    "org_lists.uploaded": list_file.MOST_BYTES + FORM_BYTES,
    "contact.send_as_agent": MOST_BYTES + FORM_BYTES,
    "policies.begin": policies.MOST_BYTES + FORM_BYTES,
    "policies.fact": FORM_BYTES * 2,  # a long article, in two languages
    "registers.note": MOST_BYTES + FORM_BYTES,
}
FORM_AGE = timedelta(hours=8)

T = TypeVar("T")


class MountedSession(SecureCookieSessionInterface):
    """The session cookie is sent to the portal only, wherever it is mounted; `__Host-` demands the whole site."""

    def get_cookie_path(self, app: Flask) -> str:
        return "/" if app.config["SESSION_COOKIE_SECURE"] else request.script_root or "/"


class UnspooledRequest(Request):
    """A request whose files stay in memory, however large they may be here: what people upload is never laid on a disk
    in clear."""

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        return BytesIO()


def create_app(settings: Settings | None = None, *, clock: Clock | None = None, after_restore: bool = False) -> Flask:
    """Return the portal on its stores, ready to serve.

    `after_restore` lets a replay begin on a store that has brought destroyed people back; nothing else may.

    Raises ConfigurationError, with every fault, when settings, secrets or stores are not fit to start on.
    """
    settings = settings or Settings.from_environ(os.environ)
    secrets = open_secrets(settings.secrets_dir)
    faults = schema_faults(settings)
    mapped = _declared(faults, lambda: read_map(settings.host_map).tables if settings.host_map else ())
    systems = _declared(faults, lambda: read_systems(settings.connected) if settings.connected else ())
    if os.environ.get("FLASK_DEBUG", "").lower() not in ("", "0", "false", "no"):
        faults.append("FLASK_DEBUG is on: its error pages run code for anybody; unset it")
    if faults:
        raise ConfigurationError(faults)

    app = Flask(__name__)
    app.extensions["portal.settings"] = settings
    app.extensions["portal.secrets"] = secrets
    app.extensions["portal.clock"] = clock or clocks.system_clock
    app.extensions["portal.search_access"] = partial(access_records, app)
    app.config.update(
        SECRET_KEY=secrets.session_key,
        SESSION_COOKIE_NAME="__Host-portal" if settings.tls else "portal",
        SESSION_COOKIE_SECURE=settings.tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_FIELDS,
        WTF_CSRF_TIME_LIMIT=int(FORM_AGE.total_seconds()),
        WTF_CSRF_SSL_STRICT=False,  # `headers.guard` asks Origin and Sec-Fetch-Site, which no privacy tool strips
    )
    app.session_interface = MountedSession()
    app.request_class = UnspooledRequest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["portal.systems"] = systems
    app.extensions["portal.uses"] = _uses(mapped, systems)
    database.attach(app, settings)
    faults = _faults_in_stores(app, after_restore=after_restore)
    if faults:
        raise ConfigurationError(faults)
    headers.guard(app, settings)
    speech.speak(app, settings.language)
    app.before_request(_make_room)  # before anything reads the form
    CSRFProtect(app)
    views.open_places(app)
    return app


def _declared(faults: list[str], read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """Return what a file declares, or nothing; what is wrong with it joins `faults`, so that all are told at once."""
    try:
        return read()
    except ConfigurationError as error:
        faults += error.faults
        return ()


def _make_room() -> None:
    """Let a form that brings a paper be larger than others."""
    room = ROOM_FOR.get(request.endpoint or "")
    if room:
        request.max_content_length = room
        # A file is read 64 KiB at a time behind what is left of the line before: with room for the piece alone, a file
        # of short lines would be refused as too large.
        request.max_form_memory_size = 4 * FORM_BYTES


def _uses(tables: Iterable[HostTable], systems: Iterable[System]) -> list[Use]:
    """Return every use of people's data that is declared: letters, files that are given out, the host's tables and
    connected systems."""
    return [
        *(Use(f"portal/letters: {kind}", why) for kind, why in letters.DUTIES.items()),
        *(Use(f"portal/views/downloads.py: {endpoint}", why) for endpoint, why in downloads.PURPOSES.items()),
        *(
            Use(f"PORTAL_HOST_MAP: {table.table}", purpose, tuple(table.columns.values()))
            for table in tables
            for purpose in table.purposes
        ),
        *(Use(f"PORTAL_CONNECTED: {system.key}", system.purpose) for system in systems),
    ]


def _faults_in_stores(app: Flask, *, after_restore: bool) -> list[str]:
    """Return why what the stores hold may not be served: data is used for what the policy in force does not tell, or a
    restore has brought people back. No connection stays open, for a server may fork afterwards."""
    with app.app_context():
        try:
            faults = purpose.faults(app.extensions["portal.uses"], _policy_at(app.extensions["portal.clock"]()))
            restored = None if after_restore else restore_fault()
            return [*faults, restored] if restored else faults
        finally:
            database.db.session.remove()  # a connection given back after the pool is gone would never be closed
            for engine in database.db.engines.values():
                engine.dispose()


def _policy_at(at: datetime) -> Policy:
    """Return the policy in force, or the newest that comes with the product where none was published yet."""
    try:
        return publishing.in_force(at).policy
    except publishing.NothingInForce:
        return load(shipped()[-1])
