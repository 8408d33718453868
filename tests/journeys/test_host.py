"""The service behind the gate, as a browser gets it, beside the same service without a gate."""

import re

import pytest
from playwright.sync_api import APIResponse
from werkzeug.test import Client, TestResponse

from portal.demo.matecost import create_matecost
from tests.browser.person import Person

pytestmark = pytest.mark.browser

SERVERS_OWN = {"date", "server", "connection", "transfer-encoding"}
RENEWED = re.compile(r"matecost=[\w.-]+; Expires=[^;]+;")  # the sample renews its own session at every answer
PATHS = ["/", "/?month=2026-10", "/api/costs", "/download/costs.csv", "/stream", "/no-such-page"]


def test_a_consented_member_gets_what_the_bare_service_gives(person: Person) -> None:
    """Pages, API, download, stream and a missing page come with the same status, headers and bytes."""
    person.has_agreed()
    account, installation = person.account, person.installation
    bare = Client(create_matecost(installation.instance, "a key of its own"))
    bare.post("/login", data={"mail": account.mail, "password": account.password})

    for path in PATHS:
        gated, straight = person.page.context.request.get(installation.url + path), bare.get(path)

        assert (path, gated.status) == (path, straight.status_code)
        assert gated.body() == straight.data
        assert _headers(gated) == _headers(straight)


def test_nobody_else_gets_any_of_it(person: Person) -> None:
    """Without consent every path of the service answers with a refusal that holds nothing of the page."""
    person.sign_in()

    for path in PATHS:
        answer = person.page.context.request.get(person.installation.url + path, max_redirects=0)

        assert answer.status == 403
        assert "가온유통" not in answer.text()
        assert answer.headers["content-type"] == "application/problem+json"


def _headers(answer: APIResponse | TestResponse) -> list[tuple[str, str]]:
    if isinstance(answer, TestResponse):
        found = [(name, value) for name, value in answer.headers.items()]
    else:
        found = [(one["name"], one["value"]) for one in answer.headers_array]
    return sorted(
        (name.lower(), RENEWED.sub("matecost=RENEWED;", value))
        for name, value in found
        if name.lower() not in SERVERS_OWN
    )
