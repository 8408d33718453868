from pathlib import Path

import msgspec
import pytest

from portal.policy.faults import PolicyFaults
from portal.policy.loading import article_file, from_json, load, shipped, to_json
from tests.policy.samples import POLICY, a_copy, faults_of, spoilt

PERIOD = "period = { years = 1 }"

ONE_FAULT = {
    "unknown field": ('key = "fraud"\n', 'key = "fraud"\ndays = 3\n', "retention_rules[fraud].days"),
    "missing field": ('group = "MEMBER"\n', "", "items[email].group"),
    "wrong type": ("revision = 1", 'revision = "one"', "consent_items[member].revision"),
    "unknown kind": ('kind = "consent"', 'kind = "wish"', "consent_items[member].kind"),
    "missing english": (', en = "email address"', "", "items[email].label.en"),
    "blank korean": ('ko = "이메일 주소"', 'ko = " "', "items[email].label.ko"),
    "open item name in korean": ("이메일 주소", "이메일 주소 등", "items[email].label.ko"),
    "open item name in english": ('"email address"', '"email address etc."', "items[email].label.en"),
    "unknown purpose": ('"bill", "payment", "usage_alert", "service"', '"bill", "x"', "items[email].purposes"),
    "item without purpose": (
        'purposes = ["bill", "payment", "usage_alert", "service"]',
        "purposes = []",
        "items[email].purposes",
    ),
    "item without method": ('methods = ["sign_up", "voluntary"]', "methods = []", "items[email].methods"),
    "unknown method": ('methods = ["sign_up", "voluntary"]', 'methods = ["guess"]', "items[email].methods"),
    "unknown data item": ('items = ["cookie", ', 'items = ["biscuit", "cookie", ', "consent_items[access].items"),
    "consent without items": (
        'items = ["cookie", "access_log", "ip_address"]',
        "items = []",
        "consent_items[access].items",
    ),
    "consent without kept list": ("kept = []\n", "", "consent_items[access].kept"),
    "unknown kept rule": ("kept = []", 'kept = ["ghost"]', "consent_items[access].kept"),
    "consent without period": (
        'purposes = ["service"]\nterm = { rule = "access_record" }\nkept',
        'purposes = ["service"]\nterm = {}\nkept',
        "consent_items[access].term",
    ),
    "period by event and by rule": (
        'term = { until = ["PURPOSE_MET"] }',
        'term = { until = ["PURPOSE_MET"], rule = "fraud" }',
        "items[card_number].term",
    ),
    "consent without right to refuse": (
        'right = { ko = "동의를 거부할 권리가 있어요.", en = "You have the right to refuse." }\n',
        "",
        "consent_items[member].refusal.right",
    ),
    "consent without consequence": (
        "consequence = { ko",
        "aftermath = { ko",
        "consent_items[member].refusal.consequence",
    ),
    "optional that closes the service": (
        'kind = "consent"',
        'kind = "optional"',
        "consent_items[member].refusal.closes_service",
    ),
    "period in days": (PERIOD, "period = { days = 3 }", "retention_rules[fraud].period.days"),
    "empty period": (PERIOD, "period = {}", "retention_rules[fraud].period"),
    "negative period": (PERIOD, "period = { months = -6 }", "retention_rules[fraud].period"),
    "period in months and years": (PERIOD, "period = { months = 6, years = 1 }", "retention_rules[fraud].period"),
    "statute called internal": ('status = "VALID"', 'status = "INTERNAL"', "retention_rules[access_record].status"),
    "controller's mail": ('mail = "contact@cloudmt.co.kr"', 'mail = "contact"', "controller.mail"),
    "officer's mail said to work": ("mail_usable = false", "mail_usable = true", "officer.mail"),
    "officer's contact mail": ('contact_mail = "contact@cloudmt.co.kr"', 'contact_mail = "x"', "officer.contact_mail"),
    "no country of storage": ('storage_countries = ["KR"]', "storage_countries = []", "controller.storage_countries"),
    "officer's mail said not to work": (
        'mail = "@matecost"',
        'mail = "privacy@sample.example"',
        "officer.mail_usable",
    ),
    "revision below one": ("revision = 1", "revision = 0", "consent_items[member].revision"),
    "consent to a purpose of no item": (
        'purposes = ["service"]\nterm = { rule = "access_record" }\nkept',
        'purposes = ["service", "bill"]\nterm = { rule = "access_record" }\nkept',
        "consent_items[access].purposes",
    ),
    "processor without purpose": ('purposes = ["payment"]\nitems', "purposes = []\nitems", "processors[kicc].purposes"),
    "text of an article in the table": (
        '[[articles]]\nnumber = "1"',
        '[[articles]]\ntext = "x"\nnumber = "1"',
        "articles[1].text",
    ),
    "version that is no day": ('version = "2021-02-04"', 'version = "2021-02-30"', "version"),
    "double key": ('key = "login_id"', 'key = "email"', "items[email]"),
    "malformed key": ('key = "intrusion"', 'key = "In trusion"', "safeguards[In trusion].key"),
    "missing article": ('[[articles]]\nnumber = "3"', '[[articles]]\nnumber = "11"', "articles[3]"),
    "unknown article referred to": (
        'articles = ["2-2"]\nnotice',
        'articles = ["12"]\nnotice',
        "processors[kicc].articles",
    ),
    "unknown section": ("[title]", "[rumours]\na = 1\n\n[title]", "rumours"),
    "version that is not the file's": ('version = "2021-02-04"', 'version = "2021-02-05"', "version"),
    "other day than the version": ("effective_on = 2021-02-04", "effective_on = 2021-02-05", "effective_on"),
}


@pytest.mark.parametrize(("old", "new", "where"), ONE_FAULT.values(), ids=ONE_FAULT.keys())
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, where: str) -> None:
    """Each fault is told with file, place, what was found, what was expected and what to do."""
    faults = spoilt(tmp_path, (old, new))

    told = [fault for fault in faults if fault.startswith(f"2021-02-04.toml: {where}: got ")]
    assert told, faults
    assert "; expected " in told[0]
    assert told[0].endswith((".", ")."))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Faults of shape, of reference, of mail and of article texts come in one list."""
    path = a_copy(tmp_path)
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("revision = 1", 'revision = "one"'),
        ('group = "ACCESS"', 'group = "SECRET"'),
        (PERIOD, "period = { days = 3 }"),
        ("kept = []", 'kept = ["ghost"]'),
        ('contact_mail = "contact@cloudmt.co.kr"', 'contact_mail = "x"'),
    ):
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    (tmp_path / "2021-02-04" / "en" / "02-1.md").unlink()
    (tmp_path / "2021-02-04" / "ko" / "07.md").write_text(" \n", encoding="utf-8")

    places = [fault.split(": got")[0] for fault in faults_of(path)]

    assert places == [
        "2021-02-04/ko/07.md: the file",
        "2021-02-04/en/02-1.md: the file",
        "2021-02-04.toml: items[cookie].group",
        "2021-02-04.toml: consent_items[member].revision",
        "2021-02-04.toml: retention_rules[fraud].period.days",
        "2021-02-04.toml: officer.contact_mail",
        "2021-02-04.toml: consent_items[access].kept",
    ]


def test_a_broken_table_does_not_make_its_references_faults(tmp_path: Path) -> None:
    """An item that does not decode is told once, not again by everything that names it."""
    faults = spoilt(tmp_path, ('group = "ACCESS"', 'group = "SECRET"'))

    assert len(faults) == 1


def test_a_purpose_that_no_item_uses_is_a_fault(tmp_path: Path) -> None:
    """A purpose that no item serves is named, for nothing may be collected without one nor promised for none."""
    unused = (
        '[[purposes]]\nkey = "research"\nlabel = { ko = "연구", en = "research" }\narticles = ["2"]\n\n[[purposes]]'
    )

    faults = spoilt(tmp_path, ("[[purposes]]", unused))

    assert [fault.split(": got")[0] for fault in faults] == ["2021-02-04.toml: purposes[research]"]


def test_a_consent_names_every_purpose_of_its_items(tmp_path: Path) -> None:
    """A consent item that leaves out a purpose of its items is a fault, for it would be used untold."""
    faults = spoilt(
        tmp_path,
        (
            '"payment_notice", "service"]\nterm = { until = ["LEFT_COMPANY", "PURPOSE_MET"] }\nkept',
            '"service"]\nterm = { until = ["LEFT_COMPANY", "PURPOSE_MET"] }\nkept',
        ),
    )

    assert [fault.split(";")[0] for fault in faults] == [
        "2021-02-04.toml: consent_items[member].purposes: got no 'payment_notice'"
    ]


def test_a_text_of_no_article_is_a_fault(tmp_path: Path) -> None:
    """A stray text in the folder is named, for it would be a promise that nobody reads."""
    path = a_copy(tmp_path)
    (tmp_path / "2021-02-04" / "ko" / "11.md").write_text("덧붙임", encoding="utf-8")

    assert [fault.split(": got")[0] for fault in faults_of(path)] == ["2021-02-04/ko/11.md: the file"]


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"version = ", "line 1: got no TOML"),
        (b"# a\nb\n", "line 2: got no TOML"),
        (b"# a\nb = '", "line 2: got no TOML"),
        (b"# a\n\xff\xfe", "line 2: got no UTF-8"),
        (b" \n", "the file: got nothing"),
        (b"a = " + b"[" * 5000, "the file: got no TOML: nested too deeply"),
    ],
    ids=["no value", "no statement", "no end", "no UTF-8", "empty", "deep"],
)
def test_an_unreadable_file_is_a_fault(tmp_path: Path, content: bytes, got: str) -> None:
    """A file that is no TOML, no UTF-8 or empty is told as a fault with its line and never as a crash."""
    path = tmp_path / "2021-02-04.toml"
    path.write_bytes(content)

    assert f": {got}" in faults_of(path)[0]


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """A path where no file is names the path."""
    with pytest.raises(PolicyFaults, match="No such file"):
        load(tmp_path / "2099-01-01.toml")


@pytest.mark.parametrize("section", ["title = 3", "items = 3", "articles = 3", "articles = [3]"])
def test_a_section_of_the_wrong_shape_is_a_fault(tmp_path: Path, section: str) -> None:
    """A text where a table belongs is told as a fault, whatever else the file lacks."""
    path = tmp_path / "2021-02-04.toml"
    path.write_text(section, encoding="utf-8")

    name = section.split()[0]
    assert any(f": {name}" in fault and "got 3" in fault for fault in faults_of(path))


def test_the_canonical_json_comes_back_as_the_same_policy() -> None:
    """A policy read from its canonical JSON equals the one written, articles included."""
    body = to_json(POLICY)

    assert from_json(body) == POLICY
    assert to_json(from_json(body)) == body


def test_json_with_an_unknown_field_is_refused() -> None:
    """JSON that says more than a policy can hold is no policy."""
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        from_json(to_json(POLICY)[:-1] + ',"more":1}')


def test_every_shipped_policy_is_without_fault() -> None:
    """Each policy that comes with the portal loads, and the first of them is that of 4 February 2021."""
    policies = [load(path) for path in shipped()]

    assert policies[0].version == "2021-02-04"


@pytest.mark.parametrize(
    ("number", "name"), [("1", "01.md"), ("2-1", "02-1.md"), ("10", "10.md")], ids=["1", "2-1", "10"]
)
def test_an_article_lies_in_the_file_of_its_number(number: str, name: str) -> None:
    """Article 2-1 is read from 02-1.md, so that a listing of the folder is in the policy's order."""
    assert article_file(Path("x"), "ko", number) == Path("x/ko") / name


def test_a_key_that_is_not_there_is_a_key_error() -> None:
    """Asking the policy for a fact that it does not have raises KeyError."""
    for ask in (POLICY.item, POLICY.purpose, POLICY.consent_item, POLICY.retention_rule, POLICY.processor):
        with pytest.raises(KeyError):
            ask("ghost")
    with pytest.raises(KeyError):
        POLICY.article("99")


def test_only_optional_questions_are_a_fault(tmp_path: Path) -> None:
    """A policy whose gate would ask nothing is refused, for everybody would be let in."""
    faults = spoilt(tmp_path, ('kind = "consent"', 'kind = "optional"'), ('kind = "consent"', 'kind = "optional"'))

    assert any(fault.startswith("2021-02-04.toml: consent_items: got optional ones only") for fault in faults)


def test_an_article_has_an_anchor_of_its_number() -> None:
    """Article 2-1 can be linked to as article-2-1."""
    assert POLICY.article("2-1").anchor == "article-2-1"
