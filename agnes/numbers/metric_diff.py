"""What a change does to the numbers of one metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agnes.compute.equal import Alike
from agnes.numbers.cells import Compared
from agnes.numbers.movers import Movers
from agnes.queries.values import plain

Outcome = Literal[Alike, "same-query", "one-side", "not-compared", "failed"]


@dataclass(frozen=True)
class MetricDiff:
    """The numbers of one metric before and after.

    Args:
        from_: the id that it had before, where that is another one.
        unit, grain: those after the change, or before it where the metric is gone.
        outcome: `same-query` where nothing had to be run, `one-side` where the metric is only
            there before or after, `not-compared` and `failed` where `notes` and `errors` say why.
        values: None where there is nothing to compare.
        movers: of each dimension by which both sides have a query.
        errors: why a query failed, by the side, `old` or `new`.
        notes: what whoever reads them has to know, a sentence each.
    """

    id: str
    from_: str | None
    unit: str
    grain: str
    outcome: Outcome
    values: Compared | None = None
    movers: tuple[Movers, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        values = self.values
        periods = values.cells if values else ()
        with_periods = values is not None and values.period is not None
        return {
            "id": self.id,
            "from": self.from_,
            "unit": self.unit or None,
            "grain": self.grain,
            "outcome": self.outcome,
            "counts": dict(values.counts) if values else None,
            "periods": [
                {"period": plain(cell.key[0]) if with_periods else None} | cell.as_dict()
                for cell in periods
            ],
            "movers": [it.as_dict() for it in self.movers],
            "errors": dict(self.errors),
            "notes": list(self.notes),
        }
