"""When a table is due: `every 15m`, `every 6h`, `every 2d`, `daily 07:00`, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from agnes.errors import UsageError

_EVERY = re.compile(r"every\s+(\d{1,5})\s*([mhd])")
_DAILY = re.compile(r"daily\s+(\d{2}:\d{2}(?:\s*,\s*\d{2}:\d{2})*)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def is_due(schedule: str, last: datetime | None, now: datetime) -> bool:
    """Whether a table is to be brought in.

    Args:
        last: when that was tried last, None for never.

    Raises:
        UsageError: the schedule cannot be read.
    """
    text = schedule.strip().lower()
    if found := _EVERY.fullmatch(text):
        pause = timedelta(**{_UNITS[found[2]]: int(found[1])})
        if pause:
            return last is None or last + pause <= now
    elif found := _DAILY.fullmatch(text):
        try:
            times = [time.fromisoformat(part.strip()) for part in found[1].split(",")]
        except ValueError:
            raise _unreadable(schedule) from None
        return last is None or last < max(_last(at, now) for at in times)
    raise _unreadable(schedule)


def _last(at: time, now: datetime) -> datetime:
    """When it was that time of day last."""
    today = datetime.combine(now.astimezone(UTC).date(), at, UTC)
    return today if today <= now else today - timedelta(days=1)


def _unreadable(schedule: str) -> UsageError:
    return UsageError(
        f"{schedule!r} is no schedule", "write every 15m, every 6h, every 2d or daily 07:00 (UTC)"
    )
