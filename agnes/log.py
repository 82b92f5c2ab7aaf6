"""Logs of what runs on and on: a line each, for people or as JSON for programs.

log = logging.getLogger("agnes.sync")
log.info("synced", extra={"facts": {"commit": commit}})
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]


def configure(style: Format, *names: str) -> None:
    """Log what Agnes does to stderr.

    Args:
        names: of loggers; by default Agnes's own.
        style: `text`: time, level, event, facts; `json`: an object per line with `time` (ISO 8601,
            UTC), `level`, `logger`, `event`, and the facts under their own names.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Text())
    for name in names or ("agnes",):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = getattr(record, "facts", {})
    return {name: value for name, value in facts.items() if value is not None}


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        at = _time(record).strftime("%H:%M:%S")
        line = f"{at} {record.levelname.lower()} {record.getMessage()} {facts}".rstrip()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return f"{line}\n{trace}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
