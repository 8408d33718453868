"""A worker that is killed at one point: run as `python -m tests.destruction.worker STEP before|after`.

`before` kills it when the step has done its deed and has not written it down; `after` when it has.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from portal import create_app
from portal.rules.destruction import Kind
from portal.services import destroying, leased
from portal.settings import Settings


def die(*_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str, when: str) -> None:
    app = create_app(Settings.from_environ(os.environ))
    kind = Kind(step)
    honest = destroying.STEPS[kind]

    def killed(works: Sequence[destroying.Work], at: Any) -> destroying.Passed:
        if when == "before":
            leased.keep = die
        passed = honest(works, at)
        die()
        return passed

    steps: dict[Kind, Callable[..., destroying.Passed]] = {**destroying.STEPS, kind: killed}
    destroying.STEPS = steps  # type: ignore[assignment]
    destroying.destroy_due(app)


if __name__ == "__main__":
    main(*sys.argv[1:])
