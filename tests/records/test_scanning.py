"""Looking for a person in files: what is theirs is found, what is another's is not taken for it."""

from pathlib import Path

import pytest

from portal.records import scanning
from portal.settings import Settings


@pytest.fixture
def file(settings: Settings) -> Path:
    settings.letters_dir.mkdir(parents=True)
    return settings.letters_dir / "letter"


@pytest.mark.parametrize("chunk", [16, 17, 25, 4096])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"......................kim-10............", set()),
        (b"......................kim-1.............", {"kim-1"}),
        (b"kim-10kim-10kim-10kim-1kim-10kim-10kim-10", {"kim-1"}),
        (b"kim-10kim-10kim-10kim-10kim-10kim-10kim-10", set()),
        (b"the-kim-1-of-another...........kim-1", {"kim-1"}),
        (b".............................the-kim-1", {"kim-1"}),
    ],
    ids=["another's", "theirs", "theirs among", "another's only", "theirs at the end", "cut short"],
)
def test_only_what_stands_alone_is_found(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, found: set[str], chunk: int
) -> None:
    """A mark within another member's longer id is not this person's, wherever the file is cut into pieces."""
    monkeypatch.setattr(scanning, "CHUNK", chunk)
    file.write_bytes(content)

    others = scanning.around(["kim-1"], ["kim-10", "the-kim-1-of-another", "lee", "kim-1"])

    assert others == ["kim-10", "the-kim-1-of-another"]
    assert scanning.found_in_files(settings, [], ["kim-1", "park"], others) == found
    assert scanning.found_in_files(settings, [], ["kim-1", "park"]) == {"kim-1"}
