"""The remote's branch that one here stands for, or follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygit2

from agnes.git.objects import open_repository
from agnes.git.refs import Location

_LOCAL = "refs/heads/"
_FETCH = 0


@dataclass(frozen=True)
class Upstream:
    """A branch of a remote.

    Args:
        remote: its name: `origin`.
        branch: full name of the branch there: `refs/heads/main`.
        tracking: full name of the ref here that a fetch sets to it: `refs/remotes/origin/main`.
    """

    remote: str
    branch: str
    tracking: str

    @property
    def shown(self) -> str:
        """What people call it: `origin/main`."""
        return f"{self.remote}/{self.branch.removeprefix(_LOCAL)}"


def stands_for(location: Location, ref: str) -> Upstream | None:
    """The remote's branch that a fetch sets `ref` to; None if `ref` is a branch of one's own."""
    for remote, refspec in _refspecs(open_repository(location)):
        if refspec.dst_matches(ref):
            return Upstream(remote, refspec.rtransform(ref), ref)
    return None


def follows(location: Location, branch: str) -> Upstream | None:
    """The remote's branch that a local one is set up to follow; None where there is none."""
    repository = open_repository(location)
    name = branch.removeprefix(_LOCAL)
    try:
        remote, merged = (repository.config[f"branch.{name}.{key}"] for key in ("remote", "merge"))
    except (KeyError, ValueError, pygit2.GitError):
        return None
    if not merged:
        return None
    for known, refspec in _refspecs(repository):
        if known == remote and refspec.src_matches(merged):
            return Upstream(remote, merged, refspec.transform(merged))
    return None


def _refspecs(repository: pygit2.Repository) -> Iterator[tuple[str, pygit2.refspec.Refspec]]:
    """Name of a remote to what is fetched from it."""
    for remote in repository.remotes:
        for number in range(remote.refspec_count):
            refspec = remote.get_refspec(number)
            if remote.name and refspec.direction == _FETCH:
                yield remote.name, refspec
