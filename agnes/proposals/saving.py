"""A proposal as a file of the catalog: on a branch of its own, for a review, or in place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agnes.edit import Editor
from agnes.edit.plan import Plan
from agnes.errors import MovedError
from agnes.git.refs import Location
from agnes.model.proposal import Proposal
from agnes.proposals.discover import extent
from agnes.sync.reconcile import reconcile
from agnes.yaml.dump import dump

FOLDER = "proposals"
_TRIES = 10


@dataclass(frozen=True)
class Saved:
    """Where a proposal is.

    Args:
        path: in the catalog.
        branch: its short name; None where it is on the catalog's own.
        remote: that has the branch, where changes go to one.
    """

    path: str
    commit: str
    branch: str | None
    remote: str | None = None


def project_of(editor: Editor) -> str:
    """What a catalog's proposals are named after: its name, else its folder's."""
    name = editor.settings.name or editor.location.path.resolve().name
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "catalog"


def name_of(project: str, at: datetime) -> str:
    """A proposal's name: `shop_metadata_20260131_120000`."""
    return f"{project}_metadata_{at:%Y%m%d_%H%M%S}"


def save(location: Location, proposal: Proposal, *, branch: bool = True) -> Saved:
    """Commit a proposal.

    Args:
        branch: on a branch `proposals/<name>`, and the working tree stays where it is; else on the
            branch that the catalog is on.

    Raises:
        ConflictError: the branch moved, or a remote refuses.
        GitError: git refused.
    """
    editor = Editor(location)
    project = project_of(editor)
    content = dump(proposal.model_copy(update={"project": project}).to_yaml())
    subject = f"feat(metadata): propose {extent(proposal)}"
    at = datetime.now(UTC)
    for _ in range(_TRIES):
        name = name_of(project, at)
        path = f"{FOLDER}/{name}.yml"
        plan = Plan(editor.base, editor.branch, {path: content})
        if not branch:
            commit = editor.apply(plan, subject, _SOURCE)
            reconcile(location)
            return Saved(path, commit or editor.base, None)
        short = f"{FOLDER}/{name}"
        try:
            commit = editor.propose(plan, f"refs/heads/{short}", subject, _SOURCE)
        except MovedError:
            at += timedelta(seconds=1)  # somebody else's, of the same second
            continue
        remote = editor.upstream.remote if editor.upstream else None
        return Saved(path, commit or editor.base, short, remote)
    raise MovedError(f"there are branches {FOLDER}/{project}_metadata_... already", "try again")


_SOURCE = "ai_enrichment"
