"""Journeys are made in a real browser, as far as a person would notice."""

from tests.browser.fixtures import chromium, installation, person, window

__all__ = ["chromium", "installation", "person", "window"]
