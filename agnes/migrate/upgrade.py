"""Bringing an older instance's `system.duckdb` to version 4.

Everything happens on a copy, in a folder beside the file that is gone afterwards:

1. If there is a `.wal`, DuckDB brings what it holds into the file.
2. The file is locked, so that no server starts meanwhile, and copied.
3. The missing steps run on the copy, which is then read back and compared.
4. The file as it was is kept as `system.duckdb.pre-migrate`, and the copy takes its name.

Until that last rename the file holds what it held, whatever fails; after it, it is at version 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from agnes.cache.query import Snapshot
from agnes.errors import AgnesError, ConflictError, InvalidError, NotFoundError
from agnes.load.pack import DATABASE_VERSION
from agnes.migrate.chain import (
    CHAIN,
    Chain,
    Counts,
    Rows,
    digests,
    pending,
    read_rows,
    run,
    tables_to_keep,
)
from agnes.migrate.files import in_use, locked_copy, remove_litter, wal_of


@dataclass(frozen=True)
class Upgraded:
    """What was done, or would be.

    Args:
        path: the file, without links.
        from_version: what it was at.
        steps: the versions that it was brought through; none if there was nothing to do.
        counts: of the tables `metric_definitions` and `column_metadata`, how many rows came from
            the catalog; None if the table had rows already, which it keeps.
        backup: the file as it was.
        to_version: what it is at.
    """

    path: Path
    from_version: int
    steps: tuple[int, ...]
    counts: Counts
    backup: Path | None
    to_version: int = DATABASE_VERSION


def upgrade(
    path: Path,
    catalog: Callable[[], AbstractContextManager[Snapshot]],
    *,
    dry_run: bool = False,
    chain: Chain = CHAIN,
) -> Upgraded:
    """Bring a `system.duckdb` to version 4; leave one that is there already as it is.

    Args:
        path: the file; this process must not have it open.
        catalog: opens the snapshot that the new tables are filled from; called if there is need.
        dry_run: do it all on the copy, and stop.

    Raises:
        NotFoundError, InvalidError: it is no file that can be upgraded, or a damaged one.
        ConflictError: another process has it open.
        AgnesError: it cannot be written; or what `catalog` raises.
    """
    file = _existing(path)
    with _connect(file, file, read_only=True) as connection:
        version, steps = pending(connection, file, chain)
    if not steps:
        remove_litter(file)
        return Upgraded(file, version, (), {}, None)
    with catalog() as snapshot:
        fill = read_rows(snapshot)
    backup = None if dry_run else file.with_name(f"{file.name}.pre-migrate")
    try:
        if backup:
            _fold_wal(file)
        with locked_copy(file) as copy:
            if backup and wal_of(copy.path).exists():
                raise in_use(file, "it was opened just now")
            counts = _run_on_copy(copy.path, file, steps, chain, fill)
            if backup:
                copy.put_in_place(backup)
    except OSError as error:
        raise AgnesError(
            f"cannot write {error.filename or f'a copy of {file}'}: {error.strerror}",
            "nothing was changed; free some space, or run it as the user who owns the file",
        ) from error
    return Upgraded(file, version, tuple(steps), counts, backup)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise NotFoundError(f"Path not found: {path}")
    if not path.is_file():
        raise InvalidError(f"{path} is no file", [], "name the system.duckdb itself")
    if path.is_symlink() and wal_of(path).exists():
        # There DuckDB 1 keeps it; DuckDB 2 would not see it.
        raise ConflictError(
            f"{wal_of(path)} holds changes that are not in {path} yet",
            "start and stop the older instance once, so that it brings them in",
        )
    return path.resolve()


def _fold_wal(file: Path) -> None:
    if wal_of(file).exists():
        with _connect(file, file) as connection:
            connection.execute("CHECKPOINT")


def _run_on_copy(copy: Path, file: Path, steps: Sequence[int], chain: Chain, fill: Rows) -> Counts:
    """Run the steps, and make sure that they did what they should and nothing else."""
    with _connect(copy, file) as connection:
        if pending(connection, file, chain)[1] != steps:
            raise in_use(file, "it was changed just now")
        tables = tables_to_keep(connection)
        before = digests(connection, tables)
        counts = run(connection, file, steps, chain, fill)
    with _connect(copy, file, read_only=True) as connection:
        lacks = pending(connection, file, chain)[1]
        if lacks or digests(connection, tables) != before:
            raise AgnesError(f"the steps to version 4 do not fit {file}", "nothing was changed")
    return counts


@contextmanager
def _connect(
    database: Path, file: Path, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file or its copy; errors of DuckDB name the file and the remedy."""
    try:
        with duckdb.connect(str(database), read_only=read_only) as connection:
            yield connection
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        if "Could not set lock" in reason or isinstance(error, duckdb.ConnectionException):
            raise in_use(file, reason.split(". See also")[0]) from error
        raise InvalidError(
            f"cannot {'read' if read_only else 'upgrade'} {file}: {reason}",
            [],
            "nothing was changed; if the file is damaged, restore it from a backup; if the disk is "
            "full, free some space",
        ) from error
