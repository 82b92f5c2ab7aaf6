"""The tables' data as the server has them: what is new comes, what is gone goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agnes.errors import AgnesError, ConflictError, NotFoundError
from agnes.model.layout import printable
from agnes.model.names import nearest
from agnes.workspace.download import Watch, clear_parts, fetch_tables, hash_of
from agnes.workspace.manifest import TABLE_ID, Manifest, Table
from agnes.workspace.state import is_as_noted, stamped

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.workspace.layout import Workspace
    from agnes.workspace.outcome import Outcome
    from agnes.workspace.state import State


class Data:
    """The data of a workspace.

    Args:
        state, outcome: where it is noted what is here now, and what was done.
    """

    def __init__(
        self, workspace: Workspace, client: Client, state: State, outcome: Outcome
    ) -> None:
        self._workspace = workspace
        self._client = client
        self._state = state
        self._outcome = outcome

    def bring_all(self, manifest: Manifest, watch: Watch, again: Callable[[], Manifest]) -> None:
        """Download what is new, and remove what is gone.

        Args:
            again: asks for the manifest once more, where data change during the download.

        Raises:
            UnauthorizedError: the token is not good any more.
        """
        for table_id, reason in manifest.refused.items():
            self._outcome.fail(printable(table_id)[:200], AgnesError(reason))
        self._remove_gone(manifest)
        clear_parts(self._workspace.parquet_dir, manifest.tables)
        self._bring(list(manifest.tables.values()), watch, again)

    def bring_one(
        self, table_id: str, manifest: Manifest, watch: Watch, again: Callable[[], Manifest]
    ) -> None:
        """Download one table if it is new; the others stay as they are.

        Raises:
            NotFoundError: there is no such table.
            UnauthorizedError: the token is not good any more.
        """
        if table_id not in manifest.tables:
            near = nearest(table_id, list(manifest.tables))
            raise NotFoundError(
                f"the server has no data of a table '{printable(table_id)}' for you",
                f"did you mean {', '.join(near)}?" if near else "see: da admin list-tables",
            )
        self._bring([manifest.tables[table_id]], watch, again)

    def _bring(self, wanted: list[Table], watch: Watch, again: Callable[[], Manifest]) -> None:
        missing = [table for table in wanted if not self._is_here(table)]
        folder = self._workspace.parquet_dir
        failed = fetch_tables(self._client, missing, folder, watch)
        changed = [id_ for id_, error in failed.items() if isinstance(error, ConflictError)]
        if changed:  # between the manifest and the download: once more, as they are by now
            fresh = {id_: it for id_, it in again().tables.items() if id_ in changed}
            failed = {id_: it for id_, it in failed.items() if id_ not in changed}
            failed |= fetch_tables(self._client, list(fresh.values()), folder, watch)
            missing = [fresh.get(table.id, table) for table in missing]
        for table in missing:
            if table.id in failed:
                self._outcome.fail(table.id, failed[table.id], f"da sync --table {table.id}")
            elif self._workspace.parquet(table.id).is_file():
                self._note(table, written=True)
                self._outcome.downloaded.append(table.id)

    def _is_here(self, table: Table) -> bool:
        known = self._state.notes("tables").get(table.id)
        path = self._workspace.parquet(table.id)
        if not is_as_noted(path, table.hash, known):
            if hash_of(path) != table.hash:
                return False
            self._note(table)
        self._outcome.unchanged.append(table.id)
        return True

    def _note(self, table: Table, *, written: bool = False) -> None:
        path = self._workspace.parquet(table.id)
        note = stamped(path, table.hash, written=written) | {"rows": table.rows}
        self._state.notes("tables")[table.id] = note

    def _remove_gone(self, manifest: Manifest) -> None:
        known = self._state.notes("tables")
        for table_id in sorted(known.keys() - manifest.tables.keys()):
            del known[table_id]
            if not TABLE_ID.fullmatch(table_id):
                continue  # somebody else wrote that into the notes
            self._workspace.parquet(table_id).unlink(missing_ok=True)
            self._outcome.removed.append(table_id)
