"""What metrics, categories and tables may be called."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

NAME = r"[a-z][a-z0-9_]{0,63}"
"""Metrics and categories."""
TABLE_ID = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}"
"""Tables: `orders`, `in.c-crm.company`."""


def nearest(wanted: str, ids: Sequence[str], limit: int = 3) -> list[str]:
    """The ids that somebody who typed `wanted` may have meant, the nearest first."""
    wanted = wanted.casefold()
    by_name = [found for found in ids if found.rpartition("/")[2] == wanted.rpartition("/")[2]]
    return list(dict.fromkeys(by_name + get_close_matches(wanted, ids, limit, 0.5)))[:limit]
