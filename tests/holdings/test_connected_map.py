"""Connected systems are declared whole or not at all, and nothing but what was declared is called."""

import socket
from pathlib import Path

import pytest

from portal.errors import ConfigurationError
from portal.holdings.connected_map import read_systems
from portal.holdings.webhook import _may_call, _socket_to, signed
from tests.destruction.receiver import SECRET, declared

LOCAL = "http://127.0.0.1:9/destroy"


def faults_of(path: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        read_systems(path, environ)
    return [fault.removeprefix(f"PORTAL_CONNECTED: {path}: ") for fault in refusal.value.faults]


def test_a_declaration_is_read(tmp_path: Path) -> None:
    """The secret comes from its file; whoever prints a system does not see it."""
    [system] = read_systems(declared(tmp_path, LOCAL))

    assert (system.key, system.name.en, system.kind, system.url) == ("crm", "CRM", "webhook", LOCAL)
    assert system.secret == SECRET
    assert "shared-by" not in repr(system)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """A key twice, plain http to elsewhere, a secret that others can read, one that is short."""
    path = declared(tmp_path, "http://crm.example/destroy", person=True)
    (tmp_path / "crm.secret").chmod(0o644)
    path.write_text(
        path.read_text("utf-8").replace('purpose = "service"', 'purpose = "fun"', 1).replace('"archive"', '"crm"')
        + 'secret_env = "CRM"\n',
        "utf-8",
    )

    assert faults_of(path, CRM="whsec_c2hvcnQ=") == [
        "crm stands twice",
        "crm: url: got 'http://crm.example/destroy'; expected https, plain http is for this machine alone",
        f"crm: {tmp_path}/crm.secret: got mode 0644, expected 0600; run `chmod 600 {tmp_path}/crm.secret`",
        "crm: secret_env: a person is not called; leave it out",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("whsec_c2hvcnQ=", "CRM: expected whsec_ and 24 to 64 bytes in base64", id="short"),
        pytest.param("", "CRM: expected whsec_ and 24 to 64 bytes in base64", id="missing"),
    ],
)
def test_a_secret_of_the_environment_is_judged(tmp_path: Path, text: str, fault: str) -> None:
    """It must be there and long enough; its text is told nobody."""
    path = declared(tmp_path, LOCAL)
    path.write_text(path.read_text("utf-8").replace('secret_file = "crm.secret"', 'secret_env = "CRM"'), "utf-8")

    assert faults_of(path, CRM=text) == [f"crm: {fault}"]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    """Missing, or no TOML of this shape."""
    (tmp_path / "odd.toml").write_text("system = 3\n", "ascii")

    assert faults_of(tmp_path / "none.toml") == ["No such file or directory"]
    assert faults_of(tmp_path / "odd.toml") == ["Expected `array`, got `int` - at `$.system`"]


@pytest.mark.parametrize(
    ("address", "private", "own", "may"),
    [
        ("93.184.216.34", False, False, True),
        ("10.1.2.3", False, False, False),
        ("10.1.2.3", True, False, True),
        ("fd00::1", True, False, True),
        ("169.254.169.254", True, False, False),
        ("fe80::1%eth0", True, False, False),
        ("::ffff:10.1.2.3", False, False, False),
        ("::ffff:169.254.169.254", True, False, False),
        ("127.0.0.1", True, False, False),
        ("127.0.0.1", False, True, True),
        ("0.0.0.0", True, True, False),
        ("224.0.0.1", True, False, False),
    ],
)
def test_which_addresses_may_be_called(address: str, private: bool, own: bool, may: bool) -> None:
    """Public ones; private ones where the declaration says so; this machine where the URL names it; a cloud's own
    service never."""
    assert _may_call(address, private, own) is may


def test_a_name_that_leads_home_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address of it that may not be called is enough, whatever the others are."""
    found = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(OSError, match="may not be called"):
        _socket_to("crm.example", 443, True, 1)


def test_a_call_is_signed_as_standard_webhooks_has_it() -> None:
    """HMAC-SHA256 over id, moment and body, as `openssl dgst -mac HMAC` gives it."""
    headers = signed(b"0" * 24, "msg-1", 1_700_000_000, b'{"a":1}')

    assert headers["webhook-id"] == "msg-1"
    assert headers["webhook-timestamp"] == "1700000000"
    assert headers["webhook-signature"] == "v1,KP7CLghMBiTuW92drcyavP8KLzidnypi7dazL83QmsM="
