"""Objects of the repository that go missing or are cut off, each in turn.

The rounds are run in a process of their own: libgit2 never returns from some damaged objects.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.errors import AgnesError, GitError, MissingObjectError, RevisionError
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.sync.reading import Reading, open_snapshot
from agnes.sync.reconcile import reconcile
from agnes.sync.status import status
from tests.conftest import GitRepository, metric_yaml
from tests.sync.test_watch import retitle

SECONDS = 30.0
"""How long a round may take; it takes a fraction of a second."""
SLOW = pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(900)])

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.sync.test_missing_objects"])


def delete(file: Path) -> None:
    file.unlink()


def cut_off(file: Path) -> None:
    data = file.read_bytes()
    kept = Random(file.name).choice([0, 1, 2, len(data) // 2, len(data) - 4, len(data) - 1])
    file.unlink()
    file.write_bytes(data[:kept])


@contextlib.contextmanager
def lost(file: Path, damage: Callable[[Path], None]) -> Iterator[None]:
    content = file.read_bytes()
    damage(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        file.write_bytes(content)


def digest_of(path: Path) -> str:
    with Snapshot(path) as snapshot:
        return snapshot.digest()


def while_nothing_is_to_be_done(path: Path, expected: str) -> None:
    """The snapshot of the tip is in force."""
    with open_snapshot(path) as snapshot:
        assert snapshot.digest() == expected
    assert status(locate(path))["state"] == "degraded"  # a file does not validate, to begin with


def while_a_commit_is_to_be_followed(path: Path, older: str, newer: str) -> None:
    """The snapshot of the commit before is in force."""
    said: list[str] = []
    with open_snapshot(path, Reading(say=said.append)) as snapshot:
        digest = snapshot.digest()
    assert digest in (older, newer)
    found = status(locate(path))
    if digest == newer:
        assert not said
        assert found["state"] == "degraded", found
    else:
        assert said[0].startswith("answering from"), said
        assert found["state"] in ("behind", "degraded"), found
        assert "missing or damaged" in found["sync"]["error"], found
        assert "git fsck" in found["sync"]["hint"], found


def while_nothing_is_in_force(path: Path, newer: str) -> None:
    """There is no cache."""
    try:
        with open_snapshot(path) as snapshot:
            assert snapshot.digest() == newer
    except GitError as error:
        assert "missing or damaged" in error.message, error  # noqa: PT017
        assert status(locate(path))["state"] == "missing"


def try_object(path: Path, file: Path, damage: str, thoroughly: bool) -> None:
    """A round: lose one object, then go on as if nothing had been.

    Args:
        thoroughly: where there is no cache too, and make the snapshot of the tip anew afterwards.
    """
    store, tip = Store(locate(path)), Repository(locate(path)).resolve("HEAD")
    before = Repository(locate(path)).resolve("HEAD~1")
    older, newer = digest_of(store.path(before)), digest_of(store.path(tip))
    aside = path / ".git/aside"
    with lost(file, globals()[damage]):
        while_nothing_is_to_be_done(path, newer)
        store.path(tip).rename(aside)
        store.point_to(before, "HEAD")
        while_a_commit_is_to_be_followed(path, older, newer)
        if thoroughly:
            store.folder.rename(path / ".git/agnes/cache")
            while_nothing_is_in_force(path, newer)
            shutil.rmtree(store.folder, ignore_errors=True)
            (path / ".git/agnes/cache").rename(store.folder)
    if thoroughly:
        store.path(tip).unlink(missing_ok=True)
        store.point_to(before, "HEAD")
        assert digest_of(reconcile(locate(path)).path) == newer  # nothing is lost
    else:
        store.point_to(tip, "HEAD")
    aside.replace(store.path(tip))


@pytest.fixture
def history(catalog) -> Callable[[int], GitRepository]:
    """Make a repository of so many commits, the tip and the commit before in the cache."""

    def make(commits: int) -> GitRepository:
        catalog.write("metrics/revenue/arr.yml", "name: [")  # an earlier version is served
        for at in range(commits - 1):
            if at == commits - 2:
                reconcile(locate(catalog.path))
            catalog.write(
                f"metrics/c{at % 7}/m{at % 20}.yml", metric_yaml(f"m{at % 20}", f"V {at}")
            )
            catalog.commit(at=1_700_000_100 + at)
        reconcile(locate(catalog.path))
        catalog.git("config", "gc.auto", "0")
        return catalog

    return make


def objects(catalog: GitRepository) -> list[Path]:
    listed = catalog.git("rev-list", "--objects", "--no-object-names", "HEAD").split()
    return [catalog.path / ".git/objects" / oid[:2] / oid[2:] for oid in listed]


@pytest.mark.parametrize("commits", [2, SLOW])
@pytest.mark.parametrize("damage", ["delete", "cut_off"])
def test_every_object_may_be_lost_without_harm(history, commits, damage):
    catalog = history(commits)
    few = commits < 10
    # Those that are cut off are fewer, since it is the same code that finds out.
    found = objects(catalog)[:: 3 if damage == "cut_off" and not few else 1]
    with processes.Pool(1) as pool:
        for number, file in enumerate(found):
            thoroughly = few or number % 10 == 0
            pool.apply_async(try_object, (catalog.path, file, damage, thoroughly)).get(SECONDS)


def test_a_pack_that_is_cut_off_does_no_harm(catalog):
    before = reconcile(locate(catalog.path))
    retitle(catalog, "New")
    catalog.git("repack", "-a", "-d", "--quiet")
    [pack] = (catalog.path / ".git/objects/pack").glob("*.pack")
    whole = pack.read_bytes()
    pack.unlink()
    for kept in (0, 10, len(whole) // 2, len(whole) - 30):
        pack.write_bytes(whole[:kept])
        with processes.Pool(1) as pool:
            pool.apply_async(read_older, (catalog.path, before.commit)).get(SECONDS)
    pack.write_bytes(whole)

    assert reconcile(locate(catalog.path)).changed == ["revenue/mrr"]


def read_older(path: Path, commit: str) -> None:
    said: list[str] = []
    with open_snapshot(path, Reading(say=said.append)) as snapshot:
        assert snapshot.info()["commit_id"] == commit
        assert len(snapshot.metrics()) == 2
    assert said[0].startswith("answering from")
    assert status(locate(path))["state"] in ("behind", "degraded")


def cut_in_half(file: Path) -> None:
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("damage", [delete, cut_in_half])
@pytest.mark.parametrize("revision", ["main", "HEAD~1", "v1"])
def test_a_revision_whose_commit_is_lost_is_an_expected_error(catalog, damage, revision):
    retitle(catalog, "One")
    catalog.git("tag", "--annotate", "--message", "One", "v1")
    retitle(catalog, "Two")
    lost_one = catalog.git("rev-parse", f"{revision}^{{commit}}")
    file = catalog.path / ".git/objects" / lost_one[:2] / lost_one[2:]
    with lost(file, damage), processes.Pool(1) as pool:
        pool.apply_async(read_revision, (catalog.path, revision)).get(5)


def read_revision(path: Path, revision: str) -> None:
    with pytest.raises((RevisionError, AgnesError)):
        open_snapshot(path, Reading(revision=revision))


@pytest.mark.parametrize(
    "revision",
    [
        "HEAD^2",
        "HEAD^2~0",
        "main@{1}",
        "v1^{commit}",
        ":/One",
        "HEAD^{/One}",
        "short id",
        "full id",
    ],
)
def test_a_commit_that_is_cut_off_is_named_however_it_is_asked_for(catalog, revision):
    retitle(catalog, "One")
    catalog.git("commit", "--quiet", "--amend", "--message", "One")
    catalog.git("tag", "--annotate", "--message", "One", "v1")
    catalog.git("switch", "--quiet", "--create", "side", "HEAD~1")
    catalog.commit("Side")
    catalog.git("switch", "--quiet", "main")
    catalog.git("merge", "--quiet", "--no-edit", "side")
    one = catalog.git("rev-parse", "HEAD^1")
    revision = {"short id": one[:8], "full id": one}.get(revision, revision)
    oid = catalog.git("rev-parse", f"{catalog.git('rev-parse', revision)}^{{commit}}")
    file = catalog.path / ".git/objects" / oid[:2] / oid[2:]

    with lost(file, cut_in_half), processes.Pool(1) as pool:
        pool.apply_async(find_it_damaged, (catalog.path, revision, oid)).get(5)


def test_a_commit_that_is_cut_off_is_named_by_a_tag_that_is_packed(catalog):
    catalog.git("tag", "--annotate", "--message", "One", "v1")
    oid = catalog.git("rev-parse", "HEAD")
    tag = catalog.git("rev-parse", "v1")
    pack = f"echo {tag} | git pack-objects --quiet .git/objects/pack/pack && git prune-packed"
    catalog.git("-c", f"alias.pack-it=!{pack}", "pack-it")
    assert not (catalog.path / ".git/objects" / tag[:2] / tag[2:]).exists()
    file = catalog.path / ".git/objects" / oid[:2] / oid[2:]

    with lost(file, cut_in_half), processes.Pool(1) as pool:
        pool.apply_async(find_it_damaged, (catalog.path, "v1", oid)).get(5)


def test_a_commit_that_is_cut_off_is_named_in_a_shallow_clone(catalog, tmp_path):
    retitle(catalog, "One")
    retitle(catalog, "Two")
    shallow = GitRepository(tmp_path / "shallow")
    catalog.git("clone", "--quiet", "--depth", "2", f"file://{catalog.path}", str(shallow.path))
    [pack] = (shallow.path / ".git/objects/pack").glob("*.pack")
    pack.rename(shallow.path / "pack")
    shallow.git("-c", "alias.unpack=!git unpack-objects -q < pack", "unpack")
    oid = shallow.git("rev-parse", "HEAD~1")
    file = shallow.path / ".git/objects" / oid[:2] / oid[2:]

    with lost(file, cut_in_half), processes.Pool(1) as pool:
        pool.apply_async(find_it_damaged, (shallow.path, "HEAD~1", oid)).get(5)


def find_it_damaged(path: Path, revision: str, oid: str) -> None:
    with pytest.raises(MissingObjectError, match=oid[:10]) as caught:
        Repository(locate(path)).resolve(revision)
    assert "git fsck" in caught.value.hint
