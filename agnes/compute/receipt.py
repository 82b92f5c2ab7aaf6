"""Receipts: what ties a number to the definition and the data that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

import agnes
from agnes.compute.run import Answer
from agnes.errors import AgnesError, NotFoundError
from agnes.load.certificate import meaning
from agnes.model.fields import Grain, MetricId
from agnes.model.layout import printable
from agnes.queries.values import answer as as_json
from agnes.sql.derive import Ask
from agnes.tables.atomic import new_file

MOST_ROWS = 1_000
"""Rows that a receipt keeps; of more it has the hash alone."""
MAX_BYTES = 8 * 1024 * 1024
FOLDER = "user/receipts"
"""Where a workspace keeps them."""
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(_Part):
    """What was asked of the metric; see `agnes.sql.derive.Ask`."""

    by: tuple[str, ...] = ()
    grain: Grain | None = None
    start: date | None = None
    end: date | None = None
    where: str | None = None


class Receipt(_Part):
    """What was run, on what, and what came out.

    Args:
        receipt: the version of this format.
        id: names it: when it was made, of what.
        metric: the metric's id.
        commit: the one that last changed the definition; None for one that is not committed.
        definition: the hash of what the definition means, see `agnes.load.certificate.meaning`.
        fields: the definition itself, under the keys of its YAML file.
        asked, sql, parameters: what was asked, the query that was run, and a day for each `$name`.
        engine: where it ran.
        data: the SHA-256 of each table's file that the query reads; None where there are no files.
        columns, types, rows: what came out, rows as `POST /api/query` gives them; None for more
            than a thousand.
        row_count, truncated: how many there were, and whether there are more.
        result: the SHA-256 of columns and rows as JSON.
        at: when, in UTC.
        seconds: how long the query took.
        agnes: the version that made it.
    """

    receipt: Literal[1] = 1
    id: Annotated[str, StringConstraints(pattern="^[0-9A-Za-z_.-]{1,200}$")]
    metric: MetricId
    commit: str | None = None
    definition: str
    fields: dict[str, Any]
    asked: Asked = Asked()
    sql: str
    parameters: dict[str, date] = {}
    engine: str = "duckdb"
    data: dict[str, Sha256] | None = None
    columns: list[str]
    types: list[str]
    rows: list[list[Any]] | None
    row_count: int = Field(ge=0)
    truncated: bool = False
    result: Sha256
    at: datetime
    seconds: float
    agnes: str

    @property
    def ask(self) -> Ask:
        """What was asked of the metric."""
        return Ask(**{name: getattr(self.asked, name) for name in Asked.model_fields})

    def as_dict(self, *, rows: bool = True) -> dict[str, Any]:
        """It as plain data, for JSON.

        Args:
            rows: with what came out; False where that stands beside it.
        """
        return self.model_dump(mode="json", exclude=set() if rows else _CAME_OUT)


_CAME_OUT = {"columns", "types", "rows", "row_count", "truncated"}


def receipt_of(
    answer: Answer, *, commit: str | None, engine: str, data: Mapping[str, str] | None
) -> Receipt:
    """The receipt of an answer, made now.

    Args:
        commit: the one that last changed the definition.
        data: the SHA-256 of each table's file that was read, taken before.
    """
    rows = as_json(answer.result)
    digest = result_hash(rows["columns"], rows["rows"])
    at = datetime.now(UTC).replace(microsecond=0)
    ask, metric = answer.asked, answer.metric
    return Receipt(
        id=f"{at:%Y%m%dT%H%M%SZ}-{metric.category}-{metric.name}-{digest[:8]}",
        metric=metric.id,
        commit=commit,
        definition=meaning(metric),
        fields=json.loads(json.dumps(metric.to_yaml(), default=str)),
        asked=Asked(by=ask.by, grain=ask.grain, start=ask.start, end=ask.end, where=ask.where),
        sql=answer.derived.sql,
        parameters=dict(answer.derived.parameters),
        engine=engine,
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
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise NotFoundError(f"{path}: {error.strerror}", "list them: da answers list") from None
    try:
        found = json.loads(content)
        if isinstance(found, dict) and isinstance(inner := found.get("receipt"), dict):
            found = {key: found[key] for key in _CAME_OUT if key in found} | inner
        return Receipt.model_validate(found)
    except (ValueError, RecursionError) as error:
        reason = "it cannot be read as JSON"
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            reason = printable(f"{where}: {first['msg']}" if where else first["msg"])
        raise AgnesError(f"{path} is no receipt: {reason}") from None


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
