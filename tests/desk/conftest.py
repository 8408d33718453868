"""Pages are the same on both engines; what has to differ by engine is asked for by name."""

import pytest


@pytest.fixture
def engine_name() -> str:
    return "sqlite"
