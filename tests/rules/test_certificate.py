from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from portal.policy.model import Text
from portal.rules.certificate import (
    CODE_ALPHABET,
    LABELS,
    STATES,
    About,
    Destroyed,
    Facts,
    Person,
    State,
    annex_digest,
    annex_text,
    code_of,
    parse_code,
    record_of,
    state_of,
)
from portal.rules.ledger import KeptApart, Method
from portal.vault.documents import canonical
from tests.policy.samples import POLICY

CODE = "0004-1061-050R-3GG2-8A1C-60T3-GF1A"
SEOUL = timezone(timedelta(hours=9))
FACTS = Facts(
    code=CODE,
    about=About.PERSON,
    issued_at=datetime(2026, 11, 26, 3, 5, tzinfo=SEOUL),
    finished_at=datetime(2026, 11, 26, 3, 0, 12, tzinfo=SEOUL),
    people=(Person("D-2026-0007", 2),),
    destroyed=(
        Destroyed(
            "profile",
            Text(ko="회원 정보", en="Member information"),
            5,
            (Method.DB_ERASE, Method.CRYPTO_SHRED),
        ),
    ),
    kept=(KeptApart("fraud", 1, date(2027, 11, 26)),),
    company="가온유통(주)",
    request_number="R-2026-0141",
    requested_on=date(2026, 11, 16),
    handler="staff-1",
    approver="staff-2",
)


def people(count: int) -> tuple[Person, ...]:
    return tuple(Person(f"D-2026-{number:04}", number + 1) for number in range(1, count + 1))


def test_a_certificate_says_what_was_destroyed_and_what_is_kept() -> None:
    """The signed record holds every fact of the page, in both languages, and no person."""
    assert record_of(FACTS, POLICY) == {
        "schema": "matecost-privacy/destruction-certificate/1",
        "code": "0004-1061-050R-3GG2-8A1C-60T3-GF1A",
        "about": "PERSON",
        "title": {"ko": "개인정보 파기 확인서", "en": "Certificate of Destruction of Personal Data"},
        "statement": {
            "ko": "아래 개인정보를 복구하거나 재생할 수 없도록 파기하였음을 확인합니다.",
            "en": "We certify that the data below was destroyed and cannot be recovered or reproduced.",
        },
        "issued_at": "2026-11-25T18:05:00Z",
        "finished_at": "2026-11-25T18:00:12Z",
        "controller": {
            "name": {"ko": "(주)클라우드메이트", "en": "CloudMate Co., Ltd."},
            "business_registration_number": "789-81-01310",
        },
        "policy": {
            "version": "2021-02-04",
            "basis": {"ko": "처리방침 제5조·제6조", "en": "Privacy policy, articles 5 and 6"},
        },
        "request": {"number": "R-2026-0141", "requested_on": "2026-11-16", "company": "가온유통(주)"},
        "people": {
            "count": 1,
            "on_page": [{"ledger_number": "D-2026-0007", "row": 2}],
            "in_annex": 0,
            "annex_sha256": "",
        },
        "destroyed": [
            {
                "category": "profile",
                "label": {"ko": "회원 정보", "en": "Member information"},
                "count": 5,
                "methods": [
                    {"code": "DB_ERASE", "label": {"ko": "행 삭제", "en": "Rows erased"}},
                    {"code": "CRYPTO_SHRED", "label": {"ko": "암호키 폐기", "en": "Encryption key destroyed"}},
                ],
            }
        ],
        "kept": [
            {
                "rule": "fraud",
                "label": {"ko": "부정 이용 방지 기록", "en": "misuse-prevention record"},
                "ground": {
                    "ko": "부정 이용 방지를 위한 내부 방침",
                    "en": "internal policy for preventing misuse",
                },
                "status": "INTERNAL",
                "count": 1,
                "until": "2027-11-26",
            }
        ],
        "handler": "staff-1",
        "approver": "staff-2",
        "supersedes": "",
    }


def test_a_certificate_can_be_signed() -> None:
    """The record has one canonical form, as a signed document needs it."""
    assert canonical(record_of(FACTS, POLICY)).startswith(b'{"about":"PERSON"')


def test_a_member_who_asked_alone_has_no_company_on_it() -> None:
    """What was not part of the request stands there empty."""
    facts = replace(FACTS, company="", request_number="", requested_on=None)

    assert record_of(facts, POLICY)["request"] == {"number": "", "requested_on": "", "company": ""}


PAGES: dict[str, tuple[int, int, int]] = {
    "one": (1, 1, 0),
    "ten fill the page": (10, 10, 0),
    "the eleventh is in the annex": (11, 10, 1),
    "thousands": (2500, 10, 2490),
}


@pytest.mark.parametrize(("count", "on_page", "in_annex"), PAGES.values(), ids=PAGES.keys())
def test_ten_people_stand_on_the_page(count: int, on_page: int, in_annex: int) -> None:
    """A batch keeps to one page: ten people stand on it, the others are counted and tied to it by the annex."""
    told = record_of(replace(FACTS, about=About.BATCH, people=people(count)), POLICY)["people"]

    assert (told["count"], len(told["on_page"]), told["in_annex"]) == (count, on_page, in_annex)
    assert bool(told["annex_sha256"]) is (in_annex > 0)


def test_an_annex_is_tied_to_its_page() -> None:
    """The digest is over the annex as it is handed out, so that anybody can compute it again."""
    annex = (Person("D-2026-0011", 12),)

    assert annex_text(annex) == "D-2026-0011 12\n"
    assert annex_digest(annex) == "04b8b29ec3ff0ad9afa4cd1f0bb02fa7d23474d549494c3762e249d68025b8f8"


FAULTS: dict[str, tuple[Facts, str]] = {
    "nobody": (replace(FACTS, people=()), "got nobody"),
    "several on one person's": (replace(FACTS, people=people(2)), "got 2 for one person's certificate"),
    "no ledger number": (replace(FACTS, people=(Person("hana@gaon.example"),)), "none of the ledger"),
    "another code": (replace(FACTS, code="C-2026-0087"), "not in the form of code_of"),
    "a moment without a zone": (replace(FACTS, issued_at=datetime(2026, 11, 26)), "without a zone"),  # noqa: DTZ001
    "issued before the end": (
        replace(FACTS, issued_at=datetime(2026, 11, 25, 18, 0, 11, tzinfo=UTC)),
        "before the destruction was finished",
    ),
}


@pytest.mark.parametrize(("facts", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_stated_is_not_certified(facts: Facts, words: str) -> None:
    """Facts that contradict a certificate are refused before anything is signed."""
    with pytest.raises(ValueError, match=words):
        record_of(facts, POLICY)


CODES: dict[str, tuple[bytes, str]] = {
    "nought": (bytes(16), "0000-0000-0000-0000-0000-0000-0000"),
    "counting": (bytes(range(16)), "0004-1061-050R-3GG2-8A1C-60T3-GF1A"),
    "full": (b"\xff" * 16, "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZM7"),
}


@pytest.mark.parametrize(("random", "code"), CODES.values(), ids=CODES.keys())
def test_a_code_is_made_of_random_bytes(random: bytes, code: str) -> None:
    """128 bits become seven groups of four signs, and read back as themselves."""
    assert code_of(random) == code
    assert parse_code(code) == code


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_code_takes_sixteen_bytes(length: int) -> None:
    """Fewer bytes could be guessed, more do not fit."""
    with pytest.raises(ValueError, match=f"got {length} bytes, expected 16"):
        code_of(bytes(length))


TYPED: dict[str, str] = {
    "as printed": "0004-1061-050R-3GG2-8A1C-60T3-GF1A",
    "in small letters": "0004-1061-050r-3gg2-8a1c-60t3-gf1a",
    "without hyphens": "00041061050R3GG28A1C60T3GF1A",
    "with blanks": " 0004 1061 050R 3GG2 8A1C 60T3 GF1A\n",
    "with a dash of print": "0004\u20131061\u2013050R\u20133GG2\u20138A1C\u201360T3\u2013GF1A",
    "full-width": "\uff10004-1061-050R-3GG2-8A1C-60T3-GF1A",
    "O for 0": "OOO4-1O61-O5OR-3GG2-8A1C-6OT3-GF1A",
    "I and l for 1": "0004-I06l-050R-3GG2-8AIC-60T3-GFlA",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED.keys())
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    """Blanks, hyphens, case and signs that look alike do not keep anybody from checking a certificate."""
    assert parse_code(typed) == CODE


MISTYPED: dict[str, str] = {
    "nothing": "",
    "too short": "0004-1061-050R-3GG2-8A1C-60T3-GF1",
    "too long": "0004-1061-050R-3GG2-8A1C-60T3-GF1AA",
    "far too long": "0" * 10_000,
    "a sign that is none": "0004-1061-050R-3GG2-8A1C-60T3-GF1*",
    "korean": "가" * 28,
    "two neighbours swapped": "0004-1061-050R-3GG2-8A1C-60T3-FG1A",
    "another number": "C-2026-0087",
}


@pytest.mark.parametrize("typed", MISTYPED.values(), ids=MISTYPED.keys())
def test_what_is_no_code_is_not_looked_up(typed: str) -> None:
    """A slip is found by the code itself."""
    assert parse_code(typed) is None


def test_every_single_wrong_sign_is_found() -> None:
    """Whatever sign is mistyped for whatever other one, the code is no code any more."""
    plain = CODE.replace("-", "")
    wrong = [
        plain[:place] + sign + plain[place + 1 :]
        for place in range(28)
        for sign in CODE_ALPHABET
        if sign != plain[place]
    ]

    assert len(wrong) == 28 * 31
    assert [code for code in wrong if parse_code(code)] == []


STAND: dict[str, tuple[bool, bool, State]] = {
    "stands": (False, False, State.VALID),
    "superseded": (True, False, State.SUPERSEDED),
    "revoked": (False, True, State.REVOKED),
    "superseded and revoked": (True, True, State.REVOKED),
}


@pytest.mark.parametrize(("superseded", "revoked", "state"), STAND.values(), ids=STAND.keys())
def test_a_certificate_says_how_it_stands(superseded: bool, revoked: bool, state: State) -> None:
    """A certificate is valid until another one takes its place or it is taken back."""
    assert state_of(superseded=superseded, revoked=revoked) is state
    assert STATES[state].ko.endswith(".")


def test_the_page_has_words_for_what_it_shows() -> None:
    """Every label of the page is there in both languages."""
    assert all(label.ko and label.en for label in LABELS.values())
