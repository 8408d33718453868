"""Every letter can be written, in both languages, and says what it is sent for."""

import re

import pytest

from portal import letters


def kinds() -> list[str]:
    return sorted({path.name.split(".")[0] for path in letters.HOME.glob("*.txt")})


def test_every_letter_names_its_duty() -> None:
    """A letter without a purpose is not written, and a purpose without a letter is not kept."""
    assert kinds() == sorted(letters.DUTIES)


@pytest.mark.parametrize("kind", kinds())
def test_a_letter_is_whole_in_both_languages(kind: str) -> None:
    """Subject and text are there, and both languages tell the same values."""
    texts = {spoken: (letters.HOME / f"{kind}.{spoken}.txt").read_text("utf-8") for spoken in ("ko", "en")}
    named = {spoken: set(re.findall(r"\$([a-z_]+)", text)) for spoken, text in texts.items()}
    values = dict.fromkeys(named["ko"], "값")

    assert named["ko"] == named["en"]
    for spoken in ("ko", "en"):
        subject, text = letters.written(kind, spoken, values)  # type: ignore[arg-type]
        assert subject
        assert "$" not in subject + text
        assert "\n" not in subject


def test_a_value_cannot_begin_a_header() -> None:
    """A line break in a value does not end the subject."""
    values = dict.fromkeys(("code", "minutes"), "1\r\nBcc: all@elsewhere.example")

    assert letters.written("step_up_code", "ko", values)[0].count("\n") == 0


def test_an_unknown_letter_is_refused() -> None:
    """What serves no duty cannot be sent."""
    with pytest.raises(letters.NoSuchLetter):
        letters.written("newsletter", "ko", {})
