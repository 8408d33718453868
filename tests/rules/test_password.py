"""What may be a password."""

import pytest

from portal.rules.password import ABOUT_YOU, COMMON, TOO_LONG, TOO_SHORT, password_fault
from portal.vault.passwords import common_passwords

DOHYEON = ("이도현", "dohyeon.lee@cloudmate.example")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("seven tin boats at noon", id="words"),
        pytest.param("여섯 살 고양이는 두부를 좋아해", id="Korean words"),
        pytest.param("kjw9 2mzp qx71", id="signs by chance"),
        pytest.param("winterapfelsaft", id="small letters alone"),
        pytest.param("x7" + "hQ!r" * 30 + "zz", id="over 64 signs"),
        pytest.param("dohyeon likes small red trains", id="a name and more"),
    ],
)
def test_a_long_password_may_be_anything(password: str) -> None:
    """Twelve signs or more that nobody would guess are a password, whatever they are made of."""
    assert password_fault(password, common_passwords(), DOHYEON) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        pytest.param("elevensigns", TOO_SHORT, id="eleven"),
        pytest.param("x" * 257, TOO_LONG, id="257"),
        pytest.param("qwerty123456", COMMON, id="in the list"),
        pytest.param("QWERTY123456", COMMON, id="in the list, in capitals"),
        pytest.param("Password2026!", COMMON, id="a common one with a tail"),
        pytest.param("!!2026administrator", COMMON, id="a common one with a head"),
        pytest.param("dkssudgktpdy", COMMON, id="Korean on an English keyboard"),
        pytest.param("123456789012", COMMON, id="counting"),
        pytest.param("098765432109", COMMON, id="counting down"),
        pytest.param("abcdefghijkl", COMMON, id="the alphabet"),
        pytest.param("han1han1han1", COMMON, id="a piece repeated"),
        pytest.param("aaaaaaaaaaaa", COMMON, id="one sign"),
        pytest.param("dohyeon.lee1", ABOUT_YOU, id="the address"),
        pytest.param("이도현이도현20261123", ABOUT_YOU, id="the name"),
        pytest.param("matecost2026!!", ABOUT_YOU, id="the service"),
        pytest.param("CloudMate-privacy-1", ABOUT_YOU, id="the company and the service"),
    ],
)
def test_what_can_be_guessed_is_refused(password: str, why: object) -> None:
    """Short, common, repeated or about the person: refused, with the reason."""
    assert password_fault(password, common_passwords(), DOHYEON) == why
