"""A link that leads elsewhere says so, and nothing that is no web address becomes a link."""

import django
import pytest
from django.conf import settings as django_settings
from django.template import Context, Engine
from jinja2 import Environment

from middleware.outbound import Outbound, host_of

OUTSIDE = (
    '<a href="https://console.cloud.example/a?b=1&amp;c=2" rel="noopener noreferrer">'
    'A &amp; B <span class="tag">외부 사이트</span></a>'
)


def test_a_link_elsewhere_is_marked() -> None:
    """It says so in words, tells the other site nothing, and goes there directly."""
    assert Outbound(["cost.example"])("https://console.cloud.example/a?b=1&c=2", "A & B") == OUTSIDE


@pytest.mark.parametrize(
    "url",
    ["/bills?month=2026-11", "https://cost.example/bills", "https://COST.example:8443/", "https://cost.example./"],
)
def test_a_link_to_ourselves_is_not(url: str) -> None:
    """A path of this site, or one of its own names, however written and at whatever port."""
    assert Outbound(["Cost.example"])(url, "청구서") == f'<a href="{url}">청구서</a>'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https:\\\\evil.example",
        "https://cost.example@evil.example/",
        "https://cost.example\\@evil.example/",
        " https://evil.example",
        "https://",
        "https:/evil.example",
        "https://[::1",
        "bills",
        "",
    ],
)
def test_what_is_no_web_address_stays_words(url: str) -> None:
    """A script, a network path, a hidden sign or a name before an @ never becomes a link."""
    assert Outbound(["cost.example"])(url, "<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("url", ["https://evilcost.example/", "https://cost.example.evil.example/"])
def test_a_name_like_ours_is_not_ours(url: str) -> None:
    """Hosts are compared whole."""
    assert host_of(url) not in ("", "cost.example")
    assert "외부 사이트" in Outbound(["cost.example"])(url, "x")


def test_template_languages_take_it_as_it_is() -> None:
    """Neither Jinja nor Django escapes the link a second time."""
    link = Outbound(["cost.example"])
    jinja = Environment(autoescape=True)
    jinja.filters["outbound"] = link
    url = "https://console.cloud.example/a?b=1&c=2"
    if not django_settings.configured:
        django_settings.configure()
        django.setup()

    assert jinja.from_string("{{ url | outbound('A & B') }}").render(url=url) == OUTSIDE
    assert Engine().from_string("{{ link }}").render(Context({"link": link(url, "A & B")})) == OUTSIDE
