from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from agnes.edit import Editor
from agnes.git.refs import locate
from agnes.keboola import Storage
from agnes.publishing.columns import described
from agnes.publishing.outcome import Outcome, Pushed
from agnes.publishing.push import push_tables
from agnes.publishing.receipt import Record
from agnes.sync.reading import open_snapshot
from tests.conftest import GitRepository
from tests.keboola.conftest import FAST
from tests.keboola.stack import TOKEN, Stack, running

ADDRESS = "in.c-crm.company"
OURS = "ai-metadata-enrichment"
COMPANY = """\
id: company
source_type: keboola
bucket: in.c-crm
columns:
  id: {basetype: INTEGER, description: The number}
  name: {description: As it is registered}
  paid: {}
"""


@dataclass
class Project:
    """A catalog with a table of Keboola's, and the stack that it is pushed to."""

    repository: GitRepository
    stack: Stack

    def push(self, *table_ids: str, **more: Any) -> Pushed:
        location = locate(self.repository.path)
        with open_snapshot(self.repository.path) as snapshot:
            tables = described(snapshot, table_ids or ["company"])
            commit = snapshot.info()["commit_id"]

        def keep(record: Record) -> tuple[str | None, str | None]:
            editor = Editor(location)
            plan = record.plan(editor)
            return editor.apply(plan, record.subject(plan), "manual"), None

        with Storage(self.stack.url, TOKEN, FAST) as storage:
            return push_tables(storage, location, commit, tables, keep, **more)

    def one(self, **more: Any) -> Outcome:
        """Push the one table."""
        return self.push(**more).tables[0]

    def describe(self, old: str, new: str) -> None:
        """Change the table's file, and commit that."""
        file = self.repository.path / "tables/company.yml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        self.repository.commit()

    def posts(self) -> int:
        return sum(asked.method == "POST" for asked in self.stack.asked)

    def head(self) -> str:
        return self.repository.git("rev-parse", "HEAD")

    def receipt(self) -> str:
        return self.repository.git("show", "HEAD:pushed/company.yml")


@pytest.fixture
def project(catalog: GitRepository) -> Iterator[Project]:
    catalog.write("tables/company.yml", COMPANY)
    catalog.commit("Add company")
    with running() as stack:
        stack.add(ADDRESS, ["id", "name", "paid"])
        yield Project(catalog, stack)
