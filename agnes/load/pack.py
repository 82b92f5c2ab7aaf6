"""What an import reads: YAML files, folders of them, and the database of an older instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agnes.errors import InvalidError, NotFoundError, YamlError
from agnes.load.catalog import load_catalog
from agnes.load.document import read_metrics
from agnes.load.folder import Folder
from agnes.model.catalog import Index
from agnes.model.diagnostic import Diagnostic, has_errors
from agnes.model.fields import Model
from agnes.model.layout import printable
from agnes.model.metric import Metric
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.yaml.dump import dump
from agnes.yaml.loader import load

DATABASE_VERSION = 4


@dataclass
class Pack:
    """What is to be imported; everything in it is valid."""

    metrics: dict[str, Metric] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    index: Index | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)


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
            f"{path} holds no metric", "metrics are looked for in <category>/<name>.yml"
        )
    return pack


def _read_folder(root: Path) -> Pack:
    folder = Folder(root)
    pack = Pack()
    entries = folder.entries()
    # Tables and the index are read as in a catalog; metrics more freely: files of an older pack
    # may be called otherwise and hold several.
    catalog = load_catalog(folder, [entry for entry in entries if not _is_metric_file(entry.path)])
    pack.tables, pack.index = catalog.tables, catalog.index
    pack.diagnostics = [found for found in catalog.diagnostics if found.code != "AG208"]
    for entry in entries:
        if _is_metric_file(entry.path) and entry.kind == "file":
            _add_file(pack, folder.path(entry.path), entry.path, entry.path.split("/")[1])
    return pack


def _is_metric_file(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 3 and parts[0] == "metrics" and path.endswith((".yml", ".yaml"))


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
            version = _version(connection, shown)
            if version != DATABASE_VERSION:
                newer = version > DATABASE_VERSION
                raise InvalidError(
                    f"{path} has schema version {version}, not {DATABASE_VERSION}",
                    [],
                    "a newer Agnes wrote it; update this one"
                    if newer
                    else "bring it to version 4 with the system that wrote it; older versions "
                    "hold no metrics",
                )
            metrics = _rows(connection, "metric_definitions")
            columns = _rows(connection, "column_metadata")
            tables = _rows(connection, "table_registry")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InvalidError(
            f"cannot read {path}: {reason}",
            [],
            "stop the server that has it open, or copy the file first"
            if "lock" in reason.lower()
            else "is it a DuckDB file of an older instance?",
        ) from error
    return _from_rows(shown, metrics, tables, columns)


def _version(connection: Any, shown: str) -> int:
    import duckdb

    try:
        found = connection.execute("SELECT version FROM schema_version").fetchall()
    except duckdb.CatalogException:
        found = []
    if len(found) != 1:
        raise InvalidError(f"{shown} is no system.duckdb: it has no schema_version", [])
    return int(found[0][0])


def _rows(connection: Any, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY ALL')  # noqa: S608
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _from_rows(
    shown: str,
    metrics: list[dict[str, Any]],
    tables: list[dict[str, Any]],
    columns: list[dict[str, Any]],
) -> Pack:
    """Rows as the YAML that they would be, read like any other, so that the same rules hold."""
    pack = Pack()
    for row in metrics:
        data = {
            key: json.loads(value) if key in ("sql_variants", "validation") and value else value
            for key, value in row.items()
            if key in Metric.model_fields and value not in (None, "", [])
        }
        data |= {f"sql_{key}": sql for key, sql in data.pop("sql_variants", {}).items()}
        for document in read_metrics(f"{shown}:{row['id']}", dump(data), None):
            pack.diagnostics.extend(document.diagnostics)
            if isinstance(document.value, Metric):
                pack.metrics[document.value.id] = document.value
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
            key: row[key]
            for key in ("basetype", "description", "confidence", "source")
            if row.get(key)
        }
    for table_id, data in by_table.items():
        table_model = _validate(pack, f"{shown}:{table_id}", Table, data)
        if isinstance(table_model, Table):
            pack.tables[table_id] = table_model
    return pack


def _validate(pack: Pack, shown: str, model: type[Model], data: dict[str, Any]) -> Model | None:
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            where = ".".join(map(str, detail["loc"]))
            pack.diagnostics.append(
                Diagnostic(shown, 0, 0, "AG203", "error", f"`{where}`: {detail['msg']}")
            )
        return None


def metric_from_fields(fields: Mapping[str, Any]) -> Metric:
    """A metric from fields named as the columns of `metric_definitions`.

    Raises:
        InvalidError: a field is missing, unknown or wrong, or `id` disagrees.
    """
    data = {key: value for key, value in fields.items() if value is not None}
    wanted = data.pop("id", None)
    pack = Pack()
    metric = _validate(pack, str(wanted or data.get("name") or "metric"), Metric, data)
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
    table = _validate(pack, f"tables/{fields.get('id')}.yml", Table, dict(fields))
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


def read_proposal(path: Path) -> dict[str, dict[str, dict[str, Any] | None]]:
    """Read a proposal of column metadata: `{tables: {<id>: {columns: {<name>: {...}}}}}`.

    Returns:
        Table id to column name to fields, with a proposal's defaults filled in.

    Raises:
        NotFoundError, InvalidError: there is no such file, or it has another shape.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} not found")
    try:
        data = core(load(path.read_bytes()))
        return {
            table_id: {
                name: {"confidence": "high", "source": "ai_enrichment"} | (fields or {})
                for name, fields in table["columns"].items()
            }
            for table_id, table in data["tables"].items()
        }
    except YamlError as error:
        finding = Diagnostic(
            str(path), error.line, error.column, error.code, "error", str(error), error.hint
        )
        raise InvalidError(f"{path} cannot be read", [finding]) from error
    except (TypeError, KeyError, AttributeError):
        raise InvalidError(
            f"{path} is no proposal", [], "it is: {tables: {<id>: {columns: {<name>: {...}}}}}"
        ) from None
