"""Pages are the same on both engines; the services below them are tested on both."""

import pytest


@pytest.fixture
def engine_name() -> str:
    return "sqlite"
