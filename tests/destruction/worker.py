"""A worker that is killed at one point, in a process of its own (tests.crashing)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portal import create_app
from portal.rules.destruction import Kind
from portal.services import destroying, leased
from portal.settings import Settings
from portal.vault import certificates
from portal.vault.person_keys import PersonKeys
from tests.crashing import die
from tests.fake_clock import FakeClock


def destroy_until(settings: Settings, now: datetime, step: Kind, cut: str) -> None:
    """Destroy, and die in this step: when its deed is `done` and not written down, when it is `written`; between the
    ledger's line and the certificate (`numbered`), between the last letter and the end of the key (`told`)."""
    app = create_app(settings, clock=FakeClock(now))
    honest = destroying.STEPS[step]

    def killed(works: Sequence[leased.Work], at: datetime) -> destroying.Passed:
        if cut == "done":
            leased.keep = die
        elif cut == "numbered":
            certificates.issue_many = die
        elif cut == "told":
            PersonKeys.destroy_many = die  # type: ignore[method-assign]
        honest(works, at)
        die()

    steps: Mapping[Kind, Any] = {**destroying.STEPS, step: killed}
    destroying.STEPS = steps  # type: ignore[misc]
    destroying.destroy_due(app)
