"""Making the snapshot in force equal to the branch's tip. Idempotent: it may be called any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agnes.cache.build import Progress, Revision, build
from agnes.cache.query import Snapshot
from agnes.cache.store import Current, Store
from agnes.errors import CacheError, NotACatalogError
from agnes.git.refs import MARKER, Location
from agnes.git.repository import Repository
from agnes.git.writer import worktree_tree
from agnes.load.document import read_document
from agnes.model.catalog import Settings
from agnes.model.layout import Slot, survey

CHEAP_FILES = 1_000
"""Up to so many changed files, a read command syncs before it answers."""


@dataclass(frozen=True)
class Outcome:
    """What a sync found and did.

    Args:
        commit: the commit that is in force now.
        previous: the commit that was in force before, None at first.
        wanted: the branch's tip; differs from `commit` when the change was too large to be cheap.
        branch: the branch that is followed, None when HEAD is detached.
        files: how many files differ between what was in force and the tip.
        added, changed, removed: ids of metrics, and of tables as `tables/<id>`.
        findings: rows of `catalog_diagnostics` of the snapshot in force.
    """

    path: Path
    commit: str
    previous: str | None
    wanted: str
    branch: str | None
    files: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Whether another commit is in force than before."""
        return self.commit != self.previous


def reconcile(
    location: Location, *, cheap_only: bool = False, progress: Progress | None = None
) -> Outcome:
    """Put a snapshot of the followed branch's tip in force, building it if need be.

    Args:
        cheap_only: leave the snapshot in force when more than `CHEAP_FILES` files changed.
        progress: told how many files are done.

    Raises:
        NotACatalogError, GitError, CacheError: the snapshot in force stays in force.
    """
    repository = Repository(location)
    store = Store(location)
    ref = followed_ref(repository)
    tip = repository.tip(ref)
    current = store.current()
    assert tip.commit is not None
    if current and (current.commit, current.ref) == (tip.commit, ref):
        return _describe(repository, current, current, tip.commit, tip.branch)
    if cheap_only and current and _changed_files(repository, current, tip.commit) > CHEAP_FILES:
        return _describe(repository, current, current, tip.commit, tip.branch)
    with store.lock():
        # Another process may have been faster, or the branch may have moved on meanwhile.
        current, tip = store.current(), repository.tip(ref)
        assert tip.commit is not None
        revision = _committed(repository, tip.commit, tip.branch)
        _ensure(repository, store, revision, current, progress)
        now = store.point_to(tip.commit, ref)
        store.collect()
    return _describe(repository, current, now, tip.commit, tip.branch)


def rebuild(location: Location, progress: Progress | None = None) -> Outcome:
    """Build the snapshot of the tip from nothing, and forget all others."""
    repository = Repository(location)
    store = Store(location)
    ref = followed_ref(repository)
    with store.lock():
        tip = repository.tip(ref)
        assert tip.commit is not None
        with store.new_snapshot(tip.commit) as target:
            build(
                repository,
                _committed(repository, tip.commit, tip.branch),
                target,
                progress=progress,
            )
            store.clear()
        now = store.point_to(tip.commit, ref)
        store.collect()
    return _describe(repository, None, now, tip.commit, tip.branch)


def materialize(location: Location, revision: str, progress: Progress | None = None) -> Path:
    """The snapshot of any revision; what is in force stays in force.

    Args:
        revision: anything git can resolve to a commit.
    """
    repository = Repository(location)
    commit = repository.resolve(revision)
    return _materialize(repository, _committed(repository, commit, None), commit, progress)


def materialize_apart(location: Location, revision: str | None, folder: Path) -> Path:
    """The snapshot of a revision in a folder of one's own, for where the cache cannot be written.

    Args:
        revision: anything git can resolve to a commit; None for the followed branch's tip.
    """
    repository = Repository(location)
    commit = (
        repository.resolve(revision)
        if revision is not None
        else repository.tip(followed_ref(repository)).commit
    )
    assert commit is not None
    target = folder / f"{commit}.duckdb"
    build(repository, _committed(repository, commit, None), target)
    return target


def preview(location: Location, progress: Progress | None = None) -> Path:
    """The snapshot of the working tree, uncommitted changes included; nothing else reads it."""
    repository = Repository(location)
    tip = repository.tip()
    assert tip.commit is not None
    tree = worktree_tree(location)
    revision = Revision(tip.commit, repository.catalog_tree(tree), tip.branch, committed=False)
    return _materialize(repository, revision, tree, progress)


def followed_ref(repository: Repository) -> str:
    """The ref that is served: the branch that agnes.yml at HEAD names, else HEAD itself."""
    head = repository.tip()
    assert head.commit is not None
    tree = repository.catalog_tree(repository.root_tree(head.commit))
    entry = repository.entry(tree, MARKER)
    if entry is None or entry.kind != "file":
        raise NotACatalogError(
            f"{repository.location.path} has no {MARKER} in commit {head.commit[:10]}",
            f"name a catalog with --catalog, or make one: touch {MARKER}, git add and commit it",
        )
    settings = read_document(Slot(MARKER, "settings"), repository.read(entry)).value
    branch = settings.branch if isinstance(settings, Settings) else None
    return f"refs/heads/{branch}" if branch else "HEAD"


def _committed(repository: Repository, commit: str, branch: str | None) -> Revision:
    return Revision(commit, repository.catalog_tree(repository.root_tree(commit)), branch)


def _materialize(
    repository: Repository, revision: Revision, name: str, progress: Progress | None
) -> Path:
    store = Store(repository.location)
    path = store.path(name)
    if not _is_readable(path):
        with store.lock():
            if not _is_readable(path):
                with store.new_snapshot(name) as target:
                    base = store.current()
                    build(
                        repository,
                        revision,
                        target,
                        base=base.path if base else None,
                        progress=progress,
                    )
            path.touch()
            store.collect()
    return path


def _ensure(
    repository: Repository,
    store: Store,
    revision: Revision,
    current: Current | None,
    progress: Progress | None,
) -> None:
    if _is_readable(store.path(revision.commit)):
        return
    with store.new_snapshot(revision.commit) as target:
        base = current.path if current else None
        build(repository, revision, target, base=base, progress=progress)


def _is_readable(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with Snapshot(path) as snapshot:
            snapshot.info()
    except CacheError:
        return False
    return True


def _changed_files(repository: Repository, current: Current, commit: str) -> int:
    try:
        with Snapshot(current.path) as snapshot:
            before = snapshot.info()["tree"]
    except CacheError:
        return 0
    after = repository.catalog_tree(repository.root_tree(commit))
    return len(repository.changes(before, after))


def _describe(
    repository: Repository,
    before: Current | None,
    now: Current,
    wanted: str,
    branch: str | None,
) -> Outcome:
    with Snapshot(now.path) as snapshot:
        tree, findings, counts = snapshot.info()["tree"], snapshot.diagnostics(), snapshot.counts()
    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    old_tree = None
    if before is not None and before.path.is_file():
        with Snapshot(before.path) as snapshot:
            old_tree = snapshot.info()["tree"]
    changes = repository.changes(old_tree, tree)
    for change in changes:
        slot = survey([(change.path, "file")]).slots.get(change.path)
        if slot is None or not slot.id:
            continue
        name = slot.id if slot.kind == "metric" else f"tables/{slot.id}"
        (removed if change.new is None else added if change.old is None else changed).append(name)
    return Outcome(
        path=now.path,
        commit=now.commit,
        previous=before.commit if before else None,
        wanted=wanted,
        branch=branch,
        files=len(changes),
        added=added,
        changed=changed,
        removed=removed,
        findings=findings,
        counts=counts,
    )
