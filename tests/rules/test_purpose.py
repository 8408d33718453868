"""Whatever uses people's data names what for, and only for what the policy in force tells."""

import pytest

from portal.policy.loading import load, shipped
from portal.rules.purpose import DUTIES, Use, faults, is_duty

POLICY = load(shipped()[-1])


@pytest.mark.parametrize("words", ["bill", "PIPA art. 31: complaints are answered", "Decree art. 41, 43, 44: told"])
def test_a_purpose_told_or_a_duty_is_taken(words: str) -> None:
    """A key of the policy's purposes, or a registered source of a duty with what it comes to."""
    assert faults([Use("a letter", words)], POLICY) == []


@pytest.mark.parametrize(
    "words", ["advertising", "", "PIPA art. 31", "PIPA art. 310: nothing", "PIPA art. 99: made up", ": why", "Bill"]
)
def test_anything_else_is_told_as_a_fault(words: str) -> None:
    """An unknown purpose, an unregistered article, or an article without a reason."""
    assert faults([Use("a letter", words)], POLICY) == [
        f"a letter: got the purpose {words!r}; expected bill, payment, payment_notice, service, usage_alert, "
        "or a registered duty"
    ]


def test_an_item_is_used_for_what_was_told_of_it_only() -> None:
    """Article 3 tells of payment information for the contact, and not for the e-mail address."""
    uses = [Use("a table", "payment_notice", ("personal_contact", "email")), Use("a table", "bill", ("email",))]

    assert faults(uses, POLICY) == [
        "a table: got 'payment_notice' for email; the policy in force tells bill, payment, usage_alert, service"
    ]


def test_every_duty_has_words() -> None:
    """The register is read by people in both languages, and each source in it can be named."""
    assert all(words.ko and words.en for words in DUTIES.values())
    assert all(is_duty(f"{source}: so") for source in DUTIES)
