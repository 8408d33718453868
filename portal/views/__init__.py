"""Places: one module per URL prefix. A view reads the request, calls one service and hands plain values to a page.

Nothing here writes SQL, signs or decides a rule. Every endpoint is either listed in `OPEN` with the reason why
anybody may come, or it needs a visitor whom the gate has named.
"""

from flask import Flask, request
from flask_login import LoginManager, current_user

from portal.views import consent, errors, me, public, shell
from portal.views.visitor import visitor_of

OPEN = {
    "static": "stylesheets hold nothing about anybody",
    "public.policy": "the law asks for a policy that anybody can read",
    "public.versions": "so does it for earlier versions",
    "public.version": "one earlier version",
    "public.compare": "the difference between two public texts",
    "public.receipt_key": "a public key is there to be known",
    "public.theme": "light or dark concerns nobody's data",
}


def open_places(app: Flask) -> None:
    """Register every place on `app`, with the guard that closes all but the listed ones to strangers."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(visitor_of)

    @app.before_request
    def refuse_strangers():  # type: ignore[no-untyped-def]
        if request.endpoint is None or request.endpoint in OPEN:
            return None
        if request.environ.get("consent_gate.identity_failed"):
            return errors.unknown_visitor()
        if not current_user.is_authenticated:
            return errors.stranger()
        return None

    for place in (public.place, consent.place, me.place):
        app.register_blueprint(place)
    app.context_processor(shell.values)
    errors.answer(app)
