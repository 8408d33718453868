"""The frame round every page: language, brightness, who is signed in, where to turn. Values only, for `base.html`."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, session, url_for
from flask_babel import gettext
from flask_login import current_user

from middleware.paths import safe_next
from portal import clock
from portal.services import publishing
from portal.speech import LANGUAGES, NAMES, language, say_text

MEDIA = {"auto": "(prefers-color-scheme: dark)", "light": "not all", "dark": "all"}


def values() -> dict[str, Any]:
    """Return what `base.html` needs besides the page's own values."""
    settings = current_app.extensions["portal.settings"]
    spoken = language()
    chosen = theme()
    return {
        "language": spoken,
        "other_language": _other_language(spoken),
        "theme": chosen,
        "themes": [("auto", gettext("기기 설정")), ("light", gettext("밝게")), ("dark", gettext("어둡게"))],
        "dark_media": MEDIA[chosen],
        "static_url": static_url,
        "place": request.blueprint,
        "here": here(),
        "signed_in": current_user.is_authenticated,
        "by_link": getattr(current_user, "by_link", False),
        "login_url": settings.login_url,
        "logout_url": url_for("enter.leave") if getattr(current_user, "by_link", False) else settings.logout_url,
        "foot": _contact(),
    }


def theme() -> str:
    """Return the remembered brightness: "auto", "light" or "dark"."""
    chosen = session.get("theme", "auto")
    return chosen if chosen in MEDIA else "auto"


def here() -> str:
    """Return this page's own address on the site, for coming back to it; the start page after a POST."""
    if request.method not in ("GET", "HEAD"):
        return url_for("public.policy")
    query = request.query_string.decode("ascii", "replace")
    return safe_next(request.script_root + request.path + (f"?{query}" if query else ""))


def static_url(name: str) -> str:
    """Return the address of a static file with the hash of its content, so that it may be kept for ever."""
    return url_for("static", filename=name, v=_content_hash(Path(current_app.static_folder or ""), name))


@cache
def _content_hash(folder: Path, name: str) -> str:
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]


def _other_language(spoken: str) -> dict[str, str]:
    other = next(code for code in LANGUAGES if code != spoken)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    path = request.script_root + request.path
    if request.url_rule is None or "GET" not in (request.url_rule.methods or ()):
        path, kept = url_for("public.policy"), []
    return {"code": other, "name": NAMES[other], "url": f"{path}?{urlencode([*kept, ('lang', other)])}"}


def _contact() -> dict[str, str] | None:
    """Return whom to turn to, from the policy in force; None where no policy can be read."""
    try:
        policy = publishing.in_force(clock.now()).policy
    except Exception:  # an error page must not fail for want of a telephone number
        current_app.logger.warning("the policy in force cannot be read for the foot of the page")
        return None
    return {
        "officer": say_text(policy.officer.title),
        "phone": policy.officer.phone,
        "company": say_text(policy.controller.name),
    }
