"""The registry of tables for commands: that of a catalog at hand, or that of a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from agnes.errors import ConflictError
from agnes.git.refs import locate
from agnes.tables.registry import Register, discover, table_of

if TYPE_CHECKING:
    from agnes.client import Client

Fields = Mapping[str, Any]
Row = dict[str, Any]
Advance = Callable[[int, int], None]
_UNDER_REVIEW = 202


@dataclass
class Outcome:
    """What became of a registration.

    Args:
        registered, existing: ids of tables.
        skipped: ids of tables that cannot be registered, and why.
        commit: the last one, if there is any.
        branch: a branch of their own, where somebody has to merge them first.
    """

    registered: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    branch: str | None = None


class Registry(Protocol):
    """The registry of tables."""

    def tables(self) -> list[Row]:
        """The registered tables, by id."""
        ...

    def register(self, tables: Sequence[Fields], advance: Advance) -> Outcome:
        """Register tables; those that are already stay as they are.

        Raises:
            InvalidError: a field is missing, unknown or wrong.
        """
        ...

    def discover(self) -> Outcome:
        """Register the tables of the Keboola project that are not yet.

        Raises:
            UnavailableError: no project is configured, or it does not answer.
        """
        ...


class LocalRegistry:
    """The registry of a catalog's folder; its user is the author of commits.

    Args:
        path: the catalog's folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def tables(self) -> list[Row]:
        """See `Registry`."""
        from agnes.sync.reading import Reading, open_snapshot

        with open_snapshot(self._path, Reading()) as snapshot:
            return snapshot.tables()

    def register(self, tables: Sequence[Fields], advance: Advance) -> Outcome:
        """See `Registry`."""
        known = {row["id"] for row in self.tables()}
        wanted = [table_of(fields) for fields in tables]
        existing = [table.id for table in wanted if table.id in known]
        new = [table for table in wanted if table.id not in known]
        outcome = Outcome([table.id for table in new], existing)
        if new:
            outcome.commit = self._commit(Register(tables=new, source="manual"))
        advance(len(wanted), len(wanted))
        return outcome

    def discover(self) -> Outcome:
        """See `Registry`."""
        from agnes.config.instance import InstanceSettings
        from agnes.keboola import list_tables
        from agnes.tables.sources import open_keboola

        with open_keboola(InstanceSettings.load()) as storage:
            theirs = list_tables(storage)
        found = discover(theirs, self.tables())
        outcome = Outcome([table.id for table in found.tables], found.known, found.skipped)
        if found.tables:
            outcome.commit = self._commit(Register(tables=found.tables, source="manual"))
        return outcome

    def _commit(self, wish: Register) -> str | None:
        from agnes.edit import Editor, subject
        from agnes.sync.reconcile import reconcile

        editor = Editor(locate(self._path))
        plan = wish.plan(editor)
        commit = editor.apply(plan, subject(wish.verb, plan.added), wish.source)
        reconcile(editor.location)
        return commit


class RemoteRegistry:
    """The registry of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def tables(self) -> list[Row]:
        """See `Registry`."""
        found: list[Row] = self._client.get("/api/admin/registry")["tables"]
        return found

    def register(self, tables: Sequence[Fields], advance: Advance) -> Outcome:
        """See `Registry`."""
        outcome = Outcome()
        for number, fields in enumerate(tables, 1):
            # What is wrong is said here, before anything of several tables is done.
            table = table_of(fields)
            body = table.to_yaml() | {"name": table.name or table.id}
            try:
                answer = self._client.request("POST", "/api/admin/register-table", json=body)
            except ConflictError:
                outcome.existing.append(table.id)
            else:
                outcome.registered.append(table.id)
                outcome.commit = answer.data["commit"]
                if answer.status == _UNDER_REVIEW:
                    outcome.branch = answer.data["branch"]
            advance(number, len(tables))
        return outcome

    def discover(self) -> Outcome:
        """See `Registry`."""
        answer = self._client.request("POST", "/api/admin/discover-and-register")
        said = answer.data
        branch = said["branch"] if answer.status == _UNDER_REVIEW else None
        return Outcome(
            said["registered"],
            said["already_registered"],
            said["skipped"],
            said["commit"],
            branch,
        )
