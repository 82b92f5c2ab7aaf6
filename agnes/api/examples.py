"""What answers look like, for the documentation of the API."""

from __future__ import annotations

from typing import Any

METRIC: dict[str, Any] = {
    "id": "revenue/mrr",
    "name": "mrr",
    "display_name": "Monthly recurring revenue",
    "category": "revenue",
    "description": "Recurring revenue of a month, in the month that it is for.",
    "type": "sum",
    "unit": "USD",
    "grain": "monthly",
    "table_name": "subscriptions",
    "tables": [],
    "dimensions": ["plan"],
    "synonyms": ["monthly revenue run rate"],
    "notes": ["A paused subscription does not count."],
    "sql": "SELECT month, SUM(mrr) AS mrr FROM subscriptions GROUP BY month",
    "sql_variants": {"by_plan": "SELECT plan, SUM(mrr) AS mrr FROM subscriptions GROUP BY plan"},
    "status": "active",
    "stale": False,
    "updated_at": "2026-01-31T12:00:00",
}
METRICS: dict[str, Any] = {"metrics": [METRIC], "count": 1}


def example(value: Any, description: str = "") -> dict[int | str, dict[str, Any]]:
    """The documentation of an answer: an example of it."""
    return {
        200: {
            "description": description or "As in the example.",
            "content": {"application/json": {"example": value}},
        }
    }
