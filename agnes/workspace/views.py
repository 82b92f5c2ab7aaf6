"""What is in `analytics.duckdb`: one file where one SQL connection answers everything.

    "in.c-crm.company"      a view per parquet file, named after its table
    company                 the same by the last part of its name, where that is free
    metric_definitions, column_metadata, table_registry, categories     the catalog's tables

What else is in it is its user's and stays.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.cache.engine import attached
from agnes.errors import CacheError
from agnes.model.layout import printable
from agnes.workspace.layout import Workspace

if TYPE_CHECKING:
    import _duckdb as duckdb

CATALOG = ("metric_definitions", "column_metadata", "table_registry", "categories")
"""The catalog's tables that are put beside the data."""
MARK = "Made by Agnes; da sync makes it anew."
"""The comment on what is ours. Who replaces one of these views makes it their own by that."""


@dataclass
class Built:
    """What is in the database.

    Args:
        tables: how many parquet files have a view.
        views: how many views there are, those by shorter names too.
        skipped: what has no view, and why.
        renamed: what of the user's had the name of a table; its new name.
        replaced: where the database that was there before is, if it could not be read.
    """

    tables: int = 0
    views: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    replaced: Path | None = None

    def notes(self) -> list[str]:
        """What its user should know."""
        kept = self.replaced
        return [
            *(
                f"{name} has no view in analytics.duckdb: {printable(reason)}"
                for name, reason in self.skipped.items()
            ),
            *(
                f"your {old} in analytics.duckdb is called {new} now"
                for old, new in self.renamed.items()
            ),
            *([f"analytics.duckdb could not be read; it is kept as {kept.name}"] if kept else []),
        ]


def fill(path: Path, workspace: Workspace, snapshot: Path) -> Built:
    """Drop what an earlier build made in a file, and make it anew.

    Raises:
        duckdb.Error: the file cannot be written.
        CacheError: the snapshot cannot be read.
    """
    with attached(path) as connection:
        theirs = _drop_ours(connection, workspace)
        tables, skipped = _readable(connection, workspace)
        built = Built(len(tables), 0, skipped)
        for wanted in (*CATALOG, *tables):
            if kind := theirs.get(wanted.lower()):
                built.renamed |= _rename(connection, kind, wanted, theirs)
        connection.execute("BEGIN")
        _copy_catalog(connection, snapshot)
        taken = {*theirs, *CATALOG, *(name.lower() for name in tables)}
        short = Counter(name.rpartition(".")[2].lower() for name in tables)
        for name, source in tables.items():
            last = name.rpartition(".")[2]
            _create(connection, name, source)
            built.views += 1
            if last and short[last.lower()] == 1 and last.lower() not in taken:
                _create(connection, last, source)
                built.views += 1
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    return built


def _drop_ours(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> dict[str, str]:
    """Drop what is ours; the kinds of what is left, by name in small letters."""
    found = connection.execute(
        "SELECT 'TABLE', table_name, comment, sql FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = 'main' "
        "UNION ALL SELECT 'VIEW', view_name, comment, sql FROM duckdb_views() "
        "WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal"
    ).fetchall()
    theirs = {}
    connection.execute("BEGIN")
    for kind, name, comment, sql in found:
        if comment == MARK or (kind == "VIEW" and _is_of_old(name, sql, workspace)):
            connection.execute(f"DROP {kind} {_quoted(name)}")
        else:
            theirs[name.lower()] = kind
    connection.execute("COMMIT")
    return theirs


def _is_of_old(name: str, sql: str, workspace: Workspace) -> bool:
    """Whether a view is one that an older version made, which left no comment."""
    read = re.search(r"AS SELECT \* FROM read_parquet\('([^']*)'\);?$", sql.strip())
    return read is not None and read[1].endswith(f"/data/parquet/{workspace.parquet(name).name}")


def _readable(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> tuple[dict[str, str], dict[str, str]]:
    """The tables whose files can be read: what a view selects from; and the others, with why not.

    DuckDB tells no names apart by their case.
    """
    import _duckdb as duckdb

    tables: dict[str, str] = {}
    skipped: dict[str, str] = {}
    known = dict.fromkeys(CATALOG, "that is a table of the catalog")
    for path in sorted(workspace.parquet_dir.glob("*.parquet")):
        name, shown = path.stem, printable(path.stem)
        if name.startswith(".") or not path.is_file():
            continue
        if why := known.get(name.lower()):
            skipped[shown] = why
            continue
        try:
            name.encode()  # DuckDB takes nothing else
            source = f"read_parquet({pattern(str(path.absolute()))})"
            connection.execute(f"FROM {source} LIMIT 0")
        except (duckdb.Error, UnicodeError) as error:
            skipped[shown] = first_line(error)
            continue
        known[name.lower()] = f"{name} has its name, but for its case"
        tables[name] = source
    return tables, skipped


def _rename(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, theirs: dict[str, str]
) -> dict[str, str]:
    """Let a user's own table or view have another name than the one that a table has."""
    import _duckdb as duckdb

    new = f"{name}_mine"
    while new.lower() in theirs:
        new += "_"
    try:
        connection.execute(f"ALTER {kind} {_quoted(name)} RENAME TO {_quoted(new)}")
    except duckdb.Error:  # it has an index
        connection.execute(f"CREATE TABLE {_quoted(new)} AS FROM {_quoted(name)}")
        connection.execute(f"DROP {kind} {_quoted(name)} CASCADE")
    theirs[new.lower()] = theirs.pop(name.lower())
    return {name: new}


def _copy_catalog(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    import _duckdb as duckdb

    other = f"catalog_{secrets.token_hex(4)}"
    try:
        if not snapshot.is_file():
            raise duckdb.IOException("there is no such file")
        connection.execute(f"ATTACH {_text(str(snapshot))} AS {other} (READ_ONLY)")
        for name in CATALOG:
            connection.execute(f"CREATE TABLE {name} AS FROM {other}.main.{name}")
            connection.execute(f"COMMENT ON TABLE {name} IS {_text(MARK)}")
    except duckdb.Error as error:
        raise CacheError(
            f"the snapshot {snapshot} cannot be read: {first_line(error)}", "get it anew: da sync"
        ) from error
    connection.execute("COMMIT")
    connection.execute(f"DETACH {other}")
    connection.execute("BEGIN")


def _create(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    view = f"CREATE VIEW {_quoted(name)} AS SELECT * FROM {source}"  # noqa: S608
    connection.execute(view)
    connection.execute(f"COMMENT ON VIEW {_quoted(name)} IS {_text(MARK)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def pattern(path: str) -> str:
    """A path as text of SQL where DuckDB looks for patterns in it."""
    return _text(re.sub(r"[\[*?]", lambda char: f"[{char[0]}]", path))


def first_line(error: Exception) -> str:
    """What an error of DuckDB says, without what it adds for people at a console."""
    return (str(error).splitlines() or [type(error).__name__])[0]
