"""The documentation is true: its commands are run, its output is compared, its references current.

A fenced block `console` holds commands (`$ ...`, going on after `> `) and what they print, stdout
and stderr together.
The blocks of a page run one after another in one folder; `...` stands for any text. Other fences
are not run.
"""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from tests.keboola.stack import TOKEN, running

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").glob("*.md"))]
TICKETS = """
ticket_id account_id requester_user_id priority channel topic status created_at first_response_at
resolved_at satisfaction_score
""".split()
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@dataclass(frozen=True)
class Command:
    text: str
    expected: str


def commands(page: Path) -> Iterator[Command]:
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.split("\n")
            more = list(takewhile(lambda line: line.startswith("> "), rest))
            text = "\n".join([first, *(line[2:] for line in more)])
            yield Command(text, "\n".join(rest[len(more) :]))


@pytest.fixture
def project(tmp_path) -> Iterator[dict[str, str]]:
    """A Keboola project for the pages that tell it something, and an own place for tokens."""
    with running() as stack:
        stack.add("in.c-support.tickets", TICKETS)
        yield {
            "KBC_STACK_URL": stack.url,
            "KBC_STORAGE_TOKEN": TOKEN,
            "DA_CONFIG_DIR": str(tmp_path / "da"),
        }


@pytest.mark.parametrize(
    "page", [page for page in PAGES if list(commands(page))], ids=lambda page: page.name
)
def test_commands_print_what_the_page_says(page, tmp_path, project):
    environment = (
        os.environ
        | project
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_DATE": "1767225600 +0000",
            "GIT_COMMITTER_DATE": "1767225600 +0000",
            "GIT_PAGER": "cat",
            "COLUMNS": "100",
        }
    )
    state = tmp_path / ".state"
    folder = tmp_path / "work"
    folder.mkdir()
    for command in commands(page):
        script = f"{command.text}\npwd > {state}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        folder = Path(state.read_text().strip())
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        printed = done.stdout.replace(str(tmp_path / "work"), "/home/ada")
        assert doctest.OutputChecker().check_output(command.expected, printed, flags), (
            f"{page.name}: $ {command.text}\nexpected:\n{command.expected}\ngot:\n{printed}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_generated_references_are_current():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for name, page in reference.PAGES.items():
        assert (ROOT / "docs" / name).read_text() == page(), "run: make docs"
