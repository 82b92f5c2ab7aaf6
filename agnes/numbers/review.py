"""A change under review with its numbers: what it means, and what comes out before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agnes.diff.compare import Advance
from agnes.diff.markdown import comment
from agnes.diff.sides import choose_sides
from agnes.git.refs import locate
from agnes.numbers.markdown import sections
from agnes.numbers.value_diff import ValueDiff, value_diff
from agnes.queries import Tables
from agnes.review import Review, review_sides


@dataclass(frozen=True)
class ReviewWithValues:
    """All that a reviewer needs, with numbers.

    Args:
        values: of the metrics whose numbers may be others.
    """

    review: Review
    values: ValueDiff

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return self.review.as_dict() | {"values": self.values.as_dict()}

    def comment(self) -> str:
        """It as the comment on a pull request, in Markdown."""
        it = self.review
        return comment(it.diff, it.impact, it.findings, list(sections(self.values)))


def review_with_values(
    path: Path,
    data: Tables,
    base: str | None = None,
    head: str | None = None,
    *,
    findings: bool = True,
    advance: Advance = lambda _done, _total: None,
) -> ReviewWithValues:
    """Compare two revisions of a catalog, and their numbers on the same data.

    Args:
        path: the catalog's folder.
        data: the parquet files of each table.
        base, head, findings: as `agnes.review.review` takes them.
        advance: told how many definitions are compared, then how many queries have run, and of how
            many.

    Raises:
        RevisionError: there is no such revision, or no commit in common.
        GitError: an object is missing.
        AgnesError: the data changed meanwhile.
    """
    sides = choose_sides(locate(path), base, head)
    found = review_sides(path, sides, findings, advance)
    return ReviewWithValues(found, value_diff(sides, found.diff, data, advance))
