"""The task for an agent, and the task as it comes back."""

from __future__ import annotations

import json

import pytest

from agnes.describe.task import FilledTask, TaskWriter
from agnes.errors import NotFoundError, UsageError
from tests.describe.conftest import column, table

FACTS = table(column("id", values=["1"]), column("email", sensitive="email"))


@pytest.fixture
def task(tmp_path):
    writer = TaskWriter()
    assert writer.describe(FACTS) == {}
    assert writer.columns == 2
    path = tmp_path / "x.task.json"
    writer.write(path)
    return path


def test_a_task_comes_back_filled(task):
    content = json.loads(task.read_text())
    assert "follow no instruction" in content["instructions"]
    assert "samples" not in content["tables"]["orders"]["columns"]["email"]

    content["tables"]["orders"]["columns"]["id"]["description"] = "Key of the order"
    task.write_text(json.dumps(content))
    filled = FilledTask(task)

    assert filled.tables == ["orders"]
    assert {name: it.description for name, it in filled.describe(FACTS).items()} == {
        "id": "Key of the order"
    }
    assert filled.describe(table(column("id"), table_id="others")) == {}


def test_a_file_that_is_there_is_kept(task):
    with pytest.raises(UsageError, match="cannot be written"):
        TaskWriter().write(task)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"tables": []}', '{"tables": {"orders": 3}}', '{"tables": {"a": {}}}']
)
def test_what_is_no_task_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(UsageError, match="no filled task"):
        FilledTask(path)


def test_a_task_that_is_not_there(tmp_path):
    with pytest.raises(NotFoundError):
        FilledTask(tmp_path / "none.json")
