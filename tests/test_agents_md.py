"""What this repository tells the agents of its contributors is true."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.commands import all_problems

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "AGENTS.md").read_text(encoding="utf-8")


def test_claude_code_reads_the_same():
    assert (ROOT / "CLAUDE.md").read_text() == "@AGENTS.md\n"


def test_what_it_calls_by_name_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", TEXT)) <= targets
    paths = set(re.findall(r"\b(?:tests|agnes|docs)/[\w./-]*\w", TEXT))
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert all_problems(TEXT) == []


def test_it_is_short():
    assert len(TEXT.splitlines()) < 60
