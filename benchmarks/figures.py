"""A figure, its goal, and the one table in which all of them are shown."""

import statistics
import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

Sense = Literal["<=", ">="]


class Figure(NamedTuple):
    """One line of the table. `note` holds what a reader needs to judge the value: microseconds, spread, sizes."""

    name: str
    value: float
    sense: Sense | None = None
    goal: float | None = None
    note: str = ""
    digits: int = 3

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.sense == "<=" else self.value >= self.goal


class Part(NamedTuple):
    """What one part of a run found: its figures, and what it could not measure, with the reason."""

    figures: list[Figure]
    left_out: Sequence[str] = ()


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return the smallest and the largest of the repeats as text."""
    return f"{min(values):.{digits}f} to {max(values):.{digits}f} over {len(values)}"


def say(text: str) -> None:
    """Tell whoever waits how far the run has come."""
    print(text, file=sys.stderr, flush=True)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as one table of plain text."""
    rows = [("figure", "this run", "goal", "met?", "")]
    for figure in figures:
        goal = f"{figure.sense} {figure.goal:g}" if figure.goal is not None else ""
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        rows.append((figure.name, f"{figure.value:.{figure.digits}f}", goal, met, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {goal:<{widths[2]}}  {met:<{widths[3]}}  {note}".rstrip()
        for name, value, goal, met, note in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)
