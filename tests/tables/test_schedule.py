"""When a table is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agnes.errors import UsageError
from agnes.tables.schedule import is_due

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "ago", "due"),
    [
        ("every 15m", timedelta(minutes=14), False),
        ("every 15m", timedelta(minutes=15), True),
        ("Every 6 h", timedelta(hours=7), True),
        ("every 2d", timedelta(days=1), False),
        ("daily 07:00", timedelta(minutes=59), False),
        ("daily 07:00", timedelta(minutes=61), True),
        ("daily 09:00", timedelta(hours=22), False),
        ("daily 09:00", timedelta(hours=24), True),
        ("daily 07:00, 19:30", timedelta(hours=2), True),
    ],
)
def test_a_table_is_due_when_its_time_has_come(schedule, ago, due):
    assert is_due(schedule, NOW - ago, NOW) is due


def test_what_was_never_tried_is_due():
    assert is_due("every 6h", None, NOW)
    assert is_due("daily 09:00", None, NOW)


@pytest.mark.parametrize(
    "schedule", ["", "hourly", "every 0h", "every h", "daily 25:00", "daily 7", "every 6h 7m", "\0"]
)
def test_a_schedule_that_cannot_be_read_says_how_it_is_written(schedule):
    with pytest.raises(UsageError, match="is no schedule"):
        is_due(schedule, None, NOW)
