"""What the tests of every room may ask for: a fake clock, and settings whose stores are ready, on either engine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.services import migrating
from portal.settings import Settings
from portal.vault.secrets import open_secrets
from tests.fake_clock import FakeClock
from tests.made_once import make_once
from tests.postgres import NoPostgres, Server, running_server

pytest_plugins = ["tests.fixtures_portal", "tests.staffing"]
make_once()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at noon in Seoul on 23 November 2026."""
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine in turn: every test that touches a store runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL, or a skip with the reason; in CI, where nothing may be skipped, a failure."""
    try:
        with running_server() as server:
            yield server
    except NoPostgres as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with secrets and migrated SQLite stores, to be copied."""
    instance = tmp_path_factory.mktemp("template") / "instance"
    settings = Settings.from_environ({"PORTAL_INSTANCE": str(instance)})
    open_secrets(settings.secrets_dir)
    migrating.upgrade(settings)
    return instance


@pytest.fixture(scope="session")
def postgres_template(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated database, to be copied: main and access store in one schema, keys in another."""
    name = postgres.make_database()
    migrating.upgrade(_on_postgres(tmp_path_factory.mktemp("template") / "instance", postgres, name))
    yield name
    postgres.drop_database(name)


@pytest.fixture
def empty_settings(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings of an installation on which nothing has been done yet; its PostgreSQL schemas exist, empty."""
    instance = tmp_path / "instance"
    if engine_name == "sqlite":
        yield Settings.from_environ({"PORTAL_INSTANCE": str(instance)})
    else:
        yield from _with_database(instance, request.getfixturevalue("postgres"), None)


@pytest.fixture
def settings(
    engine_name: str, tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """Settings of an installation whose secrets are made and whose stores are at the newest revision; no policy is
    published and nobody has been met."""
    instance = tmp_path / "instance"
    shutil.copytree(sqlite_template, instance)
    if engine_name == "sqlite":
        yield Settings.from_environ({"PORTAL_INSTANCE": str(instance)})
        return
    for file in instance.glob("*.db*"):
        file.unlink()
    template: str = request.getfixturevalue("postgres_template")
    yield from _with_database(instance, request.getfixturevalue("postgres"), template)


def _with_database(instance: Path, server: Server, template: str | None) -> Iterator[Settings]:
    name = server.make_database(template)
    yield _on_postgres(instance, server, name)
    server.drop_database(name)


def _on_postgres(instance: Path, server: Server, database: str) -> Settings:
    return Settings.from_environ(
        {
            "PORTAL_INSTANCE": str(instance),
            "PORTAL_MAIN_STORE": server.url(database),
            "PORTAL_KEYS_STORE": server.url(database, "keys"),
            "PORTAL_ACCESS_STORE": server.url(database),
            "PORTAL_SEPARATED_STORE": server.url(database, "separated"),
            "PORTAL_DRAIN": "off",
        }
    )
