"""Nothing personal lies anywhere in the open: every byte of every store, file and log of it is searched."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from portal.database import open_engine
from portal.services import importing, looking_up, registering
from portal.services.reading import ListFile
from portal.settings import STORES, Settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.calling import TOLD, Host

FIRST = {**TOLD, "business_registration_number": "214-86-39239"}  # TOLD's own stands in the policy: the controller's
SECOND = "7002,minho.park@dodam.example,minho-the-sample,도담커머스,123-45-67891,02-345-6789"
TRACES = (  # parts of what is told below, in each form in which it is told or kept
    "jiwon.seo",
    "jiwon.new",
    "jiwon-the-sample",
    "gaon.example",
    "가온유통",
    "214-86-39239",
    "2148639239",
    "1012345678",
    "1234-5678",
    "minho",
    "dodam.example",
    "도담커머스",
    "123-45-67891",
    "23456789",
    "345-6789",
    "nobody-there",
)


@pytest.fixture
def lived_in(
    app: Flask, clock: FakeClock, browser: Callable[..., Browser], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Flask:
    """An installation in which people signed up, were imported, refused, corrected, searched, shown and agreed."""
    caplog.set_level(logging.INFO)
    host = Host(app, clock())
    assert [
        host.register(told).status_code
        for told in (FIRST, FIRST, {**FIRST, "email": "jiwon.new@gaon.example"}, {**FIRST, "email": "nobody-there"})
    ] == [200, 200, 409, 422]
    (tmp_path / "list.csv").write_text(f"회원번호,이메일,아이디,회사명,사업자등록번호,연락처\n{SECOND}\n", "utf-8")
    with app.app_context():
        with closing(importing.preview(ListFile(tmp_path / "list.csv").rows())) as found:
            importing.carry_out(found, "EMPLOYER", clock())
        member = registering.of_email(TOLD["email"])[0]
        registering.change(member.ref, {"email": "jiwon.new@gaon.example"}, clock())
        assert looking_up.masked("7002", clock()) is not None
    assert browser("7001").agree().status_code == 303
    return app


def test_no_store_holds_a_plain_value(
    lived_in: Flask, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Database files with their logs, or every row of PostgreSQL, the journal, and what was logged: no trace."""
    (tmp_path / "list.csv").unlink()
    needles = [(trace, form) for trace in TRACES for form in _forms(trace)]

    found = {(place, trace) for place, content in _contents(settings) for trace, form in needles if form in content}

    assert found == set()
    assert not [trace for trace in TRACES if trace in caplog.text]


def test_the_search_finds_what_is_there(lived_in: Flask, settings: Settings) -> None:
    """The host's id, which is kept as it is, is found by the same search: it is no blind one."""
    assert b"7001" in b"".join(content for _, content in _contents(settings))


def _forms(trace: str) -> Iterator[bytes]:
    """Yield the bytes in which a text may lie in a file or in a row, as it is and as hexadecimal digits."""
    for encoding in ("utf-8", "utf-16-le", "cp949"):
        yield trace.encode(encoding)
        yield trace.encode(encoding).hex().encode()


def _contents(settings: Settings) -> Iterator[tuple[str, bytes]]:
    for path in settings.instance.rglob("*"):
        if path.is_file() and path.parent != settings.secrets_dir:
            yield path.name, path.read_bytes()
    for url in {getattr(settings, store) for store in STORES}:
        if url.startswith("postgresql"):
            engine = open_engine(url)
            try:
                with engine.connect() as connection:
                    for table in inspect(connection).get_table_names():
                        rows = connection.scalars(text(f"SELECT one::text FROM {table} AS one"))
                        yield table, "\n".join(rows).encode()
            finally:
                engine.dispose()
