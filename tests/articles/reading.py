"""Reading helpers for the articles' tests: the policy of 2021 and its words."""

from portal.policy.loading import load, shipped
from portal.policy.model import Policy

POLICY: Policy = load(shipped()[0])


def says(number: str, *phrases: str, language: str = "ko") -> bool:
    """Tell whether the article's text holds every one of the phrases."""
    text = POLICY.article(number).text
    words = text.ko if language == "ko" else text.en
    missing = [phrase for phrase in phrases if phrase not in words]
    assert not missing, missing
    return True


def labels(keys: tuple[str, ...]) -> list[str]:
    return [POLICY.item(key).label.ko for key in keys]
