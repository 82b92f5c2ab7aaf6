"""Column metadata: reading it, saying it, and telling a table's source."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agnes.api.bodies import ColumnsBody
from agnes.api.deps import InstanceOf, ViewOf, Writer
from agnes.api.examples import example
from agnes.api.strict import StrictRoute
from agnes.api.writing import WRITES, Key, as_json, change, in_review, of_commit, once
from agnes.changes.wishes import Describe
from agnes.errors import UsageError

router = APIRouter(tags=["catalog"], route_class=StrictRoute)

TableId = Annotated[str, Path(description="A table.", examples=["orders"], max_length=200)]
COLUMN: dict[str, Any] = {
    "table_id": "orders",
    "column_name": "amount",
    "basetype": "NUMERIC",
    "description": "In dollars, without tax.",
    "confidence": "manual",
    "source": "manual",
    "updated_at": "2026-01-31T12:00:00",
    "pii": False,
}


@router.get(
    "/api/admin/metadata/{table_id}",
    response_class=Response,
    responses=example({"table_id": "orders", "columns": [COLUMN]}),
)
def show_columns(view: ViewOf, table_id: TableId) -> Response:
    """What is known of a table's columns, by name; nothing of a table that is not there for you."""
    columns = []
    if view.sees_table(table_id):
        with view.edition.reading() as snapshot:
            columns = snapshot.columns(table_id)
    return as_json({"table_id": table_id, "columns": columns})


@router.post(
    "/api/admin/metadata/{table_id}",
    response_class=Response,
    responses=WRITES | example({"status": "ok", "count": 1}),
)
def describe_columns(
    request: Request,
    running: InstanceOf,
    caller: Writer,
    table_id: TableId,
    body: ColumnsBody,
    key: Key = None,
) -> Response:
    """Say what is known of columns; those that are not named stay as they are.

    A table that is not registered is registered by it.
    """
    said = body.model_dump()["columns"]
    names = [column.pop("column_name") for column in said]
    columns = dict(zip(names, said, strict=True))

    def work(_: bool) -> Response:
        if len(columns) != len(names):
            raise UsageError("a column is named twice", "name each once")
        answer = {"status": "ok", "count": len(columns)}
        if not columns:
            return as_json(answer)
        wish = Describe(columns={table_id: columns})
        changed = change(running, caller, wish, action="metadata.save")
        return in_review(changed) or as_json(answer, headers=of_commit(changed))

    return once(running, caller, request, key, columns, work)
