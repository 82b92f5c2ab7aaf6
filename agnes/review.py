"""A change of a catalog under review: what it means, whom it hits, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agnes.diff.change import Diff
from agnes.diff.compare import Advance, compare
from agnes.diff.markdown import comment
from agnes.diff.reach import Reach
from agnes.diff.sides import WORKTREE, Sides, choose_sides
from agnes.git.refs import locate
from agnes.lineage.impact import Impact
from agnes.model.diagnostic import Diagnostic


@dataclass(frozen=True)
class Review:
    """All that a reviewer needs.

    Args:
        impact: what is built on what changes, or reads it.
        findings: of validation, in the files that the change touches.
    """

    diff: Diff
    impact: Impact
    findings: tuple[Diagnostic, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return self.diff.as_dict() | {"impact": self.impact.as_dict()}

    def comment(self) -> str:
        """It as the comment on a pull request, in Markdown."""
        return comment(self.diff, self.impact, self.findings)


def review(
    path: Path,
    base: str | None = None,
    head: str | None = None,
    *,
    findings: bool = True,
    advance: Advance = lambda _done, _total: None,
) -> Review:
    """Compare two revisions of a catalog.

    Args:
        path: the catalog's folder.
        base, head: revisions, as `agnes.diff.sides.choose_sides` takes them; by default what is
            in the working tree is compared with where it left the default branch.
        findings: validate the files that the change touches too, up to the engine.
        advance: told how many definitions are compared, and of how many.

    Raises:
        RevisionError: there is no such revision, or no commit in common.
        GitError: an object is missing.
    """
    return review_sides(path, choose_sides(locate(path), base, head), findings, advance)


def review_sides(path: Path, sides: Sides, findings: bool, advance: Advance) -> Review:
    """Compare two revisions that are found already; see `review`."""
    reach = Reach(sides.repository, sides.head_tree)
    found = compare(sides, reach, advance)
    problems = _validate(path, found) if findings else ()
    return Review(found, reach.of(found.changes), tuple(problems))


def _validate(path: Path, found: Diff) -> list[Diagnostic]:
    from agnes.lint.check import check_folder, check_revision, results_of
    from agnes.lint.run import Request

    touched = [it.path for it in found.changes if it.kind != "removed"]
    touched += [it.path for it in found.troubles if it.side == "head"]
    if not touched:
        return []
    request = Request(results=results_of(path))
    if found.head == WORKTREE:
        return check_folder(path, request, touched).report.diagnostics
    return check_revision(path, found.head, request, touched).report.diagnostics
