from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agnes.log import configure

LOG = logging.getLogger("agnes.sync")


@pytest.fixture
def lines(capsys):
    """What was logged since, and nothing on stdout."""

    def read() -> list[str]:
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err.splitlines()

    return read


def test_json_is_an_object_per_line(lines):
    configure("json")
    before = datetime.now(UTC)
    LOG.info("synced", extra={"facts": {"commit": "c0ffee", "added": 2}})
    LOG.error("failed", extra={"facts": {"error": "it is broken"}})

    first, second = (json.loads(line) for line in lines())

    assert list(first) == ["time", "level", "logger", "event", "commit", "added"]
    assert (first["level"], first["logger"], first["event"]) == ("info", "agnes.sync", "synced")
    assert (first["commit"], first["added"]) == ("c0ffee", 2)
    assert abs((datetime.fromisoformat(first["time"]) - before).total_seconds()) < 10
    assert first["time"].endswith("+00:00")
    assert (second["level"], second["error"]) == ("error", "it is broken")


@pytest.mark.parametrize("style", ["json", "text"])
def test_facts_that_are_not_known_are_left_out_and_zero_is_not(lines, style):
    configure(style)
    LOG.info("synced", extra={"facts": {"previous": None, "errors": 0}})

    [line] = lines()

    assert "previous" not in line
    assert "errors" in line


def test_text_is_time_level_event_and_facts(lines):
    configure("text")
    LOG.warning("synced", extra={"facts": {"commit": "c0ffee", "added": 2}})

    [line] = lines()

    datetime.strptime(line.split()[0], "%H:%M:%S").replace(tzinfo=UTC)
    assert line.split()[1:] == ["warning", "synced", "commit=c0ffee", "added=2"]


@pytest.mark.parametrize("style", ["json", "text"])
def test_without_facts_the_event_is_all(lines, style):
    configure(style)
    LOG.info("watching %s", "main")

    [line] = lines()

    assert "watching main" in line
    assert line == line.rstrip()


@pytest.mark.parametrize("text", ["größe 🎉", 'a "quote"', "two\nlines\r\nand more", "\x1b[31mred"])
def test_json_stays_one_line_whatever_a_fact_says(lines, text):
    configure("json")
    LOG.error("failed", extra={"facts": {"error": text}})

    [line] = lines()

    assert json.loads(line)["error"] == text


def test_json_is_valid_in_a_terminal_of_any_encoding():
    code = (
        "import logging; from agnes.log import configure; configure('json');"
        "logging.getLogger('agnes').error('failed', extra={'facts': {'error': chr(0x1f389)}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )

    assert json.loads(done.stderr)["error"] == "🎉"


def test_json_takes_facts_of_any_type(lines):
    configure("json")
    LOG.info(
        "synced", extra={"facts": {"path": Path("/x"), "at": datetime(2026, 1, 2, tzinfo=UTC)}}
    )

    entry = json.loads(lines()[0])

    assert (entry["path"], entry["at"]) == ("/x", "2026-01-02 00:00:00+00:00")


def test_an_unexpected_error_keeps_its_trace(lines):
    configure("json")
    try:
        int("a bug")
    except ValueError:
        LOG.exception("crashed")

    entry = json.loads(lines()[0])

    assert entry["trace"].startswith("Traceback")
    assert entry["trace"].endswith("'a bug'")


def test_an_unexpected_error_keeps_its_trace_in_text_too(lines):
    configure("text")
    try:
        int("a bug")
    except ValueError:
        LOG.exception("crashed")

    assert lines()[-1].startswith("ValueError: ")


def test_configuring_twice_logs_once(lines):
    configure("text")
    configure("json")
    LOG.info("synced")

    assert len(lines()) == 1


def test_what_is_only_of_interest_to_developers_is_not_logged(lines):
    configure("json")
    LOG.debug("x")

    assert lines() == []
