"""The data on this machine: of a workspace, or beside a catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agnes.errors import NotFoundError, SandboxError
from agnes.queries.tables import Tables
from agnes.sandbox import Limits, Result, Sandbox

_PARQUET = ("data/parquet", "data")
_DATABASES = ("data/duckdb/analytics.duckdb", "user/duckdb/analytics.duckdb")
LIMITS = Limits(seconds=300, memory_mb=4096)


@dataclass(frozen=True)
class LocalData:
    """What there is in a folder.

    Args:
        tables: its parquet files.
        databases: DuckDB files with views or tables besides, as an older workspace has them.
    """

    tables: Tables
    databases: tuple[Path, ...] = ()


def local_data(folders: Iterable[Path]) -> LocalData:
    """The data in the first of some folders that has any.

    Raises:
        NotFoundError: none has.
    """
    looked = []
    for folder in folders:
        databases = tuple(path for name in _DATABASES if (path := folder / name).is_file())
        files = next(filter(None, (sorted((folder / it).glob("*.parquet")) for it in _PARQUET)), [])
        if files or databases:
            return LocalData({file.stem: [file] for file in files if file.is_file()}, databases)
        looked.append(str(folder))
    raise NotFoundError(
        f"local data not found: no {_PARQUET[0]}/*.parquet in {' or '.join(looked)}",
        "get it with da sync, make some (da demo-data data/parquet), or ask the server: --remote",
    )


def run_local(
    sql: str, data: LocalData, limit: int, started: Callable[[Sandbox], None] | None = None
) -> Result:
    """Run a query on local data, in a sandbox as the server does.

    Args:
        started: is told the sandbox, so that another thread can end what runs there.

    Raises:
        SandboxError: it was refused, failed, or took too much.
    """
    from agnes.queries.check import check, explain
    from agnes.queries.tables import names_of
    from agnes.sandbox import ParquetTable

    with _more_tables(sql, data) as tables:
        named = names_of(tables)
        check(sql, named)
        limits = Limits(LIMITS.seconds, LIMITS.memory_mb, rows=limit)
        made = [ParquetTable(name, files) for name, files in named.items()]
        with Sandbox(made, limits) as sandbox:
            if started is not None:
                started(sandbox)
            try:
                return sandbox.query(sql)
            except SandboxError as error:
                raise explain(error, tables) from None


@contextmanager
def _more_tables(sql: str, data: LocalData) -> Iterator[Tables]:
    """The tables, with those of the databases that a query reads, written to files."""
    from agnes.sql.gate import read_query
    from agnes.sql.problem import RefusedSqlError

    wanted: set[str] = set()
    if data.databases:
        with suppress(RefusedSqlError):  # said when it is to run
            wanted = {read.name.removeprefix("main.") for read in read_query(sql).reads}
    with TemporaryDirectory(prefix="agnes-query-") as folder:
        tables = dict(data.tables)
        for database in data.databases:
            for name in sorted(wanted - tables.keys()):
                file = Path(folder) / f"{len(tables)}.parquet"
                if _copy(database, name, file):
                    tables[name] = [file]
        yield tables


def _copy(database: Path, name: str, file: Path) -> bool:
    """Write a table or view of a DuckDB file as parquet, if there is one of that name."""
    import duckdb

    quoted = '"' + name.replace('"', '""') + '"'
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            there = connection.execute(
                "SELECT 1 FROM information_schema.tables"
                " WHERE table_schema = 'main' AND lower(table_name) = lower($1)",
                [name],
            ).fetchall()
            if not there:
                return False
            connection.sql(f"FROM {quoted}").write_parquet(str(file))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SandboxError("failed", f"{database.name}, {name}: {reason}") from None
    return True
