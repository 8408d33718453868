"""The secret files: made once, closed to others, never shown, never silently made anew."""

import logging
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.errors import ConfigurationError
from portal.vault.secrets import Secrets, new_wrapping_key, open_secrets

FILES = {"session_key", "digest_key", "index_key", "api_key", "audit_key", "wrapping_key", "receipt_key.pem"}


def modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}


def keys_of(secrets: Secrets) -> list[bytes]:
    """Return the bytes of every key; a wrapping key shows itself by what it wraps."""
    wrapped = secrets.wrapping_keys.wrap(bytes(32))[1][:32]
    return [
        secrets.session_key,
        secrets.digest_key,
        secrets.index_key,
        secrets.api_key,
        secrets.audit_key,
        wrapped,
    ]


def pem_of(secrets: Secrets) -> bytes:
    return secrets.receipt_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A folder with a set of secrets."""
    directory = tmp_path / "instance" / "secrets"
    open_secrets(directory)
    return directory


def test_the_first_run_makes_them(tmp_path: Path) -> None:
    """Seven files and their list, of mode 0600 in a folder of mode 0700, nothing beside them, whatever the umask."""
    old = os.umask(0)
    try:
        secrets = open_secrets(tmp_path / "instance" / "secrets")
    finally:
        os.umask(old)

    directory = tmp_path / "instance" / "secrets"
    assert modes(directory) == dict.fromkeys(FILES | {"made"}, 0o600)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert modes(tmp_path / "instance") == {"secrets": 0o700}
    keys = keys_of(secrets)
    assert [len(key) for key in keys] == [32, 32, 32, 32, 32, 32]
    assert len(set(keys)) == 6


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A folder that an operator made beforehand is used."""
    directory = tmp_path / "secrets"
    directory.mkdir(mode=0o700)

    open_secrets(directory)

    assert set(modes(directory)) == FILES | {"made"}


def test_the_second_run_reads_the_same(directory: Path) -> None:
    """What was made is read again, and not made anew."""
    first, second = open_secrets(directory), open_secrets(directory)

    assert keys_of(first) == keys_of(second)
    assert pem_of(first) == pem_of(second)


def test_two_first_runs_agree(tmp_path: Path) -> None:
    """Processes that start together on an empty instance get one set of secrets."""
    start, keys = threading.Barrier(8), []

    def run() -> None:
        start.wait()
        secrets = open_secrets(tmp_path / "secrets")
        keys.append((*keys_of(secrets), pem_of(secrets)))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert set(modes(tmp_path)) == {"secrets"}


def test_no_text_shows_them(
    directory: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a representation nor a log line nor the output of the first run holds a byte of a secret."""
    secrets = open_secrets(directory)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("anybody").debug("started with %s and %r", secrets, secrets)
        shutil.rmtree(directory)
        open_secrets(directory)

    told = repr(secrets) + str(secrets) + caplog.text + "".join(capsys.readouterr())
    for key in keys_of(secrets):
        assert repr(key) not in told
        assert key.hex() not in told
    assert "PRIVATE KEY" not in told
    assert repr(secrets) == "Secrets()"


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700], ids=oct)
def test_a_looser_file_is_refused(directory: Path, name: str, mode: int) -> None:
    """A file that others may read, or that has any right but the owner's two, is named with what to do."""
    (directory / name).chmod(mode)

    with pytest.raises(ConfigurationError) as refusal:
        open_secrets(directory)

    (fault,) = refusal.value.faults
    assert fault == (f"{directory / name}: got mode {mode:04o}, expected 0600; run `chmod 600 {directory / name}`")


def test_a_tighter_file_is_accepted(directory: Path) -> None:
    """A file that even its owner may only read is fine."""
    (directory / "wrapping_key").chmod(0o400)

    assert open_secrets(directory).wrapping_keys.ids == ("1",)


def test_a_looser_folder_is_refused(directory: Path) -> None:
    """A folder that others may look into is named with what to do."""
    directory.chmod(0o755)

    with pytest.raises(ConfigurationError, match="got mode 0755, expected 0700; run `chmod 700"):
        open_secrets(directory)


def test_the_owner_must_be_us(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of another user than root and ourselves are refused: that user could change them."""
    owner = 4242
    if os.geteuid() == 0:
        os.chown(directory / "digest_key", owner, -1)
    else:
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: 4243)

    with pytest.raises(ConfigurationError, match=f"belongs to user {owner}, expected"):
        open_secrets(directory)


@pytest.mark.parametrize("length", [0, 31, 33], ids=["empty", "short", "long"])
def test_a_wrong_length_is_refused(directory: Path, length: int) -> None:
    """A key that was cut or grown is named with its length, never with its bytes."""
    (directory / "session_key").write_bytes(b"k" * length)

    with pytest.raises(ConfigurationError) as refusal:
        open_secrets(directory)

    (fault,) = refusal.value.faults
    assert fault == f"{directory / 'session_key'}: got {length} bytes, expected 32; put its backup back"


def test_a_missing_file_is_not_made_anew(directory: Path) -> None:
    """Where some secrets are, the others must be: a new wrapping key would make every wrapped key unreadable."""
    (directory / "wrapping_key").unlink()

    with pytest.raises(ConfigurationError, match="wrapping_key: No such file or directory; put its backup back"):
        open_secrets(directory)

    assert not (directory / "wrapping_key").exists()


def test_another_kind_of_receipt_key_is_refused(directory: Path) -> None:
    """The receipt key must be Ed25519, for that is what a checker is told."""
    other = generate_private_key(SECP256R1())
    (directory / "receipt_key.pem").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(ConfigurationError, match=r"receipt_key\.pem: cannot be read as an Ed25519 private key"):
        open_secrets(directory)


def test_every_fault_is_told_at_once(directory: Path) -> None:
    """An operator repairs once, not four times."""
    directory.chmod(0o750)
    (directory / "session_key").chmod(0o644)
    (directory / "digest_key").write_bytes(b"short")
    (directory / "wrapping_key").unlink()
    (directory / "receipt_key.pem").write_bytes(b"no key")

    with pytest.raises(ConfigurationError) as refusal:
        open_secrets(directory)

    assert len(refusal.value.faults) == 5
    assert "short" not in str(refusal.value)


def test_a_set_of_an_older_release_is_completed(directory: Path) -> None:
    """What this release adds is made where the set has never had it; what was there stays as it was."""
    before = open_secrets(directory)
    for name in ("made", "index_key", "api_key"):
        (directory / name).unlink()

    after = open_secrets(directory)

    assert modes(directory) == dict.fromkeys(FILES | {"made"}, 0o600)
    assert after.session_key == before.session_key
    assert after.index_key != before.index_key
    assert keys_of(open_secrets(directory)) == keys_of(after)


@pytest.mark.parametrize("name", ["index_key", "api_key", "session_key"])
def test_what_the_set_has_had_is_not_made_anew(directory: Path, name: str) -> None:
    """A key that is on the list and gone was lost: a new index key would find nobody."""
    (directory / name).unlink()

    with pytest.raises(ConfigurationError, match=f"{name}: No such file or directory; put its backup back"):
        open_secrets(directory)

    assert not (directory / name).exists()


def test_a_wrapping_key_is_added(directory: Path) -> None:
    """A new wrapping key gets the next number and a file of mode 0600, and what is wrapped from now on names it."""
    secrets = open_secrets(directory)
    old, under_old = secrets.wrapping_keys.wrap(b"k" * 32)

    assert new_wrapping_key(directory) == "2"

    kek_id, wrapped = secrets.wrapping_keys.wrap(b"k" * 32)
    assert (old, kek_id) == ("1", "2")
    assert wrapped != under_old
    assert secrets.wrapping_keys.unwrap("1", under_old) == secrets.wrapping_keys.unwrap("2", wrapped) == b"k" * 32
    assert modes(directory)["wrapping_key.2"] == 0o600
    assert new_wrapping_key(directory) == "3"


def test_an_old_wrapping_key_may_go_when_a_newer_one_stays(directory: Path) -> None:
    """Once nothing uses the first wrapping key its file may be removed, and numbers are not given twice."""
    new_wrapping_key(directory)
    (directory / "wrapping_key").unlink()

    assert open_secrets(directory).wrapping_keys.ids == ("2",)
    assert new_wrapping_key(directory) == "3"


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_newer_wrapping_key_is_guarded_alike(directory: Path, mode: int) -> None:
    """Every wrapping key's file is held to the same mode and length."""
    new_wrapping_key(directory)
    (directory / "wrapping_key.2").chmod(mode)

    with pytest.raises(ConfigurationError, match=r"wrapping_key\.2: got mode"):
        open_secrets(directory)
