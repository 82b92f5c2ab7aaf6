"""Which two revisions are compared, as the two trees of the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agnes.errors import NoCommitError, RevisionError
from agnes.git.checkout import worktree_tree
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.git.revision import merge_base
from agnes.model.layout import PARTS

WORKTREE = "worktree"
_DEFAULTS = (
    *("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"),
    *("refs/remotes/origin/main", "refs/remotes/origin/master"),
)
_SPAN = re.compile(r"(?P<left>[^:{}]*?)(?P<dots>\.{2,3})(?P<right>[^.:{}][^:{}]*|)")


@dataclass(frozen=True)
class Sides:
    """Two revisions of a catalog.

    Args:
        base, head: the commits' ids; `worktree` for what is not committed.
        base_tree, head_tree: the catalog's folder, None when it is not there.
    """

    repository: Repository
    base: str
    head: str
    base_tree: str | None
    head_tree: str | None


def choose_sides(location: Location, base: str | None = None, head: str | None = None) -> Sides:
    """Find what is to be compared.

    Args:
        base: a revision. Without a `head` its merge base with HEAD is meant, since that is where
            the work to be reviewed began. `A...B` is the merge base of A and B against B, `A..B`
            A itself. By default it is the merge base of the default branch and HEAD.
        head: a revision; by default the working tree, and HEAD in a bare repository.

    Raises:
        RevisionError: there is no such revision, or the two have no commit in common.
        NoCommitError: the repository is empty.
    """
    repository = Repository(location, PARTS)
    span = _SPAN.fullmatch(base) if base is not None and head is None else None
    if span is not None:
        start, head = (repository.resolve(span[name] or "HEAD") for name in ("left", "right"))
        start = _fork(repository, start, head) if span["dots"] == "..." else start
    elif head is not None:
        start = repository.resolve(base) if base is not None else _default(repository)
        head = repository.resolve(head)
        start = start if base is not None else _fork(repository, start, head)
    else:
        tip = repository.tip().commit
        wanted = repository.resolve(base) if base is not None else _default(repository)
        start = _fork(repository, wanted, tip)
    before = repository.catalog_tree(repository.root_tree(start))
    if head is None and location.worktree is not None:
        after = repository.catalog_tree(worktree_tree(location))
        return Sides(repository, start, WORKTREE, before, after)
    head = head or repository.tip().commit
    after = repository.catalog_tree(repository.root_tree(head))
    return Sides(repository, start, head, before, after)


def _default(repository: Repository) -> str:
    """The tip of the default branch; of HEAD's where no other is known as that."""
    for ref in _DEFAULTS:
        try:
            return repository.resolve(ref)
        except (RevisionError, NoCommitError):
            continue
    tip = repository.tip()
    if tip.branch is None:  # as a CI checks out; to compare HEAD with itself would hide all
        raise RevisionError(
            "which branch this work began from is not known: neither main nor master is here",
            "name it: da metrics diff BASE; if it is not here, fetch it: git fetch origin BRANCH",
        )
    return tip.commit


def _fork(repository: Repository, base: str, head: str) -> str:
    if base == head:
        return base
    found = merge_base(repository.location, base, head)
    if found is not None:
        return found
    shown = f"{base[:10]} and {head[:10]}"
    if repository.is_shallow():
        raise RevisionError(
            f"this shallow clone does not reach back to where {shown} part",
            "fetch more: git fetch --unshallow (in GitHub Actions, fetch-depth: 0)",
        )
    raise RevisionError(
        f"{shown} have no commit in common", "name both to compare them as they are: BASE HEAD"
    )
