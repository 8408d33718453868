"""Replaying: after a restore, whoever was destroyed is destroyed again, before anybody is served.

The tombstones lie in the keys store, which is never in the same backup. A main store that knows fewer of them than
there are has been restored; one that knows more stands beside a keys store that was.
"""

from datetime import datetime

from portal.clock import seoul_day
from portal.database import db, writing
from portal.records import accounts as kept
from portal.records import destructions, members
from portal.services import accounts, ordering
from portal.services.auditing import OPERATOR
from portal.vault import ledger, person_keys
from portal.vault.ledger import Tombstone


def restore_fault() -> str | None:
    """Return why nobody may be served before a replay, or None."""
    known, last = destructions.mark(), ledger.last_seq(db.engines["keys"])
    db.session.rollback()
    if known > last:
        return (
            f"the main store knows {known} destroyed people and the keys store {last}: the keys store was restored; "
            "put back a copy of it that is at least as new as the main store"
        )
    back = len(come_back())
    if back:
        return (
            f"the main store was restored from before {back} people were destroyed; "
            "run `portal retention replay`, which destroys them again"
        )
    return None


def come_back() -> list[Tombstone]:
    """Return the tombstones of those who are here again, oldest first: this main store knows nothing of the
    destruction, or has it under way though the person's key was destroyed."""
    stones = ledger.tombstones_after(db.engines["keys"], destructions.mark())
    known = destructions.refs_known([stone.destruction_ref for stone in stones])
    db.session.rollback()
    gone = person_keys.opened().destroyed_of(stone.member_ref for stone in stones if stone.destruction_ref in known)
    return [stone for stone in stones if stone.destruction_ref not in known or stone.member_ref in gone]


def replay(at: datetime) -> tuple[int, int]:
    """Order the destruction of everybody who has come back; return how many there were, and how many tombstones found
    nobody. What was ordered when the copy was made goes on by itself. Somebody who joined later under the same id has
    another reference and is left alone. Accounts whose key is destroyed are blanked again."""
    again = nobody = 0
    for stone in come_back():
        with writing():
            if destructions.of_ref(stone.destruction_ref) is not None:
                again += 1
            elif members.of_ref(stone.member_ref) is None:
                nobody += 1
            else:
                ordering.order(stone.member_ref, "REPLAYED", event_day=seoul_day(stone.at), by=OPERATOR, at=at)
                again += 1
    with writing():
        accounts.forget_held(person_keys.opened().destroyed_of(kept.refs()), at)
        destructions.raise_mark(ledger.last_seq(db.engines["keys"]))
    return again, nobody
