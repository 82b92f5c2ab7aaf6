"""Reading a snapshot. Imports nothing but DuckDB, and that when a file is opened.

Of DuckDB it is the compiled part, a quarter of the start of the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from agnes.errors import CacheError
from agnes.model.names import nearest

if TYPE_CHECKING:
    import _duckdb as duckdb

    from agnes.cache.digest import Versions

_T = TypeVar("_T")
Row = dict[str, Any]

COUNTS = ("metrics", "tables", "columns", "stale", "errors", "warnings")
_COMMIT = re.compile("[0-9a-f]{40}")
_JSON_COLUMNS = ("sql_variants", "validation", "meta", "certified")


class Snapshot:
    """An open snapshot; close it, or use it in a `with` block.

    Args:
        path: the file.
        connection: to the file, if it is open already.
        known: it was looked at before; do not look whether it is of the commit of its name.

    Raises:
        CacheError: it is not there, or is damaged.
    """

    def __init__(
        self,
        path: Path,
        connection: duckdb.DuckDBPyConnection | None = None,
        *,
        known: bool = False,
    ) -> None:
        import _duckdb as duckdb

        self.path = path
        try:
            self._connection = connection or duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise _damaged(path, error) from error
        if known:
            return
        try:
            if _COMMIT.fullmatch(path.stem) and self.info()["commit_id"] != path.stem:
                raise _damaged(path, ValueError("Corrupt: it is of another commit"))
        except CacheError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def beside(self) -> Snapshot:
        """The same file for another thread: what is open is used again."""
        return Snapshot(self.path, self._connection.cursor(), known=True)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own, to this file."""
        return self._connection

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Run a query of ours; every row as a mapping, JSON columns as objects.

        Raises:
            CacheError: the file is damaged.
        """
        import _duckdb as duckdb

        try:
            cursor = self._connection.execute(sql, parameters or None)
            names = [column[0] for column in cursor.description or ()]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise _damaged(self.path, error) from error
        for row in found:
            for name in _JSON_COLUMNS:
                if row.get(name) is not None:
                    row[name] = json.loads(row[name])
        return found

    def digest(self) -> str:
        """The digest of the rows as they are; `info` has the one of the rows as they were written.

        Raises:
            CacheError: the file is damaged.
        """
        from agnes.cache.digest import digest

        return self._ask(digest)

    def versions(self) -> Versions:
        """What is served under each id."""
        from agnes.cache.digest import versions

        return self._ask(versions)

    def _ask(self, question: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        import _duckdb as duckdb

        try:
            return question(self._connection)
        except duckdb.Error as error:
            raise _damaged(self.path, error) from error

    def info(self) -> Row:
        """The one row of `snapshot_info`."""
        found = self.rows("SELECT * FROM snapshot_info")
        if len(found) != 1:
            raise _damaged(self.path, ValueError("it says nothing of itself"))
        return found[0]

    def metric(self, metric_id: str) -> Row | None:
        """One metric with all its columns."""
        found = self.rows("SELECT * FROM metric_definitions WHERE id = $1", [metric_id])
        return found[0] if found else None

    def metrics(self, category: str | None = None) -> list[Row]:
        """All metrics, or those of one category, by category in the index's order, then by name."""
        return self.rows(
            "SELECT m.* FROM metric_definitions m LEFT JOIN categories c ON c.name = m.category "
            "WHERE $1 IS NULL OR m.category = $1 ORDER BY c.position, m.category, m.name",
            [category],
        )

    def categories(self) -> list[Row]:
        """The categories, in the index's order."""
        return self.rows("SELECT * FROM categories ORDER BY position")

    def tables(self) -> list[Row]:
        """The registered tables, by id."""
        return self.rows("SELECT * FROM table_registry ORDER BY id")

    def columns(self, table_id: str) -> list[Row]:
        """The column metadata of a table, by column name."""
        return self.rows(
            "SELECT * FROM column_metadata WHERE table_id = $1 ORDER BY column_name", [table_id]
        )

    def table_uses(self, table_id: str | None = None) -> list[Row]:
        """Each table that a metric reads: `table_id`, and `id`, `name` and `path` of the metric.

        Args:
            table_id: this one alone.
        """
        return self.rows(
            "SELECT DISTINCT table_id, id, name, path FROM (SELECT id, name, path, unnest("
            "list_append(coalesce(tables, []), table_name)) AS table_id FROM metric_definitions)"
            " WHERE table_id IS NOT NULL AND coalesce(table_id = $1, $1 IS NULL)"
            " ORDER BY table_id, id",
            [table_id],
        )

    def all_columns(self) -> list[Row]:
        """The column metadata of all tables, in the files' order."""
        return self.rows("SELECT * FROM column_metadata ORDER BY table_id, position")

    def diagnostics(self, path: str | None = None) -> list[Row]:
        """The findings of validation, of all files or of one."""
        return self.rows(
            "SELECT * FROM catalog_diagnostics WHERE $1 IS NULL OR path = $1 ORDER BY ALL", [path]
        )

    def counts(self) -> dict[str, int]:
        """How much there is."""
        info = self.info()
        return {name: info[name] for name in COUNTS}

    def stale_files(self) -> list[str]:
        """The files that do not validate, of which an earlier version is served."""
        found = self.rows(
            "SELECT path FROM metric_definitions WHERE stale "
            "UNION ALL SELECT path FROM table_registry WHERE stale ORDER BY path"
        )
        return [row["path"] for row in found]

    def nearest_ids(self, metric_id: str, limit: int = 3) -> list[str]:
        """Ids that somebody who typed `metric_id` may have meant, the nearest first."""
        ids = [row["id"] for row in self.rows("SELECT id FROM metric_definitions ORDER BY id")]
        return nearest(metric_id, ids, limit)


def _damaged(path: Path, error: Exception) -> CacheError:
    """The error for a file that cannot be read. One that is corrupt is deleted: git has it all."""
    if "corrupt" in str(error).casefold():
        with suppress(OSError):
            path.unlink()
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return CacheError(
        f"the snapshot {path} cannot be read: {reason}",
        "it can be made anew from git: da catalog rebuild",
    )
