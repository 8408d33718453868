"""The guard for a host in the same process: ask it before anything of a member goes to a processor or a third party.

    from portal.guard import NotAllowed, disclose

    disclose(member_id, "kicc", ["card_number", "card_expiry"], "payment", reference=f"charge-{charge_id}")
    payment_service.charge(...)  # reached after a yes only

A yes returns; everything else raises, so that a call whose answer nobody looks at sends nothing either. A program in
another process asks `POST /privacy/api/disclosures` (docs/processors.md).
"""

from collections.abc import Sequence

from flask import Flask

from portal.clock import Clock
from portal.policy.model import Text
from portal.services import disclosing
from portal.services.disclosing import NotAsked, OtherContent

__all__ = ["NotAllowed", "NotAsked", "OtherContent", "disclose", "stand"]

NO_GUARD = Text(ko="이 프로세스에 개인정보 포털이 없습니다.", en="There is no privacy portal in this process.")

_portals: list[Flask] = []


class NotAllowed(Exception):
    """Nothing may be sent. `code` is one of portal.rules.disclosure.Reason, or "NO_GUARD"; `why` says it in words."""

    def __init__(self, code: str, why: Text) -> None:
        self.code, self.why = code, why
        super().__init__(f"{code}: {why.en}")


def stand(portal: Flask) -> None:
    """Let the hosts of this process ask this portal; the last one named answers."""
    _portals[:] = [portal]


def disclose(host_id: str, processor: str, items: Sequence[str], purpose: str, *, reference: str) -> None:
    """Return when these items of the member whom the host calls `host_id` may go to `processor` now, and keep that.

    `processor`, `items` and `purpose` are keys of the register and of the policy, never values; `reference` is the
    host's own name for this one sending, and asking again with it is answered the same. Raises NotAllowed, kept as
    well; NotAsked for what is no name of the policy; OtherContent for a reference that was used for something else; and
    whatever keeps the answer from being kept. Send nothing then.
    """
    if not _portals:
        raise NotAllowed("NO_GUARD", NO_GUARD)
    portal = _portals[0]
    clock: Clock = portal.extensions["portal.clock"]
    with portal.app_context():
        answer = disclosing.disclose(host_id, processor, items, purpose, reference, clock())
    if answer.verdict.reason is not None and answer.verdict.why is not None:
        raise NotAllowed(answer.verdict.reason.value, answer.verdict.why)
