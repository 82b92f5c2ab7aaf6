"""Receipts: what ties a number to the definition and the data that made it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Literal

import agnes
from agnes.compute.run import Answer
from agnes.compute.subject import Row
from agnes.errors import AgnesError, NotFoundError
from agnes.load.certificate import written
from agnes.queries.values import answer as as_json
from agnes.sql.ask import Ask
from agnes.tables.atomic import new_file

MOST_ROWS = 1_000
"""Rows that a receipt keeps; of more it has the hash alone."""
MAX_BYTES = 8 * 1024 * 1024
FOLDER = "user/receipts"
"""Where a workspace keeps them."""
_WHAT = "a receipt is what da metrics run --json prints, or a file of user/receipts/"
_ID = re.compile("[0-9A-Za-z_.-]{1,200}")


@dataclass(frozen=True)
class Receipt:
    """What was run, on what, and what came out.

    Args:
        receipt: the version of this format.
        id: names it: when it was made, of what.
        metric: the metric's id.
        commit: the one that last changed the definition; None for one that is not committed.
        definition: the hash of the definition, see `agnes.load.certificate.written`.
        fields: the definition itself, from which `agnes.model.metric.Metric` can be made.
        asked, sql, parameters: what was asked, the query that was run, and a day for each `$name`.
        engine: where it ran: `duckdb`, or the address of another, without passwords.
        sent: the query in that engine's dialect, its parameters written into it; None for DuckDB.
        data: the SHA-256 of each table's file that the query reads; None where there are no files.
        columns, types, rows: what came out, rows as `POST /api/query` gives them; None for more
            than a thousand.
        row_count, truncated: how many there were, and whether there are more.
        result: the SHA-256 of columns and rows as JSON.
        at: when, in UTC.
        seconds: how long the query took.
        agnes: the version that made it.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    id: str
    metric: str
    definition: str
    fields: dict[str, Any]
    sql: str
    columns: list[str]
    types: list[str]
    rows: list[list[Any]] | None
    row_count: int
    result: str
    at: datetime
    seconds: float
    agnes: str
    commit: str | None = None
    asked: Ask = field(default_factory=Ask)
    parameters: dict[str, date] = field(default_factory=dict)
    engine: str = "duckdb"
    sent: str | None = None
    data: dict[str, str] | None = None
    truncated: bool = False
    receipt: Literal[1] = 1

    def as_dict(self, *, rows: bool = True) -> dict[str, Any]:
        """It as plain data, for JSON.

        Args:
            rows: with what came out; False where that stands beside it.
        """
        left_out = set() if rows else _CAME_OUT
        said = {key: value for key, value in asdict(self).items() if key not in left_out}
        plain: dict[str, Any] = json.loads(json.dumps(said, default=_plain))
        return plain


def _plain(value: Any) -> Any:
    """What JSON has for a day or a moment."""
    return value.isoformat().replace("+00:00", "Z")


_CAME_OUT = {"columns", "types", "rows", "row_count", "truncated"}


def receipt_of(
    answer: Answer,
    row: Row,
    *,
    commit: str | None,
    engine: str = "duckdb",
    sent: str | None = None,
    data: Mapping[str, str] | None,
) -> Receipt:
    """The receipt of an answer, made now.

    Args:
        row: the definition that the answer is of.
        commit: the one that last changed the definition.
        engine, sent: where it ran, and the query that ran there.
        data: the SHA-256 of each table's file that was read, taken before.
    """
    rows = as_json(answer.result)
    digest = result_hash(rows["columns"], rows["rows"])
    at = datetime.now(UTC).replace(microsecond=0)
    return Receipt(
        id=f"{at:%Y%m%dT%H%M%SZ}-{row.id.replace('/', '-')}-{digest[:8]}",
        metric=row.id,
        commit=commit,
        definition=written(row),
        fields=row.said(),
        asked=answer.asked,
        sql=answer.derived.sql,
        parameters=dict(answer.derived.parameters),
        engine=engine,
        sent=None if sent == answer.derived.sql else sent,
        data=None if data is None else dict(data),
        columns=rows["columns"],
        types=rows["types"],
        rows=rows["rows"] if len(rows["rows"]) <= MOST_ROWS else None,
        row_count=rows["row_count"],
        truncated=rows["truncated"],
        result=digest,
        at=at,
        seconds=round(answer.seconds, 4),
        agnes=agnes.__version__,
    )


def result_hash(columns: list[str], rows: list[list[Any]]) -> str:
    """The SHA-256 of a result, over its JSON without blanks."""
    text = json.dumps([columns, rows], ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def keep(receipt: Receipt, folder: Path) -> Path:
    """Write a receipt into a folder.

    Returns:
        The file, `<id>.json`.

    Raises:
        UnavailableError: it cannot be written.
    """
    path = folder / f"{receipt.id}.json"
    with new_file(path) as file:
        text = json.dumps(receipt.as_dict(), ensure_ascii=False, indent=2)
        file.write(text.encode())
    return path


def read_receipt(path: Path) -> Receipt:
    """Read a receipt that was kept, or that a command printed.

    Args:
        path: JSON: a receipt, or what `da metrics run --json` printed.

    Raises:
        NotFoundError: there is no such file.
        AgnesError: it is no receipt.
    """
    from pydantic import TypeAdapter, ValidationError

    from agnes.model.layout import printable

    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise NotFoundError(f"{path}: {error.strerror}", _WHAT) from None
    reason = "it cannot be read as JSON"
    try:
        found = json.loads(content)
        if isinstance(found, dict) and isinstance(inner := found.get("receipt"), dict):
            found = {key: found[key] for key in _CAME_OUT if key in found} | inner
        version = found.get("receipt", 1) if isinstance(found, dict) else 1
        if version != 1:
            raise AgnesError(f"{path} is a receipt of version {version}", "update Agnes")
        receipt = TypeAdapter(Receipt).validate_python(found)
        if _ID.fullmatch(receipt.id):
            return receipt
        reason = "its id is none"
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = printable(f"{where}: {first['msg']}" if where else first["msg"])
    except (ValueError, RecursionError):
        pass
    raise AgnesError(f"{path} is no receipt: {reason}", _WHAT)


def find_receipt(name: str, folder: Path | None) -> Path:
    """The file that is meant: a path, or the id of a receipt in a folder, or how one begins.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    path = Path(name)
    if path.is_file() or folder is None:
        return path
    found = [it for it in kept_in(folder) if it.stem.startswith(name.removesuffix(".json"))]
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} receipts begin so" if found else f"neither a file nor in {FOLDER}"
    raise NotFoundError(f"{name}: {many}", "list them: da answers list")


def kept_in(folder: Path) -> list[Path]:
    """The files of the receipts in a folder, the newest first."""
    return sorted(folder.glob("*.json"), reverse=True)
