"""What a sync did, for whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from agnes.errors import AgnesError


@dataclass
class Outcome:
    """What a sync did.

    Args:
        downloaded, unchanged: ids of tables.
        removed: ids of tables that are gone, or that the user may not see any more.
        uploaded: paths within the workspace.
        catalog_changed: whether another catalog is here than before.
        errors: what went wrong, by what it was about.
        notes: what else the user should know.
    """

    downloaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    catalog_changed: bool = False
    errors: dict[str, AgnesError] = field(default_factory=dict)
    retry: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def fail(self, what: str, error: AgnesError, retry: str = "") -> None:
        """Note an error, and the command that tries it again."""
        self.errors[what] = error
        if retry:
            self.retry[what] = retry
