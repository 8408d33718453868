"""QR codes as plain values: a page draws the path itself, so that nothing is inline but its own SVG."""

from dataclasses import dataclass

import segno

QUIET = 4  # modules of quiet zone on each side, ISO/IEC 18004


@dataclass(frozen=True)
class Drawing:
    """The side of a square in modules, its quiet zone included, and the SVG path of the dark ones."""

    side: int
    path: str


def path_of(text: str) -> Drawing:
    """Return the QR code of `text` at error level M, one rectangle for each run of dark modules."""
    rows = [bytes(row) for row in segno.make_qr(text, error="m", boost_error=False).matrix]
    pieces = []
    for y, row in enumerate(rows):
        x = 0
        while (x := row.find(1, x)) >= 0:
            end = row.find(0, x)
            end = len(row) if end < 0 else end
            pieces.append(f"M{x + QUIET} {y + QUIET}h{end - x}v1h-{end - x}z")
            x = end
    return Drawing(len(rows) + 2 * QUIET, "".join(pieces))
