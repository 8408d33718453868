"""The privacy portal: what a policy promises, carried out. Here its parts meet, and nowhere else."""

import os
from datetime import timedelta
from functools import partial

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect

from portal import clock as clocks
from portal import database, headers, speech, views
from portal.clock import Clock
from portal.errors import ConfigurationError
from portal.holdings.connected_map import read_systems
from portal.holdings.host_map import read_map
from portal.policy.loading import load, shipped
from portal.rules.paper import MOST_BYTES
from portal.services.access_room import access_records
from portal.services.migrating import schema_faults
from portal.services.replaying import restore_fault
from portal.settings import Settings
from portal.vault.secrets import open_secrets

FORM_BYTES = 64 * 1024
FORM_FIELDS = 200
ROOM_FOR = {  # where a form brings a paper
    "contact.send_as_agent": MOST_BYTES + FORM_BYTES,
    "registers.note": MOST_BYTES + FORM_BYTES,
}
FORM_AGE = timedelta(hours=8)


class MountedSession(SecureCookieSessionInterface):
    """The session cookie is sent to the portal only, wherever it is mounted; `__Host-` demands the whole site."""

    def get_cookie_path(self, app: Flask) -> str:
        return "/" if app.config["SESSION_COOKIE_SECURE"] else request.script_root or "/"


def create_app(settings: Settings | None = None, *, clock: Clock | None = None, after_restore: bool = False) -> Flask:
    """Return the portal on its stores, ready to serve.

    `after_restore` lets a replay begin on a store that has brought destroyed people back; nothing else may.

    Raises ConfigurationError, with every fault, when settings, secrets or stores are not fit to start on.
    """
    settings = settings or Settings.from_environ(os.environ)
    secrets = open_secrets(settings.secrets_dir)
    faults = schema_faults(settings)
    faults += _declaration_faults(settings)
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
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    database.attach(app, settings)
    fault = None if after_restore else _restore_fault(app)
    if fault:
        raise ConfigurationError([fault])
    headers.guard(app, settings)
    speech.speak(app, settings.language)
    app.before_request(_make_room)  # before anything reads the form
    CSRFProtect(app)
    views.open_places(app)
    return app


def _declaration_faults(settings: Settings) -> list[str]:
    """Return the faults of the files that declare the host's tables and the connected systems."""
    faults: list[str] = []
    purposes = {purpose.key for path in shipped() for purpose in load(path).purposes}
    for judge in (
        lambda: settings.host_map and read_map(settings.host_map),
        lambda: settings.connected and read_systems(settings.connected, purposes),
    ):
        try:
            judge()
        except ConfigurationError as error:
            faults += error.faults
    return faults


def _make_room() -> None:
    """Let a form that brings a paper be larger than others."""
    room = ROOM_FOR.get(request.endpoint or "")
    if room:
        request.max_content_length = room


def _restore_fault(app: Flask) -> str | None:
    """Return why a restored store may not be served; no connection stays open, for a server may fork afterwards."""
    with app.app_context():
        try:
            return restore_fault()
        finally:
            for engine in database.db.engines.values():
                engine.dispose()
