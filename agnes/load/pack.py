"""What an import reads: YAML files, folders of them, and the database of an older instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yaml import YAMLError

from agnes.errors import InvalidError, NotFoundError
from agnes.git.entry import Entry
from agnes.load.catalog import load_catalog
from agnes.load.document import read_document, read_metrics
from agnes.load.folder import Folder
from agnes.model.catalog import Index
from agnes.model.diagnostic import Diagnostic, has_errors
from agnes.model.layout import Slot, printable
from agnes.model.metric import Metric
from agnes.model.scalar import core
from agnes.model.table import Column, Table
from agnes.yaml.dump import dump
from agnes.yaml.loader import load
from agnes.yaml.ruamel import same

DATABASE_VERSION = 4


@dataclass
class Pack:
    """What is to be imported; everything in it is valid.

    Args:
        older: it comes from an older instance, which does not know all that a file may say.
    """

    metrics: dict[str, Metric] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    index: Index | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    older: bool = False


def read_pack(path: Path) -> Pack:
    """Read everything that a path offers for import.

    Args:
        path: a YAML file with one metric or a list of them; a folder of `<category>/<name>.yml`;
            a whole catalog; a `system.duckdb`.

    Raises:
        NotFoundError: there is nothing.
        InvalidError: something does not validate; all findings are in it, nothing is left out.
    """
    if not path.exists():
        raise NotFoundError(f"Path not found: {path}")
    if path.is_dir():
        pack = _read_folder(path)
    elif path.suffix == ".duckdb":
        pack = _read_database(path)
    else:
        pack = Pack()
        _add_file(pack, path, path.name, None)
    if has_errors(pack.diagnostics):
        count = sum(finding.severity == "error" for finding in pack.diagnostics)
        raise InvalidError(
            f"{path} has {count} error(s); nothing was imported", sorted(pack.diagnostics)
        )
    if not pack.metrics and not pack.tables:
        raise NotFoundError(
            f"{path} holds no metric",
            "metrics are looked for in <category>/<name>.yml" if path.is_dir() else None,
        )
    return pack


def _read_folder(root: Path) -> Pack:
    folder = Folder(root)
    pack = Pack()
    entries = folder.entries()
    # Tables and the index are read as in a catalog; metrics more freely: files of an older pack
    # may be called otherwise and hold several.
    catalog = load_catalog(folder, [entry for entry in entries if not _is_metric_file(entry)])
    pack.tables, pack.index = catalog.tables, catalog.index
    pack.diagnostics = [found for found in catalog.diagnostics if found.code != "AG208"]
    for entry in entries:
        if _is_metric_file(entry):
            _add_file(pack, folder.path(entry.path), entry.path, entry.path.split("/")[1])
    pack.diagnostics = [replace(found, path=folder.shown(found.path)) for found in pack.diagnostics]
    return pack


def _is_metric_file(entry: Entry) -> bool:
    parts = entry.path.split("/")
    is_yaml = entry.kind == "file" and entry.path.endswith((".yml", ".yaml"))
    return is_yaml and len(parts) == 3 and parts[0] == "metrics"


def _add_file(pack: Pack, file: Path, shown: str, category: str | None) -> None:
    for document in read_metrics(shown, file.read_bytes(), category):
        pack.diagnostics.extend(document.diagnostics)
        metric = document.value
        if not isinstance(metric, Metric):
            continue
        if metric.id in pack.metrics:
            message = f"{metric.id} is there twice"
            pack.diagnostics.append(
                Diagnostic(printable(shown), 0, 0, "AG206", "error", message, "keep one of them")
            )
        pack.metrics[metric.id] = metric


def _read_database(path: Path) -> Pack:
    import duckdb

    shown = path.name
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            version = database_version(connection, path)
            if version != DATABASE_VERSION:
                newer = version > DATABASE_VERSION
                raise InvalidError(
                    f"{path} has schema version {version}, not {DATABASE_VERSION}",
                    [],
                    "a newer Agnes wrote it; update this one"
                    if newer
                    else f"bring it to version {DATABASE_VERSION}: da cache upgrade {path}",
                )
            metrics = _rows(connection, "metric_definitions", "id", "name", "category", "sql")
            columns = _rows(connection, "column_metadata", "table_id", "column_name")
            tables = _rows(connection, "table_registry", "id")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InvalidError(
            f"cannot read {path}: {reason}",
            [],
            "stop the server that has it open, or copy the file first"
            if "Could not set lock" in reason or "Conflicting lock" in reason
            else "is it a DuckDB file of an older instance?",
        ) from error
    return _from_rows(shown, metrics, tables, columns)


def database_version(connection: Any, path: Path) -> int:
    """The schema version that an older instance's open database says it has.

    Raises:
        InvalidError: it says none, or more than one.
    """
    import duckdb

    try:
        found = connection.execute("SELECT version FROM schema_version").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        raise InvalidError(
            f"{path} is no system.duckdb: it has no schema_version",
            [],
            "an older instance has its system.duckdb in DATA_DIR/state",
        ) from None
    if len(found) != 1 or not str(found[0][0]).isdecimal():
        says = ", ".join(str(version) for (version,) in found[:5]) or "nothing"
        raise InvalidError(
            f"{path} does not say its version: schema_version holds {says} instead of one number",
            [],
            "restore it from a backup",
        )
    return int(found[0][0])


def _rows(connection: Any, table: str, *needed: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY ALL')  # noqa: S608
    names = [column[0] for column in cursor.description]
    if missing := [name for name in needed if name not in names]:
        raise InvalidError(f"system.duckdb: {table} has no column {missing[0]}", [])
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _from_rows(
    shown: str,
    metrics: list[dict[str, Any]],
    tables: list[dict[str, Any]],
    columns: list[dict[str, Any]],
) -> Pack:
    """Rows as the YAML that they would be, read like any other, so that the same rules hold."""
    pack = Pack(older=True)
    for row in metrics:
        data: dict[str, Any] = {
            key: _from_json(value) if key in ("sql_variants", "validation", "meta") else value
            for key, value in row.items()
            if key in Metric.model_fields
        }
        data = {key: value for key, value in data.items() if value not in (None, "", [])}
        where = f"{shown}:{row['id']}"
        metric = _read_as_file(pack, Slot(where, "metric", row["id"]), _yaml_names(data))
        if isinstance(metric, Metric):
            pack.metrics[metric.id] = metric
    by_table: dict[str, dict[str, Any]] = {
        row["id"]: {
            key: value
            for key, value in row.items()
            if key in Table.model_fields and value not in (None, "")
        }
        for row in tables
    }
    for row in columns:
        table = by_table.setdefault(row["table_id"], {"id": row["table_id"]})
        table.setdefault("columns", {})[row["column_name"]] = {
            key: row[key] for key in Column.model_fields if row.get(key)
        }
    names: dict[str, str] = {}
    for table_id, data in by_table.items():
        slot = Slot(f"{shown}:{table_id}", "table", table_id)
        other = names.setdefault(table_id.casefold(), table_id)
        if other != table_id:
            message = f"{table_id} is already defined by {other}"
            pack.diagnostics.append(
                Diagnostic(
                    printable(slot.path), 0, 0, "AG206", "error", message, "keep one of them"
                )
            )
        value = _read_as_file(pack, slot, data)
        if isinstance(value, Table):
            pack.tables[table_id] = value
    return pack


def _from_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _yaml_names(data: dict[str, Any]) -> dict[str, Any]:
    """Fields under their names in YAML; variants that are no mapping stay, and are refused."""
    variants = data.get("sql_variants")
    if not isinstance(variants, Mapping):
        return data
    kept = {key: value for key, value in data.items() if key != "sql_variants"}
    return kept | {f"sql_{key}": sql for key, sql in variants.items()}


def _read_as_file(pack: Pack, slot: Slot, data: dict[str, Any]) -> Metric | Table | None:
    """Validate data by reading the file that it would be: the same rules, the same words."""
    try:
        content = dump(data)
    except (YAMLError, UnicodeEncodeError) as error:
        reason = str(error).splitlines()[0]
        pack.diagnostics.append(
            Diagnostic(printable(slot.path), 0, 0, "AG203", "error", f"cannot be written: {reason}")
        )
        return None
    document = read_document(slot, content)
    pack.diagnostics += [replace(found, line=0, column=0) for found in document.diagnostics]
    value = document.value
    if not isinstance(value, Metric | Table):
        return None
    if not same(core(load(content)), data):
        message = "holds a value that YAML cannot hold, such as NaN"
        pack.diagnostics.append(Diagnostic(printable(slot.path), 0, 0, "AG203", "error", message))
        return None
    return value


def metric_from_fields(fields: Mapping[str, Any]) -> Metric:
    """A metric from fields named as the columns of `metric_definitions`.

    Raises:
        InvalidError: a field is missing, unknown or wrong, or `id` disagrees.
    """
    data = {key: value for key, value in fields.items() if value is not None}
    wanted = data.pop("id", None)
    if not isinstance(data.get("sql_variants", {}), Mapping):
        finding = Diagnostic("metric", 0, 0, "AG203", "error", "`sql_variants` must be a mapping")
        raise InvalidError("the metric does not validate", [finding])
    data = {
        key: list(value) if isinstance(value, tuple | set) else value for key, value in data.items()
    }
    pack = Pack()
    made = f"{data.get('category')}/{data.get('name')}"
    slot = Slot(str(wanted or data.get("name") or "metric"), "metric", made)
    metric = _read_as_file(pack, slot, _yaml_names(data))
    if not isinstance(metric, Metric):
        raise InvalidError("the metric does not validate", pack.diagnostics)
    if wanted not in (None, metric.id):
        raise InvalidError(
            f"the id is {wanted!r}, but category and name say {metric.id!r}", [], "make them equal"
        )
    return metric


def table_from_fields(fields: Mapping[str, Any]) -> Table:
    """A table from the keys of its YAML file.

    Raises:
        InvalidError: a field is missing, unknown or wrong.
    """
    pack = Pack()
    slot = Slot(f"tables/{fields.get('id')}.yml", "table", str(fields.get("id")))
    table = _read_as_file(pack, slot, dict(fields))
    if not isinstance(table, Table):
        raise InvalidError("the table does not validate", pack.diagnostics)
    return table


def with_columns(table: Table, columns: Mapping[str, Mapping[str, Any] | None]) -> Table:
    """A table with what is newly known of columns; None forgets one.

    Raises:
        InvalidError: a value that the model does not know.
    """
    data = table.to_yaml()
    known: dict[str, Any] = data.setdefault("columns", {})
    for name, fields in columns.items():
        if fields is None:
            known.pop(name, None)
        else:
            kept = {"pii": True} if known.get(name, {}).get("pii") else {}
            known[name] = kept | {key: value for key, value in fields.items() if value is not None}
    return table_from_fields(data)
