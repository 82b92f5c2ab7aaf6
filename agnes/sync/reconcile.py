"""Making the snapshot in force equal to the branch's tip. Idempotent: it may be called any time."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import islice
from pathlib import Path

from agnes.cache.build import Built, build, check
from agnes.cache.digest import Versions
from agnes.cache.query import Snapshot
from agnes.cache.store import Current, Store
from agnes.cache.write import Progress, Revision
from agnes.errors import AgnesError, CacheError, MissingObjectError, NotACatalogError
from agnes.git.branches import followed
from agnes.git.checkout import worktree_tree
from agnes.git.finishing import finish_killed
from agnes.git.refs import MARKER, Location
from agnes.git.repository import BornTip, Repository
from agnes.load.catalog import serve
from agnes.model.catalog import Settings
from agnes.model.layout import PARTS, Slot
from agnes.sync import journal
from agnes.sync.outcome import Outcome, outcome_if_current

CHEAP_FILES = 1_000
"""Up to so many changed files, a read command syncs before it answers."""
NEAR_COMMITS = 1_000
"""How far back a snapshot is looked for that can be carried on."""


def reconcile(
    location: Location, *, cheap_only: bool = False, progress: Progress | None = None
) -> Outcome:
    """Put a snapshot of the followed branch's tip in force, building it if need be.

    Args:
        cheap_only: leave the snapshot in force when more than `CHEAP_FILES` files changed, and the
            checkout as it is: it is for a read. Otherwise a commit that was killed is finished.
        progress: told how many files are done.

    Raises:
        NotACatalogError, GitError, CacheError: the snapshot in force stays in force.
    """
    if not cheap_only:
        finish_killed(location)
    if (unchanged := outcome_if_current(location)) is not None:
        return unchanged
    store = Store(location)
    try:
        outcome = _reconcile(location, store, cheap_only=cheap_only, progress=progress)
    except AgnesError as error:
        journal.note(store, "sync", error)
        raise
    if outcome.commit == outcome.wanted:
        journal.note_counts(store, outcome.path, outcome.counts)
    return outcome


def _reconcile(
    location: Location, store: Store, *, cheap_only: bool, progress: Progress | None
) -> Outcome:
    repository = Repository(location, PARTS)
    head = repository.tip()
    ref = followed_ref(repository, head)
    tip = repository.tip(ref)
    current = store.current()
    wanted = Current(store.path(tip.commit), ref, head.commit)
    if current == wanted and _is_whole(current.path, current.commit):
        return _describe(current, current, tip)
    if cheap_only and current and _changed_files(repository, current, tip.commit) > CHEAP_FILES:
        return _describe(current, current, tip)
    with store.lock():
        # Another process may have been faster, or the branch may have moved on meanwhile.
        current, tip = store.current(), repository.tip(ref)
        revision = _committed(repository, tip.commit)
        built = _ensure(repository, store, revision, tip.commit, progress)
        now = store.point_to(tip.commit, ref, head.commit)
    return _describe(current, now, tip, built)


def rebuild(location: Location, progress: Progress | None = None) -> Outcome:
    """Build the snapshot of the tip from nothing, and forget all others."""
    repository = Repository(location, PARTS)
    store = Store(location)
    head = repository.tip()
    ref = followed_ref(repository, head)
    with store.lock():
        tip = repository.tip(ref)
        with store.new_snapshot(tip.commit) as target:
            built = build(repository, _committed(repository, tip.commit), target, progress=progress)
        now = store.point_to(tip.commit, ref, head.commit)
        store.collect_all()
    outcome = _describe(None, now, tip, built)
    journal.note_counts(store, outcome.path, outcome.counts)
    return outcome


def materialize(location: Location, revision: str, progress: Progress | None = None) -> Path:
    """The snapshot of any revision; what is in force stays in force.

    Args:
        revision: anything git can resolve to a commit.
    """
    repository = Repository(location, PARTS)
    commit = repository.resolve(revision)
    return _materialize(repository, _committed(repository, commit), commit, progress)


def materialize_apart(location: Location, revision: str | None, folder: Path) -> Path:
    """The snapshot of a revision in a folder of one's own, for where the cache cannot be written.

    Args:
        revision: anything git can resolve to a commit; None for the followed branch's tip.
    """
    repository = Repository(location, PARTS)
    commit = (
        repository.resolve(revision)
        if revision is not None
        else repository.tip(followed_ref(repository, repository.tip())).commit
    )
    target = folder / f"{commit}.duckdb"
    build(repository, _committed(repository, commit), target)
    return target


def preview(location: Location, progress: Progress | None = None) -> Path:
    """The snapshot of the working tree, uncommitted changes included; nothing else reads it."""
    repository = Repository(location, PARTS)
    tip = repository.tip()
    tree = worktree_tree(location)
    revision = Revision(tip.commit, repository.catalog_tree(tree), committed=False)
    # The dates of a preview come from the commit that it is based on.
    return _materialize(repository, revision, f"{tree}-{tip.commit[:12]}", progress)


def followed_ref(repository: Repository, head: BornTip) -> str:
    """The ref that is served: what `git config agnes.follow` says, else the branch that agnes.yml
    at HEAD names, else HEAD itself.
    """
    if (chosen := followed(repository.location)) is not None:
        return chosen
    tree = repository.catalog_tree(repository.root_tree(head.commit))
    entry = repository.entry(tree, MARKER)
    if entry is None or entry.kind != "file":
        raise NotACatalogError(
            f"{repository.location.path} has no {MARKER} in commit {head.commit[:10]}",
            f"name a catalog with --catalog, or make one: touch {MARKER}, git add and commit it",
        )
    slots = {MARKER: Slot(MARKER, "settings")}
    settings = serve(repository, head.commit, slots, [entry])[0].value
    branch = settings.branch if isinstance(settings, Settings) else None
    return f"refs/heads/{branch}" if branch else "HEAD"


def _committed(repository: Repository, commit: str) -> Revision:
    return Revision(commit, repository.catalog_tree(repository.root_tree(commit)))


def _materialize(
    repository: Repository, revision: Revision, name: str, progress: Progress | None
) -> Path:
    store = Store(repository.location)
    path = store.path(name)
    if not _is_whole(path, revision.commit):
        with store.lock():
            _ensure(repository, store, revision, name, progress)
    with contextlib.suppress(OSError):
        path.touch()  # used now, so that it is not the next to be collected
    return path


def _ensure(
    repository: Repository,
    store: Store,
    revision: Revision,
    name: str,
    progress: Progress | None,
) -> Built:
    """Build the snapshot of a revision, unless it is there and whole."""
    there = store.path(name).exists()
    if there and _is_whole(store.path(name), revision.commit):
        return Built()
    current = store.current()
    in_force = current.path if current else None
    base = _nearest(repository, store, revision) or in_force
    with store.collecting(base), store.new_snapshot(name) as target:
        built = build(repository, revision, target, base=base, progress=progress)
    if built.changed is None and there:
        return replace(built, reason="its snapshot was damaged")
    if base is None and (older := store.older_format()):
        return replace(built, reason=f"the cache has a new format, after {older}")
    # What differs from another snapshot is not what differs from the one in force.
    return built if base == in_force else replace(built, changed=None)


def _nearest(repository: Repository, store: Store, revision: Revision) -> Path | None:
    """The snapshot of the nearest commit on the first-parent history."""
    known = {path.stem: path for path in store.snapshots()}
    if revision.committed:
        known.pop(revision.commit, None)
    with contextlib.suppress(MissingObjectError):
        for commit, _ in islice(repository.first_parents(revision.commit), NEAR_COMMITS):
            if commit in known:
                return known[commit]
    return None


def _is_whole(path: Path, commit: str) -> bool:
    if not path.is_file():
        return False
    try:
        check(path, commit)
    except CacheError:
        return False
    return True


def _changed_files(repository: Repository, current: Current, commit: str) -> int:
    try:
        with Snapshot(current.path) as snapshot:
            before = snapshot.info()["tree"]
        after = repository.catalog_tree(repository.root_tree(commit))
        return len(repository.changes(before, after))
    except (CacheError, MissingObjectError):
        return 0  # what is in force is damaged, or of a history that is gone: do not keep it


def _describe(
    before: Current | None, now: Current, tip: BornTip, built: Built | None = None
) -> Outcome:
    built = built or Built()
    read = built.read or check(now.path, now.commit, versions=True)
    old, new = built.changed or (_versions(before), read.versions)
    return Outcome(
        path=now.path,
        commit=now.commit,
        previous=before.commit if before else None,
        wanted=tip.commit,
        branch=tip.branch,
        reason=built.reason,
        added=sorted(new.keys() - old.keys()),
        changed=sorted(name for name in new.keys() & old.keys() if new[name] != old[name]),
        removed=sorted(old.keys() - new.keys()),
        findings=read.findings,
        counts=read.counts,
    )


def _versions(current: Current | None) -> Versions:
    if current is not None:
        with contextlib.suppress(CacheError), Snapshot(current.path) as snapshot:
            return snapshot.versions()
    return {}
