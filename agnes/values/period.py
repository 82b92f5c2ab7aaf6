"""Periods as people write them."""

from __future__ import annotations

import re
from datetime import date

from agnes.errors import UsageError
from agnes.model.grain import Grain, first_day

_EXAMPLES: dict[Grain, str] = {
    "daily": "2025-03-17",
    "weekly": "2025-W12, or its Monday: 2025-03-17",
    "monthly": "2025-03",
    "quarterly": "2025-Q1",
    "yearly": "2025",
}
_FORMS: dict[Grain, str] = {
    "weekly": r"(?P<year>\d{4})-W(?P<part>\d{2})",
    "monthly": r"(?P<year>\d{4})-(?P<part>\d{2})",
    "quarterly": r"(?P<year>\d{4})-?Q(?P<part>[1-4])",
    "yearly": r"(?P<year>\d{4})",
}


def parse_period(text: str, grain: Grain) -> date:
    """The first day of the period that a text names.

    Args:
        text: `2025-03`, `2025-Q1`, `2025`, `2025-W12`, or the first day itself.

    Raises:
        UsageError: it names no period of that grain.
    """
    found = re.fullmatch(_FORMS.get(grain, r"(?!)"), text, re.IGNORECASE)
    try:
        if found is None:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
        elif grain == "weekly":
            day = date.fromisocalendar(int(found["year"]), int(found["part"]), 1)
        else:
            part = int(found["part"]) if grain != "yearly" else 1
            day = date(int(found["year"]), part * 3 - 2 if grain == "quarterly" else part, 1)
    except ValueError:
        day = None
    if day is None or day != first_day(day, grain):
        raise UsageError(f"{text!r} is no {grain} period", f"write it so: {_EXAMPLES[grain]}")
    return day
