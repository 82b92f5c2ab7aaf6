"""What became of an answer: run again, and its definition compared with the one in force."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agnes.compute.data import Files, files_of, hashes_of
from agnes.compute.engine import Engine
from agnes.compute.receipt import Receipt, result_hash
from agnes.compute.run import columns_of, compile_metric
from agnes.compute.subject import Row
from agnes.errors import AgnesError, SandboxError
from agnes.load.certificate import meaning, written
from agnes.model.metric import Metric
from agnes.queries.values import answer as rows_of

if TYPE_CHECKING:
    from agnes.diff.change import FieldChange, Part

_CLOSE = 1e-9
_SHOWN = 10
_FRAGMENT = 80
_OF_MEANING = ("compatible", "breaking", "result-changing")


@dataclass(frozen=True)
class Cell:
    """A value that came out otherwise.

    Args:
        row: counted from 1.
        old, new: None where there is no such row.
    """

    row: int
    column: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Verdict:
    """What there is to say of a receipt.

    Args:
        same: whether the same numbers came out, floats but for rounding.
        tampered: what in the receipt contradicts itself; empty for one that was not touched.
        definition: in words, what the definition in force says otherwise; empty if nothing.
        data: tables whose data is not the same.
        cells: the first values that differ.
        differing: how many do.
        failed: why the query could not be run again.
    """

    receipt: str
    metric: str
    same: bool
    tampered: tuple[str, ...] = ()
    definition: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    differing: int = 0
    failed: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return asdict(self)


def verify(
    receipt: Receipt, engine: Engine, files: Files | None, row: Mapping[str, Any] | None
) -> Verdict:
    """Run the query of a receipt again, and compare.

    Args:
        files: what the engine reads; None where the data is elsewhere.
        row: of `metric_definitions`, the metric in force; None where there is none.
    """
    tampered, definition = tuple(_tampered(receipt, engine)), tuple(changes(receipt, row))
    about = partial(Verdict, receipt.id, receipt.metric, tampered=tampered, definition=definition)
    try:
        result = engine.query(receipt.sql, receipt.parameters, receipt.row_count)
    except SandboxError as error:
        return about(same=False, failed=error.message)
    now = rows_of(result)
    differing = list(_differing(receipt, now))
    unkept = receipt.rows is None and result_hash(now["columns"], now["rows"]) != receipt.result
    longer = now["truncated"] and not receipt.truncated
    return about(
        same=not (differing or unkept or longer or tampered),
        data=tuple(_moved(receipt, result.reads, files)),
        cells=tuple(islice(differing, _SHOWN)),
        differing=len(differing),
    )


def changes(receipt: Receipt, row: Mapping[str, Any] | None) -> Iterator[str]:
    """In words, how the definition in force differs in meaning from that of a receipt."""
    if row is None:
        yield f"{receipt.metric} is not there any more"
        return
    if written(Row.of(row)) == receipt.definition:
        return
    from agnes.diff.fields import compare_models
    from agnes.load.export import as_metric

    before, now = _definition(receipt), as_metric(row)
    if before is not None and meaning(before) == meaning(now):
        return
    fields = compare_models(before, now, lambda *_: False) if before else []
    words = [said for field in fields if field.class_ in _OF_MEANING for said in _in_words(field)]
    yield from words or ["it means something else"]


def _in_words(field: FieldChange) -> Iterator[str]:
    """A change of a field, with what was there and what is."""
    parts: list[Part | FieldChange] = [it for it in field.parts if it.class_ != "cosmetic"]
    for it in parts or [field]:
        sides = [_short(side) for side in (it.old, it.new) if isinstance(side, str)]
        fragment = " -> ".join(sides)
        yield f"{field.field}: {it.what}" + (f" ({fragment})" if fragment else "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _FRAGMENT else f"{line[: _FRAGMENT - 1]}…"


def stale(
    receipts: Iterable[Receipt], rows: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[Receipt, tuple[str, ...]]]:
    """The receipts whose definition has changed in meaning since, with the change in words.

    Args:
        rows: the metrics in force, by id.
    """
    for receipt in receipts:
        if words := tuple(changes(receipt, rows.get(receipt.metric))):
            yield receipt, words


def _definition(receipt: Receipt) -> Metric | None:
    try:
        return Metric.model_validate(receipt.fields)
    except ValidationError:
        return None


def _tampered(receipt: Receipt, engine: Engine) -> Iterator[str]:
    metric = _definition(receipt)
    if metric is None or metric.id != receipt.metric or written(metric) != receipt.definition:
        yield "its definition does not have the hash that it names"
    else:
        try:
            derived = compile_metric(metric, receipt.asked, columns_of(engine))
        except AgnesError as error:
            yield f"its query cannot be made of its definition: {error.message}"
        else:
            if (derived.sql, dict(derived.parameters)) != (receipt.sql, receipt.parameters):
                yield "its query is not the one that its definition gives"
    if receipt.rows is not None and result_hash(receipt.columns, receipt.rows) != receipt.result:
        yield "its rows do not have the hash that it names"
    if receipt.rows is not None and len(receipt.rows) != receipt.row_count:
        yield "it has another number of rows than it names"


def _moved(receipt: Receipt, reads: Iterable[str], files: Files | None) -> Iterator[str]:
    if files is None or receipt.data is None:
        return
    now = hashes_of(files_of(reads, files.tables), files.notes)
    yield from (name for name, digest in receipt.data.items() if now.get(name) != digest)


def _differing(receipt: Receipt, now: Mapping[str, Any]) -> Iterator[Cell]:
    if now["columns"] != receipt.columns:
        yield Cell(0, "columns", receipt.columns, now["columns"])
        return
    for at, (old, new) in enumerate(zip_longest(receipt.rows or [], now["rows"]), 1):
        if receipt.rows is None:
            return
        if old is None or new is None:
            yield Cell(at, "", old, new)
            continue
        for name, before, after in zip(receipt.columns, old, new, strict=True):
            if not _alike(before, after):
                yield Cell(at, name, before, after)


def _alike(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float | int) and not isinstance(new, bool):
        return math.isclose(old, new, rel_tol=_CLOSE, abs_tol=0.0)
    return bool(old == new) and type(old) is type(new)
