"""What can go wrong at the gate, and how it is told: to an operator whole, to the log once, to a visitor not at all."""

import logging
import threading
from collections.abc import Sequence

log = logging.getLogger("consent_gate")


class ConfigurationError(Exception):
    """The gate was given faulty settings; `faults` names every one of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The gate does not start:\n" + "\n".join(f"  - {fault}" for fault in self.faults))


class Unavailable(Exception):
    """The truth cannot be read or recorded now, so the answer is 503. `part` names the room, `why` the fact."""

    part = "gate"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"{self.part}: {why}")


class StoreUnavailable(Unavailable):
    """The standing of members cannot be read."""

    part = "store"


class JournalUnavailable(Unavailable):
    """The access record of this request could not be kept."""

    part = "journal"


class IdentityUnavailable(Unavailable):
    """The host's own session reader raised."""

    part = "identity"


class ClockUnavailable(Unavailable):
    """The clock tells a time that cannot be."""

    part = "clock"


class FaultLog:
    """Log the first of a run of equal faults, and its end; the thousand requests between say nothing."""

    def __init__(self) -> None:
        self.failing: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def failed(self, part: str, why: str) -> None:
        """Note that `part` failed because of `why`; logged when that is news since it last worked."""
        with self._lock:
            known = self.failing.setdefault(part, set())
            is_news = why not in known
            known.add(why)
        if is_news:
            log.error("%s unavailable: %s; requests are answered 503 until it returns", part, why)

    def works(self, part: str) -> None:
        """Note that `part` works; logged when it did not before."""
        if self.failing.pop(part, None) is not None:
            log.warning("%s available again", part)
