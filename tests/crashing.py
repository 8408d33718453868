"""Real processes that end by SIGKILL, each forked from one that has read all the code: it costs an app, no interpreter.

What runs in one of them is a function of a test module, told settings and moments; nothing is shared but the stores.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

LONGEST_S = 120
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.destruction.worker", "tests.leaving.worker"])


def die(*_: Any, **__: Any) -> NoReturn:
    """End this process where it stands, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def dying(work: Callable[..., Any], calls: int = 1, *, after: bool = False) -> Callable[..., Any]:
    """Return `work`, whose call of this number ends the process: before it does anything, or `after` it has."""
    left = calls

    def called(*given: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if not left and not after:
            die()
        done = work(*given, **more)
        if not left:
            die()
        return done

    return called


def killed(work: Callable[..., None], *given: Any) -> None:
    """Run `work(*given)` in a process of its own and see it killed; whatever else ends it fails the test."""
    process = _forks.Process(target=work, args=given)
    process.start()
    process.join(LONGEST_S)
    if process.is_alive():
        process.kill()
    assert process.exitcode == -signal.SIGKILL, f"ended with {process.exitcode}; its words are on the error output"
