"""A served installation and Debian's chromium, once for each folder of tests; a browser window for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect, sync_playwright

from tests.browser.person import Person
from tests.browser.serving import Installation, new_installation

__all__ = ["chromium", "installation", "person", "window"]

ARGUMENTS = [
    "--no-sandbox",  # tests run as root in containers, and visit nobody but themselves
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SEEN_AS: dict[str, Any] = {
    "locale": "ko-KR",
    "timezone_id": "Asia/Seoul",
    "reduced_motion": "reduce",  # colours on their way from light to dark would be measured half way
}
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """A running chromium, or a skip with the reason; in CI, where nothing may be skipped, a failure."""
    path = shutil.which("chromium")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium: apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def installation(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A served installation. Tests share it: each brings members of its own."""
    made = new_installation(tmp_path_factory.mktemp("served"))
    with made.served():
        yield made


@pytest.fixture
def window(chromium: Chromium) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser windows, each with cookies of its own; JavaScript is off unless asked for."""
    opened: list[BrowserContext] = []

    def open_window(**more: Any) -> BrowserContext:
        context = chromium.new_context(**{"java_script_enabled": False, **SEEN_AS, **more})
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture
def person(installation: Installation, window: Callable[..., BrowserContext]) -> Person:
    """A new member of the sample, with JavaScript off, not signed in yet."""
    return Person(installation, window().new_page(), installation.new_member())
