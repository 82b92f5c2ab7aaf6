"""The parts of a metric that move most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agnes.numbers.cells import Cell, Compared
from agnes.queries.values import plain

MOST_MOVERS = 5


@dataclass(frozen=True)
class Movers:
    """The parts of one period that move most: of the newest in which any part moves.

    Args:
        period: None where there are no periods.
        cells: the largest difference first; the last of each key is the part.
        moved: how many parts of this period move.
        parts: how many it has.
        periods: how many periods have parts that move.
    """

    dimension: str
    period: Any
    cells: tuple[Cell, ...]
    moved: int
    parts: int
    periods: int

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        parts = [{"part": plain(cell.key[-1])} | cell.as_dict() for cell in self.cells]
        counts = {"moved": self.moved, "of": self.parts, "periods": self.periods}
        return (
            {"dimension": self.dimension, "period": plain(self.period)} | counts | {"parts": parts}
        )


def movers(dimension: str, found: Compared) -> Movers | None:
    """The parts that move most; None where none does."""
    moved = found.moved
    if not moved:
        return None
    if found.period is None:
        period, here = None, list(found.cells)
    else:
        period = moved[0].key[0]
        here = [cell for cell in found.cells if cell.key[0] == period]
    largest = sorted((it for it in here if it.moves), key=lambda it: (-it.size, str(it.key)))
    periods = len({cell.key[0] for cell in moved}) if found.period is not None else 1
    shown = tuple(largest[:MOST_MOVERS])
    return Movers(dimension, period, shown, len(largest), len(here), periods)
