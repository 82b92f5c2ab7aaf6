"""Which commit a read command is about."""

from __future__ import annotations

from datetime import date, datetime, time

from agnes.errors import RevisionError
from agnes.git.history import commit_before
from agnes.git.repository import Repository
from agnes.sync.reconcile import followed_ref


def find_commit(
    repository: Repository, revision: str | None = None, as_of: date | None = None
) -> str:
    """Find the commit that is meant; by default the tip of the branch that is served.

    Args:
        revision: anything git can resolve to a commit.
        as_of: a day, in UTC: the commit that the branch was at when it ended.

    Raises:
        RevisionError: there is no such revision, or no commit that old.
        NoCommitError: the repository is empty.
    """
    if revision is not None:
        return repository.resolve(revision)
    tip = repository.tip(followed_ref(repository, repository.tip())).commit
    if as_of is None:
        return tip
    found = commit_before(repository, tip, datetime.combine(as_of, time.max))
    if found is not None:
        return found
    *_, (first, _) = repository.first_parents(tip)
    began = f"the first commit is of {repository.commit(first).time:%Y-%m-%d}, in UTC"
    if repository.is_shallow():
        began = "this shallow clone ends before: fetch more with `git fetch --unshallow`"
    raise RevisionError(f"there is no commit of {as_of} or before", began)
