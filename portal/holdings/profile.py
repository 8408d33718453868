"""The profile: what a member or an employer gave at sign-up, sealed, and where the member stands at the gate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import members, standings
from portal.rules.profile import ITEMS
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed, NoKey

from . import Piece, Subject

PORTAL = Text(ko="개인정보 포털", en="the privacy portal")
SOURCES = {
    "HOST": Text(ko="MateCost의 기록", en="MateCost's records"),
    "SELF": Text(ko="본인", en="the member"),
    "EMPLOYER": Text(ko="근무 회사", en="the employer"),
}


class Profile:
    """The row of `members` with its sealed profile, and the row of `standing`."""

    key = "profile"
    name = Text(ko="회원 정보", en="member information")
    articles = ("2", "5", "6")
    kept = ""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        profile = _opened(subject)
        return [Piece(item, PORTAL, profile[item]) for item in ITEMS if item in profile]

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        member = members.of_ref(subject.member_ref)
        if member is None:
            return []
        return [
            {
                "member_ref": member.ref,
                "host_id": member.host_id,
                "since": member.created_at.isoformat(),
                "source": member.source,
                **_opened(subject),
            }
        ]

    def count(self, subject: Subject) -> int:
        return members.count_of(subject.member_ref) + standings.count_of(subject.member_ref)

    def destroy(self, subject: Subject, at: datetime) -> int:
        return standings.destroy_of(subject.member_ref) + members.destroy_of(subject.member_ref)

    def verify(self, subject: Subject) -> int:
        return self.count(subject)

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        refs = [subject.member_ref for subject in subjects]
        counts = members.counts_of(refs) + standings.counts_of(refs)
        return [counts[ref] for ref in refs]


def _opened(subject: Subject) -> dict[str, str]:
    member = members.of_ref(subject.member_ref)
    if member is None or member.sealed is None:
        return {}
    try:
        profile: dict[str, str] = person_keys.seal_of(member.ref).open("members", "sealed", member.sealed)
    except (NoKey, KeyDestroyed):
        return {}
    return profile


HOLDING = Profile()
