"""Changing what the gate reads: the one way into a transaction that touches standing or policy.

1. The gate's readers are told that something is changing, and remember nothing meanwhile.
2. One transaction begins as a writer, and is committed before they are told that it is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from portal.database import writing
from portal.records.epoch import standing_change


@contextmanager
def changing_standing() -> Iterator[None]:
    """Open the transaction of a service that changes a standing or a policy version."""
    with standing_change(current_app.extensions["portal.settings"].main_store), writing():
        yield
