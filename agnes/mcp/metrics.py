"""Metrics for agents: what is needed to use one rightly, and what to say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agnes.mcp.words import brief, clean

NEAR = 0.93
"""Of the best score: a hit above it fits about as well as the best."""
SURE = 0.7
"""A score below it is that of a guess."""
SQL = 6_000
"""Characters of a query, where not all of it is wanted."""
_COMPACT = (
    "id display_name description unit grain type table_name tables time_column dimensions filters "
    "inputs owner replaced_by certified_by certified_on"
).split()
_NOT_TOLD = ("sql_variants", "blob", "certified")


def first_sentence(text: str | None) -> str:
    """A description in a line."""
    first = " ".join((text or "").split()).split(". ")[0].rstrip(".")
    return f"{first[:159]}…" if len(first) > 160 else first


def state(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as it should be, or was approved of: for a line of a list."""
    status = row.get("status")
    return brief(
        {
            "status": None if status == "active" else status,
            "stale": row.get("stale"),
            "certification": row.get("certification"),
        }
    )


def hit(row: Mapping[str, Any]) -> dict[str, Any]:
    """A hit of a search."""
    said = {
        "id": row["id"],
        "display_name": row["display_name"],
        "description": first_sentence(row["description"]),
        "score": round(row["score"], 2),
        "why": row["why"],
    }
    return dict(clean(brief(said), 200)) | state(row)


def compact(row: Mapping[str, Any]) -> dict[str, Any]:
    """A metric: its rules and its SQL, and of everything else what one must know to use them."""
    said = {name: row.get(name) for name in _COMPACT}
    if said["tables"] == [said["table_name"]]:
        del said["tables"]
    more = {
        "rules": row.get("notes"),
        "sql_variants": sorted(row.get("sql_variants") or {}),
    }
    return dict(clean(brief(said | more))) | state(row) | {"sql": clean(row["sql"], SQL)}


def full(row: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known of a metric."""
    said = {name: value for name, value in row.items() if name not in _NOT_TOLD}
    variants = {f"sql_{name}": sql for name, sql in (row.get("sql_variants") or {}).items()}
    return brief(said | {"rules": said.pop("notes", None)} | variants)


def warnings(row: Mapping[str, Any]) -> Iterator[str]:
    """What has to be said with a number."""
    id_ = row["id"]
    if row.get("stale"):
        yield f"STALE: the file of {id_} is broken; this is its newest version that validates."
    if row.get("status") in ("deprecated", "removed"):
        yield f"{row['status'].upper()}: {id_} is not for new work.{_instead(row)}"
    if row.get("status") == "draft":
        yield f"DRAFT: {id_} is not agreed upon yet; say so with the number."
    if row.get("certification") == "lapsed":
        yield (
            f"LAPSED: {id_} means something else than what was certified; say so with the number. "
            f'metric_history("{id_}") tells what changed.'
        )
    if len(row.get("sql") or "") > SQL:
        yield "CUT: the SQL is longer than shown; ask with detail=full before using it."


def _instead(row: Mapping[str, Any]) -> str:
    if "replaced_by" not in row:
        return " get_metric tells what to use instead, if anything."
    other = row["replaced_by"]
    return f' Use get_metric("{other}") instead.' if other else ""


def ambiguous(hits: list[dict[str, Any]]) -> list[str]:
    """The ids that fit about equally well, if there are several."""
    if not hits:
        return []
    enough = hits[0]["score"] * NEAR
    near = [found["id"] for found in hits if found["score"] >= enough]
    return near if len(near) > 1 else []
