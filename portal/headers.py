"""What every answer of the portal carries besides its page, and what a POST must carry to be heard.

The gate sends the wrapped app's answers on untouched; the headers here stand on the portal's own answers only.
"""

from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request

from portal.settings import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=63072000; includeSubDomains"
STATIC_AGE_S = 31_536_000  # the address of a file carries the hash of its content
READING = ("GET", "HEAD", "OPTIONS")


def guard(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of `app`, and refuse a change that another site asked for."""

    @app.before_request
    def refuse_foreign_posts() -> None:
        if request.method not in READING and not is_same_site(request, settings.public_url):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend({name: value for name, value in ALWAYS.items() if name not in response.headers})
        if settings.tls:
            response.headers["Strict-Transport-Security"] = HSTS
        # Only a file asked for by its digest can never change; the gate's own pages ask without one.
        if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={STATIC_AGE_S}, immutable"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def is_same_site(asked: Request, public_url: str | None) -> bool:
    """Whether a browser says this request came from our own pages, or says nothing at all.

    `Sec-Fetch-Site` and `Origin` cannot be set by a page. A client that sends neither is no browser of
    today; the token of the form still stands in its way. The scheme is compared only with `public_url`,
    because a TLS proxy in front of us makes ours read "http".
    """
    if asked.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = asked.headers.get("Origin")
    if origin is None:
        return True
    if public_url:
        ours = urlsplit(public_url)
        if origin == f"{ours.scheme}://{ours.netloc}":
            return True
    return origin in (f"http://{asked.host}", f"https://{asked.host}")
