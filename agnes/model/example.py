"""Whole files of a catalog, as data: what the JSON Schemas show as examples."""

from __future__ import annotations

import re
from typing import Any

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "agnes": [
        {
            "name": "Metrics of Example Inc.",
            "description": "What finance, sales and product report",
            "sync_interval": "1 hour",
            "branch": "main",
            "lint": {"severities": {"AG209": "error"}, "ignores": {"metrics/legacy/**": ["AG209"]}},
            "write_mode": "branch",
            "certifiers": ["finance", "grace@example.com"],
            "groups": {"finance": ["ada@example.com"]},
            "engine": "bigquery",
        }
    ],
    "index": [
        {
            "version": "2.0",
            "description": "Metrics of a subscription business",
            "categories": [
                {
                    "name": "Product usage",
                    "folder": "product_usage",
                    "description": "Who uses the product, and how much of it",
                    "metrics": ["active_users", "feature_adoption"],
                }
            ],
        }
    ],
    "metric": [
        {
            "name": "total_revenue",
            "display_name": "Total revenue",
            "category": "revenue",
            "owner": "Finance",
            "certified": {
                "by": "ada@example.com",
                "on": "2026-07-29",
                "definition": "e501a2d0ecfebb9c-d6e3c98f5815d306",
            },
            "type": "sum",
            "unit": "USD",
            "grain": "monthly",
            "time_column": "order_date",
            "table": "orders",
            "expression": "SUM(total_amount)",
            "description": "What customers ordered in the month and have paid for, before tax.",
            "dimensions": ["region", "product_line"],
            "filters": ["status = 'paid'"],
            "synonyms": ["revenue", "sales", "turnover"],
            "notes": ["A refund takes the order out of the month in which it was placed."],
            "tags": ["board"],
            "validation": {"method": "compare with the ledger", "result": "equal to the cent"},
            "tests": [
                {"period": "2025-03", "equals": 118213.4},
                {"period": "2025-03", "where": {"region": "emea"}, "between": [40000, 60000]},
                {"period": "2025-03", "change_within": "10%"},
                {
                    "name": "never negative",
                    "sql": "SELECT month FROM total_revenue WHERE total_revenue < 0",
                },
            ],
            "meta": {"dashboard": "finance/monthly"},
            "sql": "SELECT DATE_TRUNC('month', order_date) AS month,"
            " SUM(total_amount) AS total_revenue\nFROM orders WHERE status = 'paid'\n"
            "GROUP BY month ORDER BY month ASC\n",
            "sql_by_region": "SELECT DATE_TRUNC('month', order_date) AS month, region,"
            " SUM(total_amount) AS total_revenue\nFROM orders WHERE status = 'paid'\n"
            "GROUP BY month, region ORDER BY month ASC, region ASC\n",
        },
        {
            "name": "revenue_per_customer",
            "display_name": "Revenue per customer",
            "status": "deprecated",
            "replaced_by": "revenue/total_revenue",
            "type": "ratio",
            "unit": "USD",
            "grain": "monthly",
            "table": "orders",
            "tables": ["orders", "accounts"],
            "inputs": ["revenue/total_revenue", "sales/new_customers"],
            "sql": "SELECT SUM(total_amount) / COUNT(DISTINCT accounts.account_id)"
            " AS revenue_per_customer\nFROM accounts LEFT JOIN orders USING (account_id)\n",
        },
    ],
    "proposal": [
        {
            "project": "acme",
            "created_at": "2026-01-31T12:00:00Z",
            "describer": "rules",
            "tables": {
                "orders": {
                    "sampled": 500,
                    "columns": {
                        "order_id": {
                            "basetype": "STRING",
                            "description": "Unique order",
                            "evidence": ["500 of 500 values have leading zeros"],
                            "decision": {
                                "verdict": "accepted",
                                "by": "Ada Lovelace <ada@example.com>",
                                "at": "2026-02-01T09:30:00Z",
                                "replaces": {
                                    "basetype": "INTEGER",
                                    "description": "Number of the order",
                                },
                            },
                        },
                        "buyer_email": {
                            "basetype": "STRING",
                            "description": "Address of the buyer",
                            "confidence": "medium",
                            "source": "ai_enrichment",
                            "pii": True,
                        },
                    },
                }
            },
        }
    ],
    "table": [
        {
            "id": "orders",
            "name": "Orders",
            "description": "One row per order",
            "source_type": "local",
            "primary_key": "order_id",
            "folder": "sales",
            "access": "public",
            "columns": {
                "order_id": {"basetype": "STRING", "description": "Unique order"},
                "buyer_email": {
                    "basetype": "STRING",
                    "description": "Address of the buyer",
                    "confidence": "high",
                    "source": "ai_enrichment",
                    "pii": True,
                },
            },
        },
        {
            "id": "in.c-crm.company",
            "source_type": "keboola",
            "bucket": "in.c-crm",
            "source_table": "company",
            "sync_strategy": "full_refresh",
            "query_mode": "local",
            "sync_schedule": "every 6h",
            "profile_after_sync": False,
            "primary_key": ["company_id", "valid_from"],
            "access": {"groups": ["finance", "sales"]},
        },
    ],
}
"""By kind of schema; every one is valid."""


def illustrate(schema: dict[str, Any], values: list[Any]) -> None:
    """Give every property the values that it has in whole examples."""
    mappings = [value for value in values if isinstance(value, dict)]
    patterns = {f"^{key}$": inner for key, inner in schema.get("properties", {}).items()}
    for pattern, inner in (patterns | schema.get("patternProperties", {})).items():
        found = [
            item for value in mappings for key, item in value.items() if re.search(pattern, key)
        ]
        if found and "enum" not in inner and not isinstance(found[0], bool):
            inner["examples"] = [item for at, item in enumerate(found) if item not in found[:at]]
        illustrate(inner, found)
    if isinstance(schema.get("additionalProperties"), dict):
        inner_values = [item for value in mappings for item in value.values()]
        illustrate(schema["additionalProperties"], inner_values)
    if "items" in schema:
        lists = [value for value in values if isinstance(value, list)]
        illustrate(schema["items"], [item for value in lists for item in value])
