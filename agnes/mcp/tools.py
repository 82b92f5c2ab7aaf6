"""What agents can call: the tools by name, and those that are not about finding metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from agnes.errors import NotFoundError, UsageError
from agnes.mcp.finding import GetMetric, ListMetrics, MetricHistory, SearchMetrics
from agnes.mcp.running import RunMetric
from agnes.mcp.tool import Cursor, Tool, page_start, paged
from agnes.mcp.words import FINDINGS, Answer, affordable, brief, clean, page
from agnes.model.names import nearest

if TYPE_CHECKING:
    from agnes.auth.principal import Scope
    from agnes.load.pack import Pack
    from agnes.mcp.desk import Desk

_COLUMN = 160
_CELL = 300


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
            near, some = nearest(self.id, sorted(tables)), ", ".join(sorted(tables)[:5])
            hint = f"did you mean: {', '.join(near)}" if near else some and f"there is: {some}"
            raise NotFoundError(f"Table '{self.id}' not found", hint or None)
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
        return paged(data, cursor, *([stale] if row.get("stale") else []))


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
        start = page_start(self.cursor, self.limit)
        found = desk.query(self.sql, start + self.limit)
        kept = affordable(clean(found["rows"][start:], _CELL))
        end = start + len(kept)
        is_more = found["truncated"] or end < len(found["rows"])
        data = {"columns": found["columns"], "types": found["types"], "rows": kept}
        return paged(clean(data, _CELL), str(end) if is_more and kept else None)


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
    "run_metric": RunMetric,
    "query": Query,
    "metric_history": MetricHistory,
    "validate_metric": ValidateMetric,
    "propose_metric": ProposeMetric,
}
