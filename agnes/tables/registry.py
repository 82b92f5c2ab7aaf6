"""Registering tables: YAML files in the catalog, by commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agnes.changes.wishes import Wish
from agnes.edit import Editor, Plan
from agnes.errors import ConflictError, InvalidError
from agnes.keboola.table import StorageTable, full_id
from agnes.load.pack import Pack, table_from_fields
from agnes.model.table import Table
from agnes.tables.infer import id_of


def table_of(fields: Mapping[str, Any]) -> Table:
    """A new table from its fields; its id is made of its name where it has none.

    Raises:
        InvalidError: a field is missing, unknown or wrong.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    name = str(given.get("name") or "")
    given.setdefault("id", id_of(name))
    if name == given["id"]:
        del given["name"]
    return table_from_fields(given)


@dataclass(frozen=True, kw_only=True)
class Register(Wish):
    """Register tables that are not registered yet."""

    tables: Sequence[Table]
    verb: str = "register"

    def _plan(self, editor: Editor) -> Plan:
        plan = editor.put(Pack(tables={table.id: table for table in self.tables}))
        there = [name.partition("/")[2] for name in [*plan.changed, *plan.unchanged]]
        if there:
            raise ConflictError(f"Table '{there[0]}' already registered")
        return plan


@dataclass(frozen=True, kw_only=True)
class Unregister(Wish):
    """Register a table no more; its data stays until it is removed."""

    table_id: str
    verb: str = "unregister"

    def _plan(self, editor: Editor) -> Plan:
        path = editor.path("table", self.table_id)
        plan = editor.put(Pack())
        plan.files[path] = None
        plan.removed.append(f"tables/{self.table_id}")
        return plan


@dataclass
class Discovered:
    """What a Keboola project has that is not registered.

    Args:
        tables: to be registered.
        skipped: ids of tables that cannot be, and why.
        known: ids of tables, there, that are already.
    """

    tables: list[Table] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)


def discover(theirs: Iterable[StorageTable], ours: Iterable[Mapping[str, Any]]) -> Discovered:
    """Find the tables of a project that are not registered yet.

    Args:
        ours: the rows of the registered tables.
    """
    rows = list(ours)
    known = {
        full_id(row["id"], row["bucket"], row["source_table"])
        for row in rows
        if row["source_type"] == "keboola"
    }
    ids = {row["id"].casefold() for row in rows}
    found = Discovered()
    for table in theirs:
        if table.id in known:
            found.known.append(table.id)
        elif table.id.casefold() in ids:
            found.skipped[table.id] = "another table has this id"
        else:
            try:
                found.tables.append(_from_keboola(table))
                ids.add(table.id.casefold())
            except InvalidError as error:
                reasons = [finding.message for finding in error.diagnostics]
                found.skipped[table.id] = "; ".join(reasons) or error.message
    return found


def _from_keboola(table: StorageTable) -> Table:
    columns = {
        name: {
            "basetype": column.basetype,
            "description": column.description,
            "confidence": "high",
            "source": "keboola_import",
        }
        for name, column in table.columns.items()
    }
    key = table.primary_key
    return table_of(
        {
            "id": table.id,
            "name": table.name,
            "description": table.description,
            "source_type": "keboola",
            "bucket": table.bucket,
            "source_table": table.name if f"{table.bucket}.{table.name}" == table.id else table.id,
            "primary_key": (key[0] if len(key) == 1 else key) or None,
            "columns": {
                name: {key: value for key, value in fields.items() if value is not None}
                for name, fields in columns.items()
            },
        }
    )
