"""The consent gate: WSGI middleware for any application.

    from middleware import ConsentGate, identity

    application = ConsentGate(app, store=…, journal=…, identify=identity.flask_session(app), digest_key=…)

This package is the request path and nothing else: the standard library and itsdangerous, no web framework and no
portal. It reads the portal's store and writes no database.
"""

from . import identity
from .errors import ConfigurationError
from .gate import ConsentGate

__all__ = ["ConfigurationError", "ConsentGate", "identity"]
