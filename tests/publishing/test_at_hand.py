"""Pushing from a catalog's folder; through a server: tests/cli/test_push_metadata.py."""

from __future__ import annotations

import pytest

from agnes.cli.push_metadata import in_short
from agnes.errors import AgnesError, UnavailableError
from agnes.publishing.at_hand import push_here
from tests.keboola.stack import TOKEN
from tests.publishing.conftest import ADDRESS, OURS, Project


@pytest.fixture
def configured(project: Project, monkeypatch) -> Project:
    monkeypatch.setenv("KEBOOLA_STACK_URL", project.stack.url)
    monkeypatch.setenv("KEBOOLA_STORAGE_TOKEN", TOKEN)
    return project


def test_after_an_apply_tables_that_come_from_elsewhere_are_left_out(configured: Project):
    done = push_here(configured.repository.path, ["orders", "company"], skip_others=True)
    assert list(in_short(done)) == ["Pushed metadata for company to source."]
    assert done.commit == configured.head()


def test_what_failed_is_said_in_a_line(configured: Project):
    configured.stack.say(ADDRESS, "name", "KBC.description", "Theirs", OURS)
    done = push_here(configured.repository.path, ["company"])
    assert list(in_short(done)) == ["Failed to push company: name.description: a conflict"]


def test_nothing_is_pushed_where_it_could_not_be_recorded(configured: Project):
    configured.repository.git("checkout", "--quiet", "--detach")
    with pytest.raises(AgnesError, match="detached"):
        push_here(configured.repository.path, ["company"])
    assert configured.stack.asked == []


def test_no_project_says_what_to_set(project: Project, monkeypatch):
    for name in ("KBC_STACK_URL", "KBC_STORAGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnavailableError) as raised:
        push_here(project.repository.path, ["company"])
    assert "KBC_STORAGE_TOKEN" in (raised.value.hint or "")
