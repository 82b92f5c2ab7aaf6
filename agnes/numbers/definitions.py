"""The definitions that a metric had."""

from __future__ import annotations

from dataclasses import dataclass

from agnes.diff.compare import File
from agnes.diff.ids import never_there
from agnes.diff.pairs import Key, key_of
from agnes.diff.trail import Files, passages
from agnes.diff.versions import key_called, name_of, read_version
from agnes.errors import NotFoundError, RevisionError
from agnes.git.checkout import worktree_tree
from agnes.git.repository import Repository
from agnes.model.metric import Metric

WORKTREE = "worktree"


@dataclass(frozen=True)
class Definition:
    """A metric at a revision; its file is read when it is asked for.

    Args:
        commit: the commit's id, `worktree` for what is not committed.
        id: what it is called there.
        file: None where the metric is not there.
    """

    commit: str
    id: str
    file: File | None

    def metric(self, repository: Repository) -> Metric:
        """What it says.

        Raises:
            NotFoundError: it is not there, or does not validate.
        """
        if self.file is None:
            raise NotFoundError(f"{self.id} is not there")
        version = read_version(repository, *self.file)
        found = version.document.value
        if not isinstance(found, Metric):
            at = next(iter(version.document.diagnostics), None)
            why = f": {at.message}" if at else ""
            raise NotFoundError(f"{self.id} does not validate{why}")
        return found


def definition_at(
    repository: Repository, revision: str, metric_id: str, known_at: str
) -> Definition:
    """A metric at a revision, under the id that it has there.

    Args:
        revision: anything git can resolve to a commit, or `worktree`.
        known_at: the id of a commit whose history knows the metric's other ids.

    Raises:
        RevisionError: there is no such revision.
        NotFoundError: the metric is not there, under none of its ids.
    """
    files = Files(repository)
    if revision == WORKTREE:
        commit = WORKTREE
        tree = repository.catalog_tree(worktree_tree(repository.location))
    else:
        commit = repository.resolve(revision)
        tree = files.tree(commit)
    key = key_called(metric_id)
    if (file := files.find(tree, key)) is not None:
        return Definition(commit, metric_id, file)
    keys = _keys(repository, known_at, key)
    for other in keys:
        if (file := files.find(tree, other)) is not None:
            return Definition(commit, name_of(other), file)
    if not keys:
        raise never_there(repository, known_at, metric_id)
    hint = f"look at what happened: da metrics history {metric_id}"
    raise NotFoundError(f"{metric_id} is not there in {revision}", hint)


def definitions(
    repository: Repository, newest: str, metric_id: str, oldest: str | None = None
) -> list[Definition]:
    """The definitions that a metric had, under all its ids, the oldest first.

    Args:
        newest: the id of the commit to walk back from, on the first-parent history.
        oldest: that of one before it; its definition is the first then.

    Raises:
        NotFoundError: there never was such a metric.
        RevisionError: `oldest` is not on the way.
    """
    after = None if oldest is None else _after(repository, oldest, newest)
    found: list[Definition] = []
    before: File | None = None
    known_as = metric_id
    for it in passages(repository, newest, key_called(metric_id)):
        if after is not None and it.commit not in after:
            break
        found.append(Definition(it.commit, name_of(it.key), it.new))
        before = it.old
        known_as = name_of(key_of(before[0])) if before else metric_id
    if oldest is not None:
        if found:
            found.append(Definition(oldest, known_as, before))
        else:
            found.append(definition_at(repository, oldest, metric_id, newest))
    if not found:
        raise never_there(repository, newest, metric_id)
    return found[::-1]


def _after(repository: Repository, oldest: str, newest: str) -> set[str]:
    """The commits after one on the first-parent history of another."""
    after: set[str] = set()
    for at, _ in repository.first_parents(newest):
        if at == oldest:
            return after
        after.add(at)
    raise RevisionError(
        f"{oldest[:10]} is not on the first-parent history of {newest[:10]}",
        "name a commit of the branch itself: where they part is said by git merge-base",
    )


def _keys(repository: Repository, commit: str, key: Key) -> list[Key]:
    """The ids that a metric had, the newest first."""
    found: dict[Key, None] = {}
    for it in passages(repository, commit, key):
        found[it.key] = None
        if it.old is not None:
            found[key_of(it.old[0])] = None
    return list(found)
