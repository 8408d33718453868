"""Receipts: genuine with the public key alone, and not genuine after any change."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.cli import main
from portal.vault.documents import NotGenuine, canonical, open_document, sign_document
from portal.vault.signing import Signer
from tests.fixtures_portal import JIWON

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
RECORD = {"record_id": "가나", "events": [{"n": 1, "ok": True, "none": None}]}


def test_the_canonical_form_is_rfc_8785() -> None:
    """Names in order, no space, UTF-8."""
    assert canonical({"b": 1, "a": ["가", None, True]}) == '{"a":["가",null,true],"b":1}'.encode()


@pytest.mark.parametrize("record", [{"n": 1.5}, {"가": 1}, {"deep": [{"n": 0.1}]}])
def test_a_record_with_two_byte_forms_is_not_signed(record: dict[str, Any]) -> None:
    """A fraction or a name outside ASCII is refused before it is signed."""
    with pytest.raises(ValueError, match="more than one canonical form"):
        sign_document(record, SIGNER)


def test_a_document_survives_another_layout() -> None:
    """A document that was indented and reordered by another program is still genuine."""
    document = json.loads(sign_document(RECORD, SIGNER))
    other = json.dumps({"proof": document["proof"], "record": dict(reversed(RECORD.items()))}, indent=7)

    assert open_document(other, SIGNER.public_pem) == RECORD


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        pytest.param(lambda text: text.replace("가나", "가다"), "changed after it was signed", id="a fact changed"),
        pytest.param(lambda text: text[:-5], "not a JSON document", id="cut off"),
        pytest.param(lambda text: "[]", "not a receipt", id="something else"),
        pytest.param(lambda text: text.replace('"key_id": "', '"key_id": "x'), "signed with key", id="another key"),
        pytest.param(lambda text: text.replace('"Ed25519"', '"none"'), "does not know", id="no algorithm"),
        pytest.param(
            lambda text: text.replace('"record_id": "가나"', '"record_id": "x", "record_id": "가나"'),
            "not a JSON document",
            id="a name twice",
        ),
        pytest.param(lambda text: text.replace('"n": 1', '"n": 1.5'), "cannot be read", id="a fraction"),
        pytest.param(
            lambda text: text.replace('"signature": "', '"signature": "A'),
            "cannot be read|was changed",
            id="another signature",
        ),
    ],
)
def test_a_changed_document_is_not_genuine(tamper: Any, reason: str) -> None:
    """Whatever is changed, the document is not genuine, and the reason is told in words."""
    text = tamper(sign_document(RECORD, SIGNER))

    with pytest.raises(NotGenuine, match=reason):
        open_document(text, SIGNER.public_pem)


def test_verify_needs_the_public_key_only(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The downloaded file and the downloaded key are enough, in a place without any store."""
    jiwon = browser()
    jiwon.agree()
    ref = jiwon.get("/me").text.split("/me/receipts/")[1][:26]
    file, key = tmp_path / "receipt.json", tmp_path / "key.pem"
    file.write_bytes(jiwon.get(f"/me/receipts/{ref}.json").data)
    key.write_bytes(jiwon.get("/receipt-key.pem").data)
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "nowhere"))

    told = CliRunner().invoke(main, ["consent", "verify", str(file), "--key", str(key)])

    assert told.exit_code == 0, told.output
    assert told.output.startswith("Genuine: signed with key ")
    assert "agreed: Collection and use of member information" in told.output
    assert JIWON not in file.read_text()
    assert not (tmp_path / "nowhere").exists()


def test_verify_says_what_is_wrong(browser: Any, tmp_path: Path) -> None:
    """A receipt with one changed letter ends with status 1 and the reason."""
    jiwon = browser()
    jiwon.agree()
    ref = jiwon.get("/me").text.split("/me/receipts/")[1][:26]
    file, key = tmp_path / "receipt.json", tmp_path / "key.pem"
    file.write_text(jiwon.get(f"/me/receipts/{ref}.json").text.replace("GRANTED", "REFUSED", 1))
    key.write_bytes(jiwon.get("/receipt-key.pem").data)

    told = CliRunner().invoke(main, ["consent", "verify", str(file), "--key", str(key)])

    assert told.exit_code == 1
    assert "Not genuine: the record was changed after it was signed" in told.output
