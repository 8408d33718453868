import pytest

from portal.policy.model import Event, Language, Period, Term
from portal.rules.wording import joined, period_iso, period_text, term_text, until_text
from tests.policy.samples import POLICY

PERIODS = {
    "six months": (Period(months=6), "6개월", "6 months", "P6M"),
    "one month": (Period(months=1), "1개월", "1 month", "P1M"),
    "a year": (Period(years=1), "1년", "1 year", "P1Y"),
    "three years": (Period(years=3), "3년", "3 years", "P3Y"),
    "twelve months": (Period(months=12), "1년", "1 year", "P1Y"),
    "eighteen months": (Period(months=18), "18개월", "18 months", "P18M"),
}


@pytest.mark.parametrize(("period", "ko", "en", "iso"), PERIODS.values(), ids=PERIODS.keys())
def test_a_period_is_told_from_its_number(period: Period, ko: str, en: str, iso: str) -> None:
    """A period reads as years when it is whole years, else as months, with English singular and plural."""
    assert period_text(period, "ko") == ko
    assert period_text(period, "en") == en
    assert period_iso(period) == iso


TERMS: dict[str, tuple[Term, Language, str]] = {
    "events in korean": (
        Term(until=("LEFT_COMPANY", "PURPOSE_MET")),
        "ko",
        "회사를 퇴사하거나 수집·이용 목적을 이룰 때까지 보관해요.",
    ),
    "events in english": (
        Term(until=("LEFT_COMPANY", "PURPOSE_MET")),
        "en",
        "Until you leave the company or the purpose is met.",
    ),
    "statute in korean": (Term(rule="access_record"), "ko", "기록한 날부터 6개월 동안 통신비밀보호법에 따라 보관해요."),
    "statute in english": (
        Term(rule="access_record"),
        "en",
        "6 months from the day it is recorded, under the Protection of Communications Secrets Act.",
    ),
    "internal policy": (
        Term(rule="fraud"),
        "ko",
        "회원 탈퇴 후 1년 동안 부정 이용 방지를 위한 내부 방침에 따라 보관해요.",
    ),
}


@pytest.mark.parametrize(("term", "language", "words"), TERMS.values(), ids=TERMS.keys())
def test_a_term_is_told_with_its_end_or_its_number(term: Term, language: Language, words: str) -> None:
    """A term is told by the events that end it, or by its number, its start and its ground."""
    assert term_text(POLICY, term, language) == words


@pytest.mark.parametrize("event", ["LEFT_COMPANY", "PURPOSE_MET", "MEMBER_LEFT", "COLLECTED", "SETTLED"])
def test_every_event_has_its_words(event: Event) -> None:
    """Each event that can end a period has words in both languages."""
    assert until_text([event], "ko").endswith("때까지")
    assert until_text([event], "en").startswith("until ")


def test_a_list_begins_with_a_capital_in_english_only() -> None:
    """An English list begins as a sentence does; a Korean one has no capitals to give."""
    labels = [POLICY.item("email").label, POLICY.item("login_id").label]

    assert joined(labels, "en") == "Email address, user ID"
    assert joined(labels, "ko") == "이메일 주소, 아이디"
