"""Article 5: how long data is kept."""

from datetime import date, timedelta

import msgspec
import pytest
from flask import Flask

from portal.clock import seoul_day
from portal.rules.retention import expires_on
from portal.rules.wording import period_text
from portal.services import publishing, sweeping
from portal.services.reckoning import Terms
from tests.articles.reading import POLICY, says
from tests.fake_clock import FakeClock
from tests.fixtures_portal import another
from tests.retention.conftest import kept_apart, noon, store

RULES = {
    "misuse prevention": ("fraud", "내부 방침", "INTERNAL_POLICY", "1년", "회원 탈퇴 후 1년"),
    "identity checks": (
        "identity_check",
        "정보통신망법",
        "STATUTE",
        "6개월",
        "정보통신망 이용촉진 및 정보보호 등에 관한 법률 | 6개월",
    ),
    "access records": ("access_record", "통신비밀보호법", "STATUTE", "6개월", "통신비밀보호법 | 6개월"),
    "disputes": ("dispute", "전자상거래법", "STATUTE", "3년", "소비자보호에 관한 법률 | 3년"),
}


@pytest.mark.parametrize(("key", "ground", "kind", "period", "printed"), RULES.values(), ids=RULES.keys())
def test_a_record_is_kept_on_its_ground_for_its_period(
    key: str, ground: str, kind: str, period: str, printed: str
) -> None:
    """Each of the four records has the ground and the period that the article prints."""
    rule = POLICY.retention_rule(key)
    assert rule.ground.short.ko == ground
    assert rule.ground.kind == kind
    assert period_text(rule.period, "ko") == period
    assert says("5", printed)


def test_only_four_records_are_kept() -> None:
    """There is no fifth record that outlives its purpose."""
    assert [rule.key for rule in POLICY.retention_rules] == ["fraud", "identity_check", "access_record", "dispute"]


def test_only_the_misuse_record_says_when_its_clock_starts() -> None:
    """The article gives a start, the end of membership, to the misuse record alone; the others' are the engine's."""
    assert {rule.key: (rule.start_event, rule.start_stated) for rule in POLICY.retention_rules} == {
        "fraud": ("MEMBER_LEFT", True),
        "identity_check": ("COLLECTED", False),
        "access_record": ("COLLECTED", False),
        "dispute": ("SETTLED", False),
    }


def test_member_data_is_kept_until_leaving_or_until_the_purpose_is_met() -> None:
    """Every member item ends when the person leaves the company or the purpose is met, and is then destroyed."""
    terms = {item.term.until for item in POLICY.items if item.group == "MEMBER"}
    assert terms == {("LEFT_COMPANY", "PURPOSE_MET")}
    assert says("5", "퇴사하기 전까지", "지체 없이 파기")


def test_cookies_addresses_and_access_logs_expire_after_six_months() -> None:
    """All that is collected automatically follows the access record's six months."""
    assert {item.term.rule for item in POLICY.items if item.group == "ACCESS"} == {"access_record"}
    assert POLICY.retention_rule("access_record").period.in_months == 6


def test_backup_copies_may_be_kept_for_those_periods() -> None:
    """The article allows backup copies of the four records for their periods."""
    assert all(rule.backup_copy for rule in POLICY.retention_rules)
    assert says("5", "백업 사본", "내부 정책")


def test_the_consent_tells_what_is_kept_after_leaving() -> None:
    """The member question names the three records that outlive membership; the access question keeps nothing more."""
    assert POLICY.consent_item("member").kept == ("fraud", "identity_check", "dispute")
    assert POLICY.consent_item("access").kept == ()


@pytest.mark.parametrize("key", ["fraud", "identity_check", "dispute"])
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_kept_apart_goes_by_itself_when_its_period_is_over(
    app: Flask, clock: FakeClock, key: str, engine_name: str
) -> None:
    """The evening before it is there; in the night of its day the sweep destroys it, and its key before it."""
    until = expires_on(seoul_day(clock()), POLICY.retention_rule(key))
    ref = kept_apart(app, clock, key, until.isoformat())
    clock.set(noon(until.isoformat()) - timedelta(days=1))
    sweeping.sweep(app)
    with app.app_context():
        assert store().read(ref) == {"text": "kept words"}

    clock.advance(days=1)
    sweeping.sweep(app)
    with app.app_context(), pytest.raises(LookupError):
        store().read(ref)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_longer_period_in_a_later_version_keeps_nothing_older_longer(
    app: Flask, clock: FakeClock, engine_name: str
) -> None:
    """Who was told three years when the complaint was settled is not kept for five; what is settled later is."""
    longer = tuple(
        msgspec.structs.replace(rule, period=msgspec.structs.replace(rule.period, years=5))
        if rule.key == "dispute"
        else rule
        for rule in POLICY.retention_rules
    )
    with app.app_context():
        later = clock() + timedelta(days=30)
        publishing.publish(another(POLICY, "2026-12-23", retention_rules=longer), later, clock())
        terms = Terms(later)
        assert terms.until("dispute", clock()) == date(2029, 11, 23)
        assert terms.until("dispute", later) == date(2031, 12, 23)
