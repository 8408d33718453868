"""What tests of services and pages may ask for: the portal on ready stores with the shipped policy in force, and a
browser-like client that the gate has named."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import create_app
from portal.policy.loading import load, shipped
from portal.policy.model import Policy, Text
from portal.services.publishing import publish_shipped
from portal.settings import Settings
from tests.fake_clock import FakeClock

JIWON = "jiwon.seo@gaon.example"
MINHO = "minho.park@gaon.example"
PAGE = {"Accept": "text/html"}


class Browser:
    """A person's browser behind the gate: names the person in the environ, asks for HTML, carries the form token."""

    def __init__(self, client: FlaskClient, host_id: str | None, mount: str = "") -> None:
        self.client, self.host_id, self.mount = client, host_id, mount

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, headers=PAGE, **self._named(more))

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post these fields, and the token of this browser's session unless they bring one."""
        data = {"csrf_token": self.token(), **(fields or {})}
        headers = {**PAGE, **more.pop("headers", {})}
        return self.client.post(path, data=data, headers=headers, **self._named(more))

    def token(self) -> str:
        return fields_of(self.get("/").text)["csrf_token"]

    def form(self, path: str = "/consent") -> dict[str, str]:
        """Return the hidden fields of the form on a page, as a browser would send them back."""
        return fields_of(self.get(path).text)

    def agree(self, **answers: str) -> TestResponse:
        """Open the form, answer every required item with yes and the rest as told, and send it."""
        form = self.form()
        yes = {f"answer-{key}": "yes" for key in form["shown"].split()}
        told = {f"answer-{key}": answer for key, answer in answers.items()}
        return self.post("/consent", {**form, **yes, **told, "decision": "agree"})

    def _named(self, more: dict[str, Any]) -> dict[str, Any]:
        environ = dict(more.pop("environ_overrides", {}))
        if self.host_id is not None:
            environ["consent_gate.host_id"] = self.host_id
        environ["consent_gate.request_id"] = "testrequest"
        return {**more, "environ_overrides": environ}


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of the form in the main part of a page (else of the foot), by name."""
    main = page[page.index("<main") : page.index("</main>")]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', main))
    return found or dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def another(policy: Policy, version: str, **changes: Any) -> Policy:
    """Return a later version of a policy with some fields replaced."""
    return msgspec.structs.replace(policy, version=version, **changes)


def with_purpose_added(policy: Policy, version: str) -> Policy:
    """Return a version with a material change: the access item serves one purpose more."""
    items = tuple(
        msgspec.structs.replace(item, purposes=(*item.purposes, "usage_alert")) if item.key == "access" else item
        for item in policy.consent_items
    )
    return another(policy, version, consent_items=items)


def with_words_changed(policy: Policy, version: str) -> Policy:
    """Return a version with other words for the same facts: a title on the form and the text of Article 8."""
    items = tuple(
        msgspec.structs.replace(item, label=Text(ko="접속 정보의 수집·이용에 동의합니다", en="I agree to it"))
        if item.key == "access"
        else item
        for item in policy.consent_items
    )
    articles = tuple(
        msgspec.structs.replace(one, text=Text(ko=one.text.ko + "\n\n덧붙인 문장.", en=one.text.en + "\n\nMore."))
        if one.number == "8"
        else one
        for one in policy.articles
    )
    return another(policy, version, consent_items=items, articles=articles)


@pytest.fixture
def policy() -> Policy:
    """The policy that comes with the portal."""
    paths: list[Path] = shipped()
    return load(paths[-1])


@pytest.fixture
def app(settings: Settings, clock: FakeClock) -> Iterator[Flask]:
    """The portal on ready stores, with the shipped policy in force."""
    app = create_app(settings, clock=clock)
    with app.app_context():
        publish_shipped(clock())
    yield app
    with app.app_context():
        from portal.database import db

        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def browser(app: Flask) -> Callable[..., Browser]:
    """Makes browsers: `browser()` is Jiwon's, `browser(None)` a stranger's."""

    def make(host_id: str | None = JIWON) -> Browser:
        return Browser(app.test_client(), host_id)

    return make


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The bare test client: nobody is named."""
    return app.test_client()
