"""A host's database with a member in it, on either engine, and the map that says where."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from portal import create_app
from portal.database import db
from portal.holdings import holdings
from portal.holdings.host import HostRows
from portal.services.publishing import publish_shipped
from portal.settings import Settings
from tests.fake_clock import FakeClock

MAP = """
name = { ko = "MateCost", en = "MateCost" }

[[tables]]
table = "host_members"
key = "id"
purposes = ["service"]
on_destroy = "delete"
columns = { mail = "email", phone = "personal_contact", company = "company_name" }
also = ["nickname"]

[[tables]]
table = "host_bills"
key = "member_id"
purposes = ["bill"]
on_destroy = "erase"
columns = { mail = "email" }
also = ["note"]
"""
TABLES = (
    "CREATE TABLE host_members (id TEXT PRIMARY KEY, mail TEXT, phone TEXT, company TEXT, nickname TEXT)",
    "CREATE TABLE host_bills (no INTEGER PRIMARY KEY, member_id TEXT, mail TEXT, note TEXT NOT NULL, won INTEGER)",
    "INSERT INTO host_members VALUES ('jiwon', 'jiwon.seo@gaon.example', '010-1234-5678', '가온유통(주)', '지원')",
    "INSERT INTO host_members VALUES ('minho', 'minho.park@gaon.example', '010-1234-0000', '가온유통(주)', '민호')",
    "INSERT INTO host_bills VALUES (1, 'jiwon', 'jiwon.seo@gaon.example', '부재중', 1200)",
    "INSERT INTO host_bills VALUES (2, 'minho', 'minho.park@gaon.example', '', 900)",
)


@pytest.fixture
def settings(settings: Settings, engine_name: str, tmp_path: Path) -> Settings:
    """Settings of an installation whose host has tables with people in them."""
    written = tmp_path / "map.toml"
    written.write_text(MAP, "utf-8")
    store = f"sqlite:///{tmp_path}/host.db" if engine_name == "sqlite" else settings.main_store
    engine = create_engine(store)
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    engine.dispose()
    return replace(settings, host_map=written, host_store=store)


@pytest.fixture
def app(settings: Settings, clock: FakeClock) -> Iterator[Flask]:
    app = create_app(settings, clock=clock)
    with app.app_context():
        publish_shipped(clock())
    yield app
    let_go(app)


def let_go(app: Flask) -> None:
    """Close every connection of an app, those to the host's database too."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
        for holding in holdings():
            if isinstance(holding, HostRows):
                holding.close()


@pytest.fixture
def host(settings: Settings) -> Iterator[Engine]:
    """The host's own database, as the host sees it."""
    engine = create_engine(settings.host_store)
    yield engine
    engine.dispose()
