"""What somebody who uses a table should know of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agnes.profile.statistics import CATEGORICAL

_HIGH_MISSING, _MISSING = 30, 5
_IMBALANCE, _ZEROS = 60, 50
"""In percent."""


def alerts_of(entry: dict[str, Any]) -> list[str]:
    """The alerts of a column, from its entry in the profile."""
    rows = entry["null_count"] or entry["unique_count"]
    missing = 100 - entry["completeness_pct"] if rows else 0
    full = rows and not entry["null_count"]
    string, number = entry.get("string_stats"), entry.get("numeric_stats")
    top = _top(entry)
    found = {
        "constant": full and entry["unique_count"] == 1,
        "unique": full and entry["unique_pct"] == 100,
        "high_missing": missing > _HIGH_MISSING,
        "missing": _MISSING < missing <= _HIGH_MISSING,
        "zeros": number and number["zeros_pct"] > _ZEROS,
        "imbalance": entry["unique_count"] > 1 and top > _IMBALANCE,
        "high_cardinality": string and entry["unique_count"] > CATEGORICAL,
    }
    return [name for name, holds in found.items() if holds]


def explained(entry: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The alerts of a column in words."""
    name, missing = entry["name"], round(100 - entry["completeness_pct"], 2)
    zeros = entry.get("numeric_stats", {}).get("zeros_pct")
    words = {
        "constant": "is constant (single value)",
        "unique": "has all unique values",
        "high_missing": f"has {missing}% missing values",
        "missing": f"has {missing}% missing values",
        "zeros": f"has {zeros}% zero values",
        "imbalance": f"is highly imbalanced (top value {_top(entry)}%)",
        "high_cardinality": f"has high cardinality ({entry['unique_count']} distinct)",
    }
    for alert in entry["alerts"]:
        yield {"column": name, "type": alert, "message": f"{name} {words[alert]}"}


def _top(entry: dict[str, Any]) -> float:
    """How many percent of a text's values are the most frequent one."""
    values = entry.get("string_stats", {}).get("top_values")
    return float(values[0]["pct"]) if values else 0.0
