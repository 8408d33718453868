"""The door: the MateCost app and the privacy portal side by side, both behind the consent gate."""

import os

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from middleware import ConsentGate
from portal import create_app, guard
from portal.host import identify_by, load_host
from portal.services.draining import start_draining
from portal.services.jobs import start_jobs
from portal.settings import Settings

settings = Settings.from_environ(os.environ)
portal = create_app(settings)
secrets = portal.extensions["portal.secrets"]
host = load_host(settings, secrets)
guard.stand(portal)

application = ConsentGate(
    DispatcherMiddleware(host, {"/privacy": portal}),
    store=settings.main_store,
    journal=settings.journal,
    identify=identify_by(settings.identity, host, settings.trusted_proxies),
    exempt=settings.exempt,
    portal="/privacy",
    login_url=settings.login_url,
    trusted_proxies=settings.trusted_proxies,
    forwarded_header=settings.forwarded_header,
    digest_key=secrets.digest_key,
)

if settings.drain == "thread":
    start_draining(portal)
if settings.jobs == "thread":
    start_jobs(portal)
