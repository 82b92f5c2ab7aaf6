"""A catalog, a remote of it, and servers' clones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agnes.changes import Changed, Changes
from agnes.changes.wishes import Put
from agnes.config import Person
from agnes.git.refs import locate
from agnes.load.pack import Pack, metric_from_fields
from agnes.model.metric import Metric
from agnes.sync.follow import follow_branch
from tests.conftest import GitRepository

GRACE = Person("Grace Hopper", "grace@example.com")
AGNES = Person("Agnes", "agnes@example.com")
MRR, ARR = "metrics/revenue/mrr.yml", "metrics/revenue/arr.yml"
INDEX = "version: '2.0'\ncategories:\n  - {name: Revenue, folder: revenue, metrics: [mrr, arr]}\n"


def metric(name: str = "mrr", category: str = "revenue", **fields: object) -> Metric:
    return metric_from_fields({"name": name, "category": category, "sql": "SELECT 1"} | fields)


def put(*metrics: Metric, **more: object) -> Put:
    return Put(pack=Pack({found.id: found for found in metrics}), **more)


def changes(at: GitRepository | Path, *, push: bool = True) -> Changes:
    return Changes(locate(at if isinstance(at, Path) else at.path), AGNES, push=push)


def make(at: GitRepository, *metrics: Metric, **more: object) -> Changed:
    return changes(at).make(put(*metrics), GRACE, **more)


@pytest.fixture
def remote(catalog, tmp_path) -> GitRepository:
    """A bare repository that takes pushes."""
    made = GitRepository(tmp_path / "remote.git")
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(made.path))
    return made


@pytest.fixture
def clone(remote, tmp_path) -> Callable[..., GitRepository]:
    """A server's clone, which serves what the remote's branch has, or its own branch."""

    def clone(name: str, follow: str = "origin/main") -> GitRepository:
        made = GitRepository(tmp_path / name)
        remote.git("clone", "--quiet", str(remote.path), str(made.path))
        follow_branch(locate(made.path), follow)
        return made

    return clone


def log(at: GitRepository, revision: str = "main") -> list[str]:
    return at.git("log", "--format=%s", revision).splitlines()
