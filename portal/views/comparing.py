"""Two texts side by side: which words went and which came. Pure; the words on the page belong to the template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_CELL, _RULE = re.compile(r"\s*\|\s*"), re.compile(r"\|[-:|\s]+\|\Z")
_MARKS = re.compile(r"^(?:[-*+]|\d+\.)\s+|\*\*|__|`|^#+\s*", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A run of words, and whether the other text lacks it."""

    words: str
    changed: bool


Line = tuple[Piece, ...]


def side_by_side(old: str, new: str) -> tuple[list[Line], list[Line]]:
    """Return the paragraphs of `old` and of `new` (markdown marks left out), each cut into pieces."""
    before, after = _lines(old), _lines(new)
    left: list[Line] = []
    right: list[Line] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            left += [(Piece(line, False),) for line in before[i1:i2]]
            right += [(Piece(line, False),) for line in after[j1:j2]]
            continue
        paired = min(i2 - i1, j2 - j1)
        for one, other in zip(before[i1 : i1 + paired], after[j1 : j1 + paired], strict=True):
            was, now = words_apart(one, other)
            left.append(was)
            right.append(now)
        left += [(Piece(line, True),) for line in before[i1 + paired : i2]]
        right += [(Piece(line, True),) for line in after[j1 + paired : j2]]
    return left, right


def words_apart(old: str, new: str) -> tuple[Line, Line]:
    """Return two paragraphs cut into pieces, word by word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        _add(left, before[i1:i2], tag != "equal")
        _add(right, after[j1:j2], tag != "equal")
    return _joined(left), _joined(right)


def _lines(text: str) -> list[str]:
    """Return the paragraphs of markdown without its marks; a row of a table is one, its cells apart by a dot."""
    lines = (line.strip() for line in _MARKS.sub("", text).splitlines())
    return [" ".join(_CELL.sub(" · ", line.strip("| ")).split()) for line in lines if line and not _RULE.match(line)]


def _joined(pieces: Sequence[Piece]) -> Line:
    """Return the pieces with one mark, not two, where only a blank stood between words that changed."""
    joined: list[Piece] = []
    for n, piece in enumerate(pieces):
        between = 0 < n < len(pieces) - 1 and piece.words.isspace()  # its neighbours are of the other kind, so changed
        changed = piece.changed or between
        if joined and joined[-1].changed and changed:
            joined[-1] = Piece(joined[-1].words + piece.words, True)
        else:
            joined.append(Piece(piece.words, changed))
    return tuple(joined)


def _add(pieces: list[Piece], words: Sequence[str], changed: bool) -> None:
    if words:
        pieces.append(Piece("".join(words), changed))
