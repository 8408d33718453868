"""The sample MateCost: an honest host for the gate to stand before."""

import csv
import io
import stat
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from middleware import identity
from portal.demo.matecost import create_matecost
from portal.demo.members import SAMPLE_ACCOUNTS

KIM = {"mail": "haneul.kim@gaon.example", "password": "sample-gaon-1001"}
BEHIND_SIGN_IN = ["/", "/api/costs", "/download/costs.csv", "/stream"]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_matecost(tmp_path_factory.mktemp("sample"), "a-secret-key-for-the-sample-in-tests")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def kim(client: FlaskClient) -> FlaskClient:
    """A browser in which the sample member Kim has signed in."""
    assert client.post("/login", data=KIM).status_code == 303
    return client


def test_every_sample_account_works(app: Flask) -> None:
    """Each account that the sign-in page shows signs in with the password it shows."""
    page = app.test_client().get("/login").get_data(as_text=True)

    for account in SAMPLE_ACCOUNTS:
        assert account.mail in page
        assert account.password in page
        answer = app.test_client().post("/login", data={"mail": account.mail, "password": account.password})
        assert (answer.status_code, answer.location) == (303, "/")


def test_the_pages_say_that_they_are_a_sample(kim: FlaskClient) -> None:
    """Every page says in its first lines that companies, members and amounts are invented."""
    for path in ("/", "/nowhere"):
        assert "모두 지어낸 것입니다" in kim.get(path).get_data(as_text=True)


def test_a_wrong_password_signs_nobody_in(client: FlaskClient) -> None:
    """A wrong password and an unknown address are answered with the same page, and nobody is signed in."""
    wrong = client.post("/login", data={**KIM, "password": "wrong"})
    unknown = client.post("/login", data={**KIM, "mail": "nobody@gaon.example"})

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.get_data(as_text=True).replace(KIM["mail"], "") == unknown.get_data(as_text=True).replace(
        "nobody@gaon.example", ""
    ).replace(KIM["mail"], "")
    assert client.get("/api/costs").status_code == 401


@pytest.mark.parametrize(
    ("target", "place"),
    [
        pytest.param("/stream", "/stream", id="a page of the sample"),
        pytest.param("/api/costs?year=2026", "/api/costs?year=2026", id="with a query"),
        pytest.param("//elsewhere.example", "/", id="another host"),
        pytest.param("/\\elsewhere.example", "/", id="backslash"),
        pytest.param("https://elsewhere.example/", "/", id="another site"),
        pytest.param("javascript:alert(1)", "/", id="script"),
        pytest.param("", "/", id="empty"),
    ],
)
def test_sign_in_leads_on_within_the_site(client: FlaskClient, target: str, place: str) -> None:
    """After signing in the member gets to the page first asked for, and never to another site."""
    assert client.post("/login", data={**KIM, "next": target}).location == place
    assert client.get("/login", query_string={"next": target}).location == place


def test_a_next_sent_twice_is_not_followed(client: FlaskClient) -> None:
    """A page asked for twice is not trusted; the dashboard is shown instead."""
    assert client.post("/login", data={**KIM, "next": ["/stream", "/api/costs"]}).location == "/"


@pytest.mark.parametrize("path", BEHIND_SIGN_IN)
def test_nothing_is_shown_before_signing_in(client: FlaskClient, path: str) -> None:
    """Each page asks for signing in first; the API says so in JSON."""
    answer = client.get(path)

    assert answer.status_code == (401 if path.startswith("/api/") else 303)
    if answer.location:
        assert answer.location.startswith("/login?next=/")


def test_the_gate_sees_the_member(app: Flask, client: FlaskClient) -> None:
    """The gate's Flask adapter reads the sample's own session."""
    client.post("/login", data=KIM)
    cookie = client.get_cookie("matecost")
    assert cookie is not None

    assert identity.flask_session(app)({"HTTP_COOKIE": f"matecost={cookie.value}"}) == "gaon-1001"


def test_signing_out_needs_a_post(kim: FlaskClient) -> None:
    """A GET does not sign out, a POST does."""
    assert kim.get("/logout").status_code == 405
    assert kim.get("/api/costs").status_code == 200

    assert kim.post("/logout").location == "/login"
    assert kim.get("/api/costs").status_code == 401


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_another_site_cannot_post(kim: FlaskClient, path: str) -> None:
    """A POST that a browser says another site has sent is refused and changes nothing."""
    assert kim.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert kim.get("/api/costs").status_code == 200


def test_the_figures_agree(kim: FlaskClient) -> None:
    """The API, the download and the stream show the same amounts, and the dashboard their sum."""
    costs = kim.get("/api/costs").get_json()
    rows = list(csv.reader(io.StringIO(kim.get("/download/costs.csv").get_data().decode("utf-8-sig"))))
    streamed = kim.get("/stream").get_data(as_text=True)
    page = kim.get("/").get_data(as_text=True)

    assert costs["company"] == "가온유통(주)"
    assert rows[0] == ["서비스", "제공사", *costs["months"]]
    assert [[each["name"], each["provider"], *map(str, each["costs"])] for each in costs["services"]] == rows[1:]
    assert "2026-11 AWS 컴퓨팅 인스턴스 4,275,000원\n" in streamed
    assert streamed.endswith("끝\n")
    assert "10,907,000원" in page


def test_the_stream_is_a_stream(kim: FlaskClient) -> None:
    """The stream has no length and comes in parts."""
    answer = kim.get("/stream")

    assert "Content-Length" not in answer.headers
    assert len(list(answer.response)) == 38


def test_pages_need_no_script_and_no_inline_style(kim: FlaskClient) -> None:
    """Every page holds to its content security policy: own stylesheet, no script, no inline style."""
    for path in ("/", "/login?next=//x", "/nowhere"):
        answer = kim.get(path)
        text = answer.get_data(as_text=True)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in text
        assert "style=" not in text
        assert 'href="/privacy/"' in text or answer.status_code == 303


def test_health_and_files_need_no_member(client: FlaskClient) -> None:
    """The health page and the stylesheet, of 6 KB at most, are open to everybody."""
    assert client.get("/healthz").get_data() == b"ok\n"
    with client.get("/static/matecost.css") as sheet:
        assert sheet.status_code == 200
        assert len(sheet.get_data()) <= 6144


def test_accounts_are_made_once(tmp_path: Path) -> None:
    """A second start neither doubles nor changes the sample's members, and their passwords are kept as hashes."""
    create_matecost(tmp_path, "x" * 32)
    first = (tmp_path / "sample-matecost.db").read_bytes()

    create_matecost(tmp_path, "x" * 32)

    assert (tmp_path / "sample-matecost.db").read_bytes() == first
    assert b"sample-gaon-1001" not in first
    assert stat.S_ISREG((tmp_path / "sample-matecost.db").stat().st_mode)
