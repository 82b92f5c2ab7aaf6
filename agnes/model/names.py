"""What metrics, categories and tables may be called."""

NAME = r"[a-z][a-z0-9_]{0,63}"
"""Metrics and categories."""
TABLE_ID = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}"
"""Tables: `orders`, `in.c-crm.company`."""
