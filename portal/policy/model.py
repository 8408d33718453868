"""The shape of a policy: frozen structs, one per kind of fact; no rule and no I/O.

A reference to another fact is that fact's `key`; `portal.policy.checks` makes sure that each one resolves. Lists keep
the order of the file, which is the order of the page. Every word that a person reads is a `Text` in both languages.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")
ARTICLE_NUMBERS = ("1", "2", "2-1", "2-2", "3", "4", "5", "6", "7", "8", "9", "10")

Key = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
Words = Annotated[str, Meta(min_length=1)]
Version = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
ArticleNumber = Annotated[str, Meta(pattern="^[1-9][0-9]*(-[1-9][0-9]*)?$")]

Event = Literal["LEFT_COMPANY", "PURPOSE_MET", "MEMBER_LEFT", "COLLECTED", "SETTLED"]
"""What a clock starts from: left the company; purpose met; membership ended; record made; dispute settled."""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every struct here has in common: frozen, and an unknown field is a fault, not a surprise."""


class Text(Fact, frozen=True):
    """The same words in both languages."""

    ko: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en


class Period(Fact, frozen=True):
    """A length in calendar months or in years; exactly one of the two is above zero."""

    months: int = 0
    years: int = 0

    @property
    def in_months(self) -> int:
        return self.months + 12 * self.years


class Term(Fact, frozen=True):
    """How long something is kept: until the first of some events, or as long as a retention rule says; never both."""

    until: tuple[Event, ...] = ()
    rule: str = ""


class Controller(Fact, frozen=True):
    """The company that answers for the processing, as the policy's footer prints it."""

    name: Text
    brand: Text
    service: Text
    representative: Text
    representative_title: Text
    address: Text
    phone: Words
    mail: Words
    business_registration_number: Words
    copyright: Words
    storage_countries: tuple[Annotated[str, Meta(pattern="^[A-Z]{2}$")], ...]


class Officer(Fact, frozen=True):
    """The person responsible for personal information (Article 10).

    `mail` is what the policy prints. Where that is no address, `mail_usable` is false and `contact_mail` is the one to
    write to; where it is one, `contact_mail` repeats it.
    """

    title: Text
    name: Text
    position: Text
    phone: Words
    mail: Words
    mail_usable: bool
    contact_mail: Words


class CollectionMethod(Fact, frozen=True):
    """A way in which data comes to the service (Article 2)."""

    key: Key
    label: Text


class Purpose(Fact, frozen=True):
    """What data is used for; `articles` say where the policy states it."""

    key: Key
    label: Text
    articles: tuple[ArticleNumber, ...]


class DataItem(Fact, frozen=True):
    """One kind of personal data. `stored` is false where it only passes through to a processor."""

    key: Key
    label: Text
    group: Literal["MEMBER", "ACCESS", "PAYMENT"]
    methods: tuple[str, ...]
    purposes: tuple[str, ...]
    ground: Literal["CONSENT", "CONTRACT", "STATUTE"]
    term: Term
    stored: bool
    articles: tuple[ArticleNumber, ...]


class Refusal(Fact, frozen=True):
    """The right to say no and what follows. `closes_service` is the fact, the texts are its words."""

    right: Text
    consequence: Text
    still: Text
    closes_service: bool


class ConsentItem(Fact, frozen=True, omit_defaults=True):
    """One question with its own yes and no. `consent` and `notice` are asked at the gate; `optional` never closes it.

    `title` names the subject, `label` is the person's own declaration, `ask` is what an unanswered form says.
    Raise `revision` when a change of words alone changes what is agreed to: everybody is then asked again. `recipient`
    is the key of the third party to whom it lets these items go, "" where nothing is provided to anybody.
    """

    key: Key
    kind: Literal["consent", "notice", "optional"]
    title: Text
    label: Text
    ask: Text
    items: tuple[str, ...]
    purposes: tuple[str, ...]
    term: Term
    kept: tuple[str, ...]
    refusal: Refusal
    articles: tuple[ArticleNumber, ...]
    revision: int
    recipient: str = ""


class Right(Fact, frozen=True):
    """What a member may ask for (Article 2-1), and through what."""

    key: Literal["WITHDRAWAL", "ACCESS", "PROVISION", "CORRECTION", "DELETION", "CHANGE"]
    label: Text
    way: Text


class Processor(Fact, frozen=True):
    """Somebody who receives data. `notice` is said at the moment it happens; `review_required` awaits the officer."""

    key: Key
    name: Text
    relationship: Literal["PROCESSOR", "THIRD_PARTY"]
    task: Text
    purposes: tuple[str, ...]
    items: tuple[str, ...]
    notice: Text
    review_required: bool
    articles: tuple[ArticleNumber, ...]


class Ground(Fact, frozen=True):
    """Why a record is kept: a law or the company's own rule. `short` is the name used in a narrow place."""

    name: Text
    short: Text
    kind: Literal["STATUTE", "INTERNAL_POLICY"]


class RetentionRule(Fact, frozen=True):
    """A record kept for a fixed period (Article 5).

    `start_stated` is false where the policy gives a period but not the event it runs from; `start_event` is then the
    event that the engine uses. `status` is how the ground stands on `verified_on`, not whether the rule runs.
    """

    key: Key
    label: Text
    ground: Ground
    start_event: Event
    start_stated: bool
    period: Period
    status: Literal["VALID", "REPEALED", "INTERNAL"]
    verified_on: date
    backup_copy: bool


class DestructionMethod(Fact, frozen=True):
    """How one medium is destroyed (Article 6)."""

    key: Literal["PAPER", "ELECTRONIC"]
    medium: Text
    method: Text


class Safeguard(Fact, frozen=True):
    """One protection (Article 8)."""

    key: Key
    kind: Literal["TECHNICAL", "ADMINISTRATIVE"]
    label: Text


class Outbound(Fact, frozen=True):
    """What is said before a person follows a link to somebody else's site (Article 9)."""

    title: Text
    body: Text


class RemedyBody(Fact, frozen=True):
    """An agency outside the company, as the policy prints it (Article 10)."""

    key: Key
    name: Text
    phone: Words


class Article(Fact, frozen=True):
    """One article. `text` is markdown without raw HTML; `easy` is its summary in one or two sentences."""

    number: ArticleNumber
    title: Text
    easy: Text
    text: Text

    @property
    def anchor(self) -> str:
        return f"article-{self.number}"


class Policy(Fact, frozen=True):
    """One version of the policy, whole. `reason` says why this version was made."""

    version: Version
    effective_on: date
    title: Text
    reason: Text
    controller: Controller
    officer: Officer
    collection_methods: tuple[CollectionMethod, ...]
    purposes: tuple[Purpose, ...]
    items: tuple[DataItem, ...]
    consent_items: tuple[ConsentItem, ...]
    rights: tuple[Right, ...]
    processors: tuple[Processor, ...]
    retention_rules: tuple[RetentionRule, ...]
    destruction_methods: tuple[DestructionMethod, ...]
    safeguards: tuple[Safeguard, ...]
    outbound: Outbound
    remedy_bodies: tuple[RemedyBody, ...]
    articles: tuple[Article, ...]

    def item(self, key: str) -> DataItem:
        return _of(self.items, key)

    def purpose(self, key: str) -> Purpose:
        return _of(self.purposes, key)

    def consent_item(self, key: str) -> ConsentItem:
        return _of(self.consent_items, key)

    def retention_rule(self, key: str) -> RetentionRule:
        return _of(self.retention_rules, key)

    def processor(self, key: str) -> Processor:
        return _of(self.processors, key)

    def article(self, number: str) -> Article:
        """Return the article of that number ('2-1'); KeyError when there is none."""
        for article in self.articles:
            if article.number == number:
                return article
        raise KeyError(number)

    @property
    def gate_items(self) -> tuple[ConsentItem, ...]:
        """The questions whose yes opens the service: all but the optional ones."""
        return tuple(item for item in self.consent_items if item.kind != "optional")


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_K = TypeVar("_K", bound=_Keyed)


def _of(facts: Sequence[_K], key: str) -> _K:
    for fact in facts:
        if fact.key == key:
            return fact
    raise KeyError(key)
