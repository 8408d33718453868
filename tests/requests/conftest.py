"""Requests are tested beside a host that has no tables; what is told when its tables cannot be had is in holdings."""

from dataclasses import replace

import pytest

from portal.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)
