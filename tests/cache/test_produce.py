"""Rows that are made in several processes."""

from __future__ import annotations

from collections import Counter

import pytest

from agnes.cache import produce as module
from agnes.cache.produce import Producer
from agnes.errors import MissingObjectError
from agnes.git.history import file_histories
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS, survey
from tests.cache.test_build import BROKEN, assert_same, built, findings, metrics
from tests.conftest import GitRepository, metric_yaml

FIRST = "metrics/a/m0.yml"  # what another process is given
LAST = "tables/orders.yml"  # what this process does itself


@pytest.fixture
def many(catalog) -> GitRepository:
    """A catalog of 14 metrics."""
    for number in range(12):
        catalog.write(f"metrics/a/m{number}.yml", metric_yaml(f"m{number}"))
    catalog.commit()
    return catalog


@pytest.fixture
def processes(monkeypatch) -> None:
    """Few files are many, and go to the processes one by one; there is one besides this."""
    monkeypatch.setattr(module, "WORTH_PROCESSES", 2)
    monkeypatch.setattr(module, "_CHUNK", 1)
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)


def made(catalog: GitRepository) -> tuple[Counter[str], list[str]]:
    """All rows, and the paths of the files that do not validate."""
    repository = Repository(locate(catalog.path), PARTS)
    commit = repository.resolve("HEAD")
    entries = repository.entries(repository.catalog_tree(repository.root_tree(commit)))
    slots = survey((entry.path, entry.kind) for entry in entries).slots
    histories = file_histories(repository, commit)
    rows: Counter[str] = Counter()
    broken: list[str] = []
    with Producer(repository.location, len(entries)) as producer:
        for batch, more in producer.produce(slots, entries, histories):
            rows.update(f"{table} {row!r}" for table in batch for row in batch[table])
            broken += [served.entry.path for served in more]
    return rows, sorted(broken)


def break_files(catalog: GitRepository) -> None:
    catalog.write(FIRST, BROKEN)
    catalog.write(LAST, BROKEN)
    catalog.write("metrics/a/never.yml", BROKEN)
    catalog.commit()


def lose(catalog: GitRepository, path: str) -> None:
    oid = catalog.git("rev-parse", f"HEAD:{path}")
    (catalog.path / ".git/objects" / oid[:2] / oid[2:]).unlink()


def test_several_processes_make_the_same_rows_as_one(many, request):
    break_files(many)
    alone = made(many)
    request.getfixturevalue("processes")

    together = made(many)

    assert together == alone
    assert sum(alone[0].values()) > 100
    # Those that do not validate come back, so that an earlier version is looked up.
    assert alone[1] == [FIRST, "metrics/a/never.yml", LAST]


def test_a_snapshot_of_several_processes_equals_that_of_one(many, request):
    break_files(many)
    alone = built(many)
    request.getfixturevalue("processes")

    together = built(many)

    assert_same(alone, together)
    assert metrics(together)["a/m0"]["stale"]
    assert "a/never" not in metrics(together)
    assert len(findings(together)) >= 3


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("path", [FIRST, LAST])
def test_a_missing_object_is_an_expected_error_with_its_remedy(many, path):
    lose(many, path)

    with pytest.raises(MissingObjectError, match=path) as caught:
        built(many)
    assert "git fetch --refetch" in caught.value.hint


@pytest.mark.usefixtures("processes")
def test_a_damaged_object_is_an_expected_error(many):
    oid = many.git("rev-parse", f"HEAD:{FIRST}")
    file = many.path / ".git/objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:10])

    with pytest.raises(MissingObjectError, match=FIRST):
        built(many)


def test_few_files_start_no_process(many, monkeypatch):
    monkeypatch.setattr(module, "WORTH_PROCESSES", 1_500)
    with Producer(locate(many.path), 1_499) as producer:
        assert producer._pool is None


def test_one_core_starts_no_process(many, monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)
    with Producer(locate(many.path), 100_000) as producer:
        assert producer._pool is None
