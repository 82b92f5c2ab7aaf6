"""What is served of files, as rows of a snapshot's tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agnes.cache.arrow import Kind
from agnes.git.history import FileHistory
from agnes.load.catalog import Served
from agnes.load.certificate import certification
from agnes.model.catalog import Index
from agnes.model.diagnostic import Diagnostic
from agnes.model.metric import Metric
from agnes.model.table import Table
from agnes.search import index as search_index

Row = tuple[Any, ...]

METRIC: dict[str, Kind] = {
    **dict.fromkeys(("id", "name", "display_name", "category", "description", "type"), "text"),
    **dict.fromkeys(("unit", "grain", "table_name"), "text"),
    "tables": "texts",
    **dict.fromkeys(("expression", "time_column"), "text"),
    **dict.fromkeys(("dimensions", "filters", "synonyms", "notes"), "texts"),
    **dict.fromkeys(("sql", "sql_variants", "validation", "source"), "text"),
    **dict.fromkeys(("created_at", "updated_at"), "time"),
    **dict.fromkeys(("owner", "status"), "text"),
    "tags": "texts",
    "meta": "text",
    "inputs": "texts",
    **dict.fromkeys(("replaced_by", "path", "blob", "commit_id", "author"), "text"),
    "stale": "bool",
    **dict.fromkeys(("certified", "certified_by", "certified_on", "certification"), "text"),
}
COLUMN: dict[str, Kind] = {
    **dict.fromkeys(
        ("table_id", "column_name", "basetype", "description", "confidence", "source"), "text"
    ),
    "updated_at": "time",
    "pii": "bool",
    "position": "int",
    "path": "text",
}
TABLE: dict[str, Kind] = {
    **dict.fromkeys(("id", "name", "source_type", "bucket", "source_table"), "text"),
    **dict.fromkeys(("sync_strategy", "query_mode", "sync_schedule"), "text"),
    "profile_after_sync": "bool",
    **dict.fromkeys(("primary_key", "folder", "description", "registered_by"), "text"),
    "is_public": "bool",
    "registered_at": "time",
    "access_groups": "texts",
    "updated_at": "time",
    **dict.fromkeys(("path", "blob", "commit_id", "author"), "text"),
    "stale": "bool",
}
CATEGORY: dict[str, Kind] = {
    **dict.fromkeys(("name", "display_name", "description"), "text"),
    "position": "int",
}
DIAGNOSTIC: dict[str, Kind] = {
    "path": "text",
    "line": "int",
    "column": "int",
    **dict.fromkeys(("code", "severity", "message", "hint"), "text"),
}
HISTORY: dict[str, Kind] = {
    "path": "text",
    "created_at": "time",
    **dict.fromkeys(("created_by", "created_commit"), "text"),
    "updated_at": "time",
    **dict.fromkeys(("updated_by", "updated_commit", "source"), "text"),
}
TERM: dict[str, Kind] = {
    **dict.fromkeys(("term", "id"), "text"),
    "weight": "float",
    **dict.fromkeys(("field", "word"), "text"),
}
KEY: dict[str, Kind] = dict.fromkeys(("key", "id", "kind", "phrase"), "text")
BY_FILE: dict[str, dict[str, Kind]] = {
    "metric_definitions": METRIC,
    "table_registry": TABLE,
    "column_metadata": COLUMN,
    "catalog_diagnostics": DIAGNOSTIC,
    "search_terms": TERM,
    "search_keys": KEY,
}
"""The tables whose rows come from one file each, and their columns."""


def add_rows(batch: dict[str, list[Row]], served: Served, history: FileHistory) -> None:
    """Add everything that is served of a file.

    Args:
        batch: rows by table; see `BY_FILE`.
    """
    match served.value:
        case Metric() as metric:
            batch["metric_definitions"].append(metric_row(served, metric, history))
            batch["search_terms"] += search_index.term_rows(metric)
            batch["search_keys"] += search_index.key_rows(metric)
        case Table() as table:
            batch["table_registry"].append(table_row(served, table, history))
            batch["column_metadata"] += column_rows(served, table, history)
    batch["catalog_diagnostics"] += map(diagnostic_row, served.document.diagnostics)


def metric_row(served: Served, metric: Metric, history: FileHistory) -> Row:
    """A row of `metric_definitions`."""
    values: dict[str, Any] = {
        "sql_variants": _json(metric.sql_variants),
        "validation": _json(metric.validation),
        "meta": _json(metric.meta),
        "source": history.last.trailer("Agnes-Source") or "manual",
        "created_at": history.first.time,
        "updated_at": history.last.time,
        **_provenance(served, history),
        **_certificate(metric),
    }
    return tuple(
        values[column] if column in values else getattr(metric, column) for column in METRIC
    )


def table_row(served: Served, table: Table, history: FileHistory) -> Row:
    """A row of `table_registry`."""
    key = table.primary_key
    values = table.model_dump(exclude={"columns", "access"})
    values |= {
        "name": table.name or table.id,
        "source_table": table.source_table or table.id,
        "primary_key": ", ".join(key) if isinstance(key, list) else key,
        "is_public": table.public,
        "access_groups": table.groups,
        "registered_by": history.first.author,
        "registered_at": history.first.time,
        "updated_at": history.last.time,
        **_provenance(served, history),
    }
    return tuple(values[column] for column in TABLE)


def column_rows(served: Served, table: Table, history: FileHistory) -> list[Row]:
    """The rows of `column_metadata` of one table."""
    return [
        (
            *(table.id, name, column.basetype, column.description, column.confidence),
            *(column.source, history.last.time, column.pii, position, served.entry.path),
        )
        for position, (name, column) in enumerate(table.columns.items(), start=1)
    ]


def category_rows(index: Index, metric_ids: Iterable[str]) -> list[Row]:
    """The rows of `categories`: the index's, then those that only files name."""
    found = {
        item.category: (item.category, item.name, item.description) for item in index.categories
    }
    for metric_id in sorted(metric_ids):
        name = metric_id.partition("/")[0]
        found.setdefault(name, (name, name, None))
    return [(*row, at) for at, row in enumerate(found.values(), start=1)]


def diagnostic_row(finding: Diagnostic) -> Row:
    """A row of `catalog_diagnostics`."""
    return tuple(finding.as_dict()[column] for column in DIAGNOSTIC)


def history_row(history: FileHistory) -> Row:
    """A row of `file_history`."""
    first, last = history.first, history.last
    return (
        *(history.path, first.time, first.author, first.id),
        *(last.time, last.author, last.id, last.trailer("Agnes-Source")),
    )


def _provenance(served: Served, history: FileHistory) -> dict[str, Any]:
    return {
        "path": served.entry.path,
        "blob": served.entry.blob,
        "commit_id": history.last.id,
        "author": history.last.author,
        "stale": served.stale,
    }


def _certificate(metric: Metric) -> dict[str, Any]:
    said = metric.certified
    if said is None:
        return dict.fromkeys(("certified", "certified_by", "certified_on", "certification"))
    found = {"certified": _json(said.model_dump()), "certification": certification(metric)}
    return found | {"certified_by": said.by, "certified_on": said.on}


def _json(value: dict[str, Any]) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
