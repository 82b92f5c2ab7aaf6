"""Columns and DuckDB types of the demo tables; the catalog's tables/*.yml say what they mean."""

from __future__ import annotations

Row = tuple[object, ...]


def _columns(text: str) -> dict[str, str]:
    return dict(column.split() for column in text.split(", "))


SCHEMAS = {
    "accounts": _columns(
        "account_id VARCHAR, name VARCHAR, segment VARCHAR, industry VARCHAR, region VARCHAR, "
        "acquisition_channel VARCHAR, billing_email VARCHAR, created_date DATE"
    ),
    "subscriptions": _columns(
        "subscription_id VARCHAR, account_id VARCHAR, plan VARCHAR, segment VARCHAR, "
        "region VARCHAR, contract_term VARCHAR, seats BIGINT, mrr_amount DECIMAL(18,2), "
        "is_trial BOOLEAN, start_date DATE, start_reason VARCHAR, end_date DATE, "
        "end_reason VARCHAR"
    ),
    "orders": _columns(
        "order_id VARCHAR, account_id VARCHAR, buyer_email VARCHAR, order_date DATE, "
        "product_line VARCHAR, sales_channel VARCHAR, region VARCHAR, status VARCHAR, "
        "total_amount DECIMAL(18,2), tax_amount DECIMAL(18,2), refunded_date DATE"
    ),
    "users": _columns(
        "user_id VARCHAR, account_id VARCHAR, full_name VARCHAR, email VARCHAR, role VARCHAR, "
        "is_internal BOOLEAN, created_at TIMESTAMP, deactivated_at TIMESTAMP"
    ),
    "events": _columns(
        "event_id BIGINT, user_id VARCHAR, account_id VARCHAR, event_name VARCHAR, "
        "feature VARCHAR, platform VARCHAR, is_automated BOOLEAN, occurred_at TIMESTAMP"
    ),
    "account_usage": _columns(
        "usage_id BIGINT, account_id VARCHAR, usage_month DATE, plan VARCHAR, resource VARCHAR, "
        "used_quantity DOUBLE"
    ),
    "plan_limits": _columns(
        "limit_id VARCHAR, plan VARCHAR, resource VARCHAR, limit_quantity DOUBLE"
    ),
    "opportunities": _columns(
        "opportunity_id VARCHAR, account_id VARCHAR, owner_email VARCHAR, "
        "opportunity_type VARCHAR, lead_source VARCHAR, region VARCHAR, stage VARCHAR, "
        "amount DECIMAL(18,2), win_probability DOUBLE, created_date DATE, "
        "expected_close_date DATE, closed_date DATE"
    ),
    "tickets": _columns(
        "ticket_id VARCHAR, account_id VARCHAR, requester_user_id VARCHAR, priority VARCHAR, "
        "channel VARCHAR, topic VARCHAR, status VARCHAR, created_at TIMESTAMP, "
        "first_response_at TIMESTAMP, resolved_at TIMESTAMP, satisfaction_score BIGINT"
    ),
    "infrastructure_costs": _columns(
        "cost_id BIGINT, cost_date DATE, service VARCHAR, environment VARCHAR, team VARCHAR, "
        "cost_amount DECIMAL(18,2), credit_amount DECIMAL(18,2)"
    ),
}
