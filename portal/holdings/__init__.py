"""Holdings: the categories of a person's data, each in a file of its own that finds, exports, corrects and destroys it.

The one list of them drives the member's page, the export and the destruction, so that nothing is shown that is not
destroyed or named as kept, and nothing is destroyed that was not shown. A table with a person in it and no holding is
found by the house's tests.

`destroy` works inside the caller's transaction on the main store; the host's tables are another database and commit by
themselves. `verify` asks again, as if for the first time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import current_app

from portal.policy.model import Text


@dataclass(frozen=True)
class Subject:
    """Whose data: the portal's reference, and the host's own id where it is known."""

    member_ref: str
    host_id: str


@dataclass(frozen=True)
class Piece:
    """One value that is held. `item` is a key of the policy's items, "" for what the policy has no item for."""

    item: str
    label: Text
    value: str


class Unreachable(Exception):
    """A source cannot be asked now; what it holds is neither shown nor denied. `where` names it."""

    def __init__(self, where: Text, why: str) -> None:
        self.where, self.why = where, why
        super().__init__(f"{where.en}: {why}")


class Holding(Protocol):
    """One category of a person's data.

    `kept` is the key of the retention rule under which it stays after a destruction, "" where it goes. Every method
    may raise Unreachable.
    """

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> Text: ...
    @property
    def articles(self) -> tuple[str, ...]: ...
    @property
    def kept(self) -> str: ...

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        """Return the values that a member is shown, each with the policy item that it is."""

    def export(self, subject: Subject, at: datetime) -> Iterable[dict[str, Any]]:
        """Return everything that is held, as plain records; where they may be many they are read on the way."""

    def count(self, subject: Subject) -> int:
        """Return how many records there are to destroy."""

    def destroy(self, subject: Subject, at: datetime) -> int:
        """Destroy what is held and return how many records went; nothing left to do is 0, and no fault."""

    def verify(self, subject: Subject) -> int:
        """Return how many records are left that should not be."""


class ManyAtOnce(Holding, Protocol):
    """A holding that commits by itself, and does for many people at once what it does for one."""

    def count_many(self, subjects: Sequence[Subject]) -> list[int]: ...
    def destroy_many(self, subjects: Sequence[Subject], at: datetime) -> list[int]: ...


def count_many(holding: Holding, subjects: Sequence[Subject]) -> list[int]:
    """Return how many records each of these people has, in their order."""
    many = getattr(holding, "count_many", None)
    return many(subjects) if many else [holding.count(subject) for subject in subjects]


def destroy_many(holding: Holding, subjects: Sequence[Subject], at: datetime) -> list[int]:
    """Destroy what is held of these people and return how many records of each went; who has none is not looked at
    twice."""
    return [
        holding.destroy(subject, at) if count else 0
        for subject, count in zip(subjects, count_many(holding, subjects), strict=True)
    ]


def verify_many(holding: Holding, subjects: Sequence[Subject]) -> list[int]:
    """Return how many records are left of each of these people that should not be."""
    if hasattr(holding, "verify_many"):
        left: list[int] = holding.verify_many(subjects)
        return left
    if hasattr(holding, "count_many"):
        return count_many(holding, subjects)
    return [holding.verify(subject) for subject in subjects]


def holdings() -> Sequence[Holding]:
    """Return every holding of this installation, the portal's own before the host's."""
    extensions = current_app.extensions
    if "portal.holdings" not in extensions:
        from portal.holdings import access, consents, disclosures, host, letters, profile, requests, traces

        extensions["portal.holdings"] = (
            profile.HOLDING,
            consents.HOLDING,
            disclosures.HOLDING,
            requests.HOLDING,
            access.HOLDING,
            letters.HOLDING,
            traces.HOLDING,
            *host.holdings_of(extensions["portal.settings"]),
        )
    found: Sequence[Holding] = extensions["portal.holdings"]
    return found
