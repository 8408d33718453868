"""The browser, and what it looks at."""

from tests.browser.fixtures import chromium, installation, person, window

__all__ = ["chromium", "installation", "person", "window"]
