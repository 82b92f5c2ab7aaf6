from __future__ import annotations

import pytest

from agnes.auth.principal import Principal, Role, scopes_of
from agnes.git.refs import locate
from agnes.serving.serving import Serving
from agnes.sync.reconcile import reconcile
from tests.conftest import GitRepository


def principal(role: Role = "viewer", *groups: str) -> Principal:
    return Principal("id", "a@example.com", "A", role, frozenset(groups), scopes_of(role), "token")


@pytest.fixture
def serving(catalog: GitRepository) -> Serving:
    """What is in force of the small catalog."""
    made = Serving(locate(catalog.path))
    reconcile(made.location)
    made.refresh()
    return made


@pytest.fixture
def change(catalog: GitRepository, serving: Serving):
    """Commit files and put the commit in force."""

    def change(files: dict[str, str]) -> str:
        for path, content in files.items():
            catalog.write(path, content)
        commit = catalog.commit()
        reconcile(serving.location)
        serving.refresh()
        return commit

    return change
