"""Faults that more than one floor tells: each carries its facts as attributes, never a name, token or body."""

from collections.abc import Sequence


class ConfigurationError(Exception):
    """The portal was given faulty settings or secrets; `faults` names every one of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The portal does not start:\n" + "\n".join(f"  - {fault}" for fault in self.faults))


class StoreUnsafe(Exception):
    """A store opened without a promise that it must keep; nothing may be written to it."""

    def __init__(self, promise: str, got: object, expected: object) -> None:
        self.promise, self.got, self.expected = promise, got, expected
        super().__init__(f"{promise}: got {got!r}, expected {expected!r}")


class AlreadyKept(Exception):
    """A row that was to be new is there already: somebody else was first. Nothing of the statement was kept."""
