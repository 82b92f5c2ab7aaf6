"""What agents can call. A tool is a class: its docstring says when to call it, its fields are the
arguments, `answer` answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from agnes.errors import NotFoundError, UsageError
from agnes.mcp import metrics as shown
from agnes.mcp.words import FINDINGS, Answer, affordable, brief, clean, page
from agnes.model.names import nearest

if TYPE_CHECKING:
    from agnes.auth.principal import Scope
    from agnes.diff.history import Event
    from agnes.load.pack import Pack
    from agnes.mcp.desk import Desk

MetricId = Annotated[
    str, Field(max_length=200, description="<category>/<name>, such as revenue/mrr")
]
Cursor = Annotated[
    str | None, Field(max_length=300, description="`cursor` of the answer before, for what follows")
]
MOST_ROWS = 10_000
_COLUMN = 160
_CELL = 300


class Tool(BaseModel):
    """A call, with its arguments."""

    model_config = ConfigDict(extra="forbid")
    needs: ClassVar[Scope] = "read"
    reads_only: ClassVar[bool] = True

    def answer(self, desk: Desk) -> Answer:
        """Answer it.

        Raises:
            AgnesError: it cannot be answered.
        """
        raise NotImplementedError


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
            dict(clean(brief({name: row.get(name) for name in _LINE}), _COLUMN)) | shown.state(row)
            for row in rows
        ]
        kept, cursor = page(items, lambda item: str(item["id"]), self.cursor, self.limit)
        return _paged({"total": len(rows), "metrics": kept}, cursor)


_LINE = ("id", "display_name", "unit", "grain")


class GetTable(Tool):
    """A table's columns with their meaning, and the metrics that are made of it.

    Read it before writing SQL of your own; where one of `metrics` answers the question, use that.
    """

    id: str = Field(max_length=200, description="The table's id")
    cursor: Cursor = None

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        tables = {row["id"]: row for row in desk.tables()}
        if self.id not in tables:
            near = nearest(self.id, sorted(tables)) or sorted(tables)[:5]
            hint = f"did you mean: {', '.join(near)}" if near else None
            raise NotFoundError(f"Table '{self.id}' not found", hint)
        row = tables[self.id]
        columns = [
            clean(
                brief(
                    {
                        "name": column["column_name"],
                        "type": column["basetype"],
                        "description": column["description"],
                        "pii": column.get("pii"),
                    }
                ),
                _COLUMN,
            )
            for column in desk.columns(self.id)
        ]
        kept, cursor = page(columns, lambda column: str(column["name"]), self.cursor, len(columns))
        used = [it["id"] for it in desk.metrics() if it.get("table_name") == self.id]
        data = {"id": self.id, "total_columns": len(columns), "columns": kept}
        if self.cursor is None:
            about = {name: row.get(name) for name in ("description", "primary_key")}
            data |= clean(brief(about | {"metrics": used[:20]}))
        stale = "STALE: the table's file is broken; this is its newest version that validates."
        return _paged(data, cursor, *([stale] if row.get("stale") else []))


class Query(Tool):
    """Run one SELECT (DuckDB's SQL) on the tables' data, in a sandbox that only reads.

    For a business metric take the canonical SQL from get_metric. Aggregate in SQL: answers are
    small, and `cursor` leads to further rows (use ORDER BY for pages that fit together).
    """

    needs: ClassVar[Scope] = "data"
    sql: str = Field(min_length=1, max_length=60_000, description="One SELECT")
    limit: int = Field(50, ge=1, le=500, description="The most rows")
    cursor: Cursor = None

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        start = self._start()
        found = desk.query(self.sql, start + self.limit)
        kept = affordable(clean(found["rows"][start:], _CELL))
        end = start + len(kept)
        is_more = found["truncated"] or end < len(found["rows"])
        data = {"columns": found["columns"], "types": found["types"], "rows": kept}
        return _paged(clean(data, _CELL), str(end) if is_more and kept else None)

    def _start(self) -> int:
        if self.cursor is None:
            return 0
        if not self.cursor.isascii() or not self.cursor.isdecimal() or len(self.cursor) > 5:
            raise UsageError("no answer gave this cursor", "begin without one")
        if int(self.cursor) + self.limit > MOST_ROWS:
            raise UsageError(f"no more than {MOST_ROWS} rows are told", "aggregate in SQL")
        return int(self.cursor)


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
        return _paged({"total": len(events), "events": kept}, cursor, *cut)


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


class ValidateMetric(Tool):
    """Check a metric's YAML against the catalog, as a pull request would; nothing is stored.

    The YAML has `name` and `category` besides what else defines it. Findings have line and remedy.
    """

    yaml: str = Field(min_length=1, max_length=100_000, description="One metric")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        from agnes.mcp.draft import check

        found = check(self.yaml, desk)
        count = sum(it["severity"] == "error" for it in found)
        data = {"valid": not count, "findings": affordable(clean(found[:FINDINGS]))}
        said = f"INVALID: {count} error(s)." if count else "VALID: nothing stands against it."
        return Answer(data, (said,))


class ProposeMetric(Tool):
    """Propose a new or changed metric: a commit on a branch of its own, which people review.

    Nothing that is in force changes. Only when the user asked for it; run validate_metric first.
    A changed metric is given whole, not only what changes.
    """

    needs: ClassVar[Scope] = "propose"
    reads_only: ClassVar[bool] = False
    yaml: str = Field(min_length=1, max_length=100_000, description="One metric, whole")

    def answer(self, desk: Desk) -> Answer:
        """See `Tool`."""
        from agnes.changes.uploads import read_upload

        pack = read_upload("metric.yml", self.yaml.encode())
        _only_one(pack)
        done = desk.propose(pack)
        if done.get("status") == "unchanged":
            return Answer(clean(done), ("UNCHANGED: the metric says this already; no branch.",))
        note = "PROPOSED: it waits on a branch for review; nothing in force changed."
        return Answer(clean(done), (note,))


def _only_one(pack: Pack) -> None:
    if len(pack.metrics) != 1:
        raise UsageError(f"{len(pack.metrics)} metrics, not one", "propose each on its own")


TOOLS: Mapping[str, type[Tool]] = {
    "search_metrics": SearchMetrics,
    "get_metric": GetMetric,
    "list_metrics": ListMetrics,
    "get_table": GetTable,
    "query": Query,
    "metric_history": MetricHistory,
    "validate_metric": ValidateMetric,
    "propose_metric": ProposeMetric,
}


def _paged(data: dict[str, Any], cursor: str | None, *notes: str) -> Answer:
    if cursor is None:
        return Answer(data, notes)
    more = "TRUNCATED: there is more; call again with `cursor` from the data."
    return Answer(data | {"cursor": cursor}, (*notes, more))
