"""The tools that find and read metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from agnes.errors import NotFoundError
from agnes.mcp import metrics as shown
from agnes.mcp.tool import Cursor, MetricId, Tool, paged
from agnes.mcp.words import Answer, affordable, brief, clean, page
from agnes.model.names import nearest

if TYPE_CHECKING:
    from agnes.diff.history import Event
    from agnes.mcp.desk import Desk


class SearchMetrics(Tool):
    """Find the company's metric that words mean: a name, a synonym, an abbreviation, a question.

    Start here for every business number (revenue, churn, active users, ...). Never make up a
    formula: search, then get_metric, then use its SQL and its rules. The answer says when nothing
    fits, and when several fit about equally well; then ask which is meant.
    """

    query: str = Field(min_length=1, max_length=1000, description="Words, as people say them")
    limit: int = Field(5, ge=1, le=20, description="The most hits")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        found = desk.search(self.query, self.limit)
        hits = found["hits"]
        kept = affordable([shown.hit(row) for row in hits])
        data = {"total": found["total"], "hits": kept}
        if not hits:
            return Answer(data, (_ABSENT,))
        notes = [note for row in hits[:3] for note in shown.warnings(row)]
        if hits[0]["score"] < shown.SURE:
            notes.append(
                "UNSURE: no metric is called that; these cover a part of the words. Check that "
                "one means the same before using it, or say that none is defined."
            )
        if near := shown.ambiguous(hits):
            notes.append(
                f"AMBIGUOUS: {', '.join(near)} fit about equally well. Compare them with "
                "get_metric, or ask which is meant; do not pick one silently."
            )
        if found["total"] > len(kept):
            notes.append(f"{found['total'] - len(kept)} more fit less well; `limit` shows more.")
        notes.append(f'Next: get_metric("{hits[0]["id"]}") before computing anything.')
        return Answer(data, tuple(notes))


_ABSENT = (
    "ABSENT: no metric fits. Do not make up a definition: try other words, look through "
    "list_metrics, or say that none is defined."
)


class GetMetric(Tool):
    """A metric's meaning, unit, rules and canonical SQL. Call it before computing the metric.

    Use the SQL as it is and add only what was asked for (a period, a breakdown); keep every rule
    and filter. `sql_variants` names breakdowns that have SQL of their own: ask with detail=full.
    Pass on what the answer says of a metric that is stale, deprecated, a draft, or lapsed.
    """

    id: MetricId
    detail: Literal["compact", "full"] = Field("compact", description="full: everything known")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        row = desk.metric(self.id)
        is_full = self.detail == "full"
        notes = [it for it in shown.warnings(row) if not (is_full and it.startswith("CUT"))]
        return Answer(shown.full(row) if is_full else shown.compact(row), tuple(notes))


class ListMetrics(Tool):
    """The metrics there are, in pages, by category. To find one by words, use search_metrics."""

    category: str | None = Field(None, max_length=64, description="Only this category")
    cursor: Cursor = None
    limit: int = Field(30, ge=1, le=100, description="The most of them")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        rows = desk.metrics(self.category)
        if not rows and self.category is not None:
            categories = sorted({row["id"].partition("/")[0] for row in desk.metrics()})
            near = nearest(self.category, categories) or categories[:10]
            raise NotFoundError(
                f"no metrics in category {self.category!r}", f"categories: {', '.join(near)}"
            )
        items = [
            dict(clean(brief({name: row.get(name) for name in _LINE}), _TITLE)) | shown.state(row)
            for row in rows
        ]
        kept, cursor = page(items, lambda item: str(item["id"]), self.cursor, self.limit)
        return paged({"total": len(rows), "metrics": kept}, cursor)


_TITLE = 160
_LINE = ("id", "display_name", "unit", "grain")


class MetricHistory(Tool):
    """Who changed what a metric means, when, and how; the newest first.

    For questions such as why a number moved, or what changed since a metric was certified.
    """

    id: MetricId
    cursor: Cursor = None
    limit: int = Field(10, ge=1, le=50, description="The most changes")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        found = desk.history(self.id)
        events = [_event(event) for event in found.events]
        kept, cursor = page(events, lambda event: str(event["commit"]), self.cursor, self.limit)
        cut = [] if found.cut is None else ["CUT: this clone is shallow; more happened before."]
        return paged({"total": len(events), "events": kept}, cursor, *cut)


def _event(event: Event) -> dict[str, Any]:
    from agnes.diff.history import subject
    from agnes.diff.words import in_words

    said = {
        "commit": event.commit.id[:12],
        "time": event.commit.time.isoformat()[:16],
        "author": event.commit.author,
        "subject": subject(event.commit),
        "class": event.change.class_,
        "what": in_words(event.change, values=True),
    }
    return dict(clean(said, 300))
