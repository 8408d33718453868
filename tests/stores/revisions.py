"""Which revision of each store is the newest, read from the files themselves, so that a new one changes no test."""

from pathlib import Path

import migrations


def newest(store: str) -> str:
    """Return the newest revision of a store: "main_0002" when the last file is 0002_members.py."""
    numbers = sorted(path.name[:4] for path in (Path(migrations.__file__).parent / store).glob("0*.py"))
    return f"{store}_{numbers[-1]}"
