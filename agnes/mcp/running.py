"""The tool that computes metrics."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from agnes.errors import UsageError
from agnes.mcp import metrics as shown
from agnes.mcp.tool import Cursor, MetricId, Tool, page_start, paged
from agnes.mcp.words import Answer, affordable, brief, clean
from agnes.model.grain import Grain

if TYPE_CHECKING:
    from agnes.auth.principal import Scope
    from agnes.mcp.desk import Desk

_CELL = 300
_HASH = 12
"""Characters of a hash that are told; the receipt has all of it."""


class RunMetric(Tool):
    """Compute a metric by its canonical SQL: by period, for a range, for some rows, broken down.

    Prefer it to `query` for every business metric. What cannot be soundly derived from the
    definition is refused with the reason: tell it, and do not work around it. Say the receipt's id
    with the number.
    """

    needs: ClassVar[Scope] = "data"
    id: MetricId
    by: list[str] = Field([], max_length=8, description="Dimensions")
    grain: Grain | None = None
    start: str = Field("", description="First day: 2026-01-01")
    end: str = Field("", description="Last day")
    where: str = Field("", max_length=4_000, description="Rows that count: region = 'EU'")
    limit: int = Field(100, ge=1, le=500, description="The most rows")
    cursor: Cursor = None

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        from agnes.sql.ask import Ask

        start = page_start(self.cursor, self.limit)
        days = (_day(self.start), _day(self.end))
        ask = Ask(tuple(self.by), self.grain, *days, self.where or None)
        found = desk.run(self.id, ask, start + self.limit)
        kept = affordable(clean(found["rows"][start:], _CELL))
        end = start + len(kept)
        is_more = found["truncated"] or end < len(found["rows"])
        receipt = found["receipt"]
        data = brief({name: found[name] for name in ("metric", "unit", "grain", "columns")}) | {
            "rows": kept,
            "receipt": {
                "id": receipt["id"],
                "commit": (receipt["commit"] or "")[:_HASH],
                "definition": receipt["definition"],
                "data": {name: it[:_HASH] for name, it in (receipt["data"] or {}).items()},
            },
        }
        if self.cursor is None:
            data["sql"] = receipt["sql"]
        notes = [*shown.warnings(desk.metric(self.id)), *found["notes"]]
        notes = [clean(note, _CELL) for note in notes if not note.startswith("CUT")]
        return paged(clean(data, shown.SQL), str(end) if is_more and kept else None, *notes)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{text!r} is no date", "write year-month-day: 2026-01-31") from None
