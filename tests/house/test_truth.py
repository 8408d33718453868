"""Every period, item, purpose and processor on a page of the public or of a member is the one of the policy in force.

Another policy takes effect in which each of them has another word: whatever old word is still to be read then was
written into a page by hand, and would have been untrue.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.policy.loading import from_json, load, shipped, to_json
from portal.policy.model import Policy
from portal.services import disclosing
from portal.services.publishing import publish
from portal.views.guarding import CLOSED
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser
from tests.house.test_pages import PLACES, address

OLD = load(shipped()[-1])
SHOWN = [
    endpoint
    for endpoint in PLACES
    if CLOSED.get(endpoint, "me.read").startswith("me.")
    and endpoint.partition(".")[0]
    in ("certificates", "consent", "contact", "enter", "exercising", "me", "public", "requests")
]
OF_OTHER_VERSIONS = {
    "public.versions",
    "public.version",
    "public.compare",
    "me.receipt",
}  # they show what was, as it was
EVERYDAY = {  # names of items that are ordinary words besides, and where a page needs the word
    "아이디",  # what one signs in with, asked for on a form
    "쿠키",  # what a browser keeps, said where it was blocked
    "cookies",
    "서비스 접속 기록",  # one of the places where the portal holds data
    "record of access to the service",
    "사업자등록번호",  # the company's own, at the foot of the policy
}
AXIS = re.compile(r'<li class="axis".*?</li>', re.DOTALL)  # the scale of a drawing, which is no promise
PERIOD = re.compile(r"(?<![0-9월-])\s?\b([0-9]{1,3})\s?(개월|년(?!\s?[0-9월])|months?|years?)")


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def renamed(policy: Policy) -> Policy:
    """Return a version that says everything in other words: each item, purpose, recipient, ground and period."""
    raw = json.loads(to_json(policy))
    raw |= {"version": "2026-11-27", "effective_on": "2026-11-27"}

    def word(kind: str, one: Any) -> dict[str, str]:
        return {"ko": f"{kind}-{one['key']}", "en": f"{kind}-{one['key']}"}

    for kind in ("items", "purposes", "collection_methods", "safeguards"):
        for one in raw[kind]:
            one["label"] = word(kind, one)
    for one in raw["processors"]:
        one |= {"name": word("processor", one), "task": word("task", one), "notice": word("notice", one)}
    for number, one in enumerate(raw["retention_rules"], 41):
        one |= {"label": word("kept", one), "period": {"months": number, "years": 0}}
        one["ground"] |= {"name": word("ground", one), "short": word("short", one)}
    for one in raw["consent_items"]:
        one |= {name: word(name, one) for name in ("title", "label", "ask")}
        one["refusal"] |= {name: word(name, one) for name in ("right", "consequence", "still")}
    for one in raw["articles"]:
        for name in ("easy", "text"):
            one[name] = {"ko": f"{name} {one['number']}", "en": f"{name} {one['number']}"}
    return from_json(json.dumps(raw, ensure_ascii=False))


def words_of(page: str) -> str:
    """Return what a person reads, tags as blanks."""
    body = AXIS.sub(" ", page.partition("<body")[2])
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def foreign_periods(words: str, policy: Policy) -> list[str]:
    """Return the periods in months and years that this policy does not have."""
    told = {rule.period.in_months for rule in policy.retention_rules}
    found = []
    for match in PERIOD.finditer(words):
        months = int(match[1]) * (12 if match[2] in ("년", "year", "years") else 1)
        if months not in told:
            found.append(match[0].strip())
    return found


def old_words(policy: Policy) -> Iterator[str]:
    """Yield what only the old version says: names of items and purposes, recipients, grounds, and what is asked."""
    for language in ("ko", "en"):
        for one in (*policy.items, *policy.purposes):
            yield one.label.in_language(language)
        for processor in policy.processors:
            yield processor.name.in_language(language)
        for rule in policy.retention_rules:
            yield rule.label.in_language(language)
            yield rule.ground.name.in_language(language)
        for item in policy.consent_items:
            yield item.label.in_language(language)
            yield item.refusal.consequence.in_language(language)


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock, browser: Callable[..., Browser]) -> Browser:
    """A member who agreed to the version of other words, which is in force, and whose card went to the processor."""
    with app.app_context():
        publish(renamed(OLD), clock() + timedelta(minutes=1), clock())
    clock.advance(minutes=2)
    jiwon = browser()
    jiwon.agree()
    with app.app_context():
        sent = disclosing.disclose(JIWON, "kicc", ["card_number", "card_expiry"], "payment", "charge-1", clock())
        assert sent.verdict.allowed
    jiwon.post("/me/withdraw/member")
    return jiwon


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in SHOWN if endpoint not in OF_OTHER_VERSIONS])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_page_says_nothing_that_the_policy_does_not(app: Flask, jiwon: Browser, endpoint: str, language: str) -> None:
    """No old name and no other period is to be read once another version is in force."""
    who = jiwon if CLOSED.get(endpoint, "").startswith("me.") else Browser(app.test_client(), None)
    page = who.get(address(jiwon, endpoint, language), follow_redirects=True)
    words = words_of(page.text)

    assert page.status_code == 200
    assert [
        old for old in {*old_words(OLD)} - EVERYDAY if re.search(rf"(?<![\w]){re.escape(old)}(?![\w])", words)
    ] == []
    assert foreign_periods(words, renamed(OLD)) == []


def test_the_walk_would_notice(app: Flask, browser: Callable[..., Browser]) -> None:
    """Under the shipped version the same pages are full of its words and periods, and those are found."""
    jiwon = browser()
    words = words_of(jiwon.get("/consent").text) + words_of(jiwon.get("/").text)

    assert {"이메일 주소", "청구서 발송", "부정 이용 방지 기록", "한국정보통신(주)"} <= {
        old for old in old_words(OLD) if old in words
    }
    assert set(foreign_periods(words, renamed(OLD))) >= {"1년", "3년", "6개월"}
    assert foreign_periods(words, OLD) == []
