"""What is wrong with a policy file, said so that its author can repair it: what, where, got, expected, next step."""

from collections.abc import Sequence

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One fault. `file` is the file's name, `where` a path inside it such as `consent_items[member].kept`."""

    file: str
    where: str
    got: str
    expected: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: got {self.got}; expected {self.expected}. {self.next_step}"


class PolicyFaults(Exception):
    """Raised with every fault of a policy at once; `faults` are the lines to print, `details` the same in fields."""

    def __init__(self, details: Sequence[Fault]) -> None:
        self.details = list(details)
        self.faults = [str(fault) for fault in details]
        super().__init__("\n".join(self.faults))
