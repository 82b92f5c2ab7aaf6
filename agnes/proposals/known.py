"""Which tables and columns there are, as far as that is known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agnes.edit import Editor
from agnes.errors import NotFoundError
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.load.catalog import load_catalog
from agnes.model.layout import ENDINGS, PARTS, printable
from agnes.model.names import nearest
from agnes.model.proposal import Proposal, ProposedTable
from agnes.model.table import Column, Table
from agnes.proposals.review import Item
from agnes.sync.point import find_commit

Data = Mapping[str, Sequence[Path]]
"""By table, its parquet files, as far as they are at hand."""
_SHOWN = 5


def check_tables(editor: Editor, wanted: Iterable[str]) -> None:
    """Insist that tables are registered; where none is at all, one is by being described.

    Raises:
        NotFoundError: one is not; the hint names the nearest.
    """
    slots = editor.layout.slots.values()
    registered = sorted(slot.id for slot in slots if slot.kind == "table")
    for table_id in wanted:
        if registered and table_id not in registered:
            near = nearest(table_id, registered)
            hint = f"did you mean: {', '.join(near)}? else " if near else ""
            raise NotFoundError(
                f"table {table_id} is not registered",
                f"{hint}register it: da admin register-table {table_id}",
            )


def current_columns(location: Location, wanted: Iterable[str]) -> dict[str, dict[str, Column]]:
    """What the catalog that is served says of the columns of tables, as far as they are there."""
    repository = Repository(location, PARTS)
    tree = repository.catalog_tree(repository.root_tree(find_commit(repository)))
    paths = {f"tables/{table_id}{ending}" for table_id in wanted for ending in ENDINGS}
    entries = [entry for entry in repository.folder(tree, "tables") if entry.path in paths]
    tables = load_catalog(repository, entries).tables
    return {table_id: table.columns for table_id, table in tables.items()}


def check_columns(
    items: Iterable[Item], proposal: Proposal, tables: Mapping[str, Table], data: Data
) -> None:
    """Insist that columns are in their tables, as far as that is known.

    Raises:
        NotFoundError: some are not; the hint names the nearest to the first.
    """
    known = {
        id_: _columns(proposal.tables[id_], table, data.get(id_, ()))
        for id_, table in tables.items()
    }
    wrong = [item for item in items if (there := known[item.table_id]) and item.name not in there]
    if not wrong:
        return
    first = wrong[0]
    names = ", ".join(item.shown for item in wrong[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    near = [printable(name) for name in nearest(first.name, sorted(known[first.table_id]))]
    hint = f"did you mean: {', '.join(near)}? else " if near else ""
    raise NotFoundError(
        f"no such column: {names}{more}",
        f"{hint}leave it out: da admin metadata review FILE --reject '{first.shown}'",
    )


def _columns(proposed: ProposedTable, table: Table, files: Sequence[Path]) -> frozenset[str]:
    """The columns of a table; none where they are not known.

    Its data say it best. Without them it is what its file lists; but a proposal that was made
    from the data, or comes from the source, has seen more than that.
    """
    if files and (there := _in_data(files)):
        return there.union(table.columns)
    if not table.columns or proposed.sampled is not None:
        return frozenset()
    from_source = (name for name, it in proposed.columns.items() if it.source == "keboola_import")
    return frozenset(table.columns).union(from_source)


def _in_data(files: Sequence[Path]) -> frozenset[str]:
    import duckdb

    with suppress(duckdb.Error), duckdb.connect(config={"threads": 1}) as connection:
        names = [str(path) for path in files]
        return frozenset(connection.from_parquet(names, hive_partitioning=False).columns)
    return frozenset()  # it cannot be read, which is said where that matters
