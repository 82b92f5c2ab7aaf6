"""Column metadata: reading it, saying it, and telling a table's source."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agnes.api.bodies import ColumnsBody
from agnes.api.deps import InstanceOf, ViewOf, Writer
from agnes.api.examples import example
from agnes.api.problems import Problem, problem, problems
from agnes.api.strict import StrictRoute
from agnes.api.writing import WRITES, Key, as_json, change, in_review, of_commit, once
from agnes.changes.wishes import Describe
from agnes.errors import NotFoundError, UsageError
from agnes.model.table import Column

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


_PUSHED = example({"status": "ok", "pushed": 12})
_NOT_SET: dict[int | str, Any] = {
    500: {"model": Problem, "description": "This instance knows no Keboola project."}
}


@router.post(
    "/api/admin/metadata/{table_id}/push",
    response_class=Response,
    responses=_PUSHED | problems(400, 404) | _NOT_SET,
)
def push_columns_of(running: InstanceOf, caller: Writer, table_id: TableId) -> Response:
    """Tell a table's source what is known of its columns: types and descriptions.

    `errors` says what Keboola did not take, and why.
    """
    from agnes.keboola import Storage, full_id, push_columns

    view = running.serving.view(caller)
    table = view.table(table_id)
    if table is None:
        raise NotFoundError(f"Table '{table_id}' not found")
    if table["source_type"] != "keboola":
        raise UsageError(f"Table '{table_id}' is not from keboola: nothing to push it to")
    settings = running.settings
    if not settings.keboola_url or not settings.keboola_token:
        hint = "set KBC_STACK_URL and KBC_STORAGE_TOKEN"
        return problem(500, "KBC_STACK_URL or KBC_STORAGE_TOKEN is not set", hint=hint)
    with view.edition.reading() as snapshot:
        rows = snapshot.columns(table_id)
    columns = {
        row["column_name"]: Column(basetype=row["basetype"], description=row["description"])
        for row in rows
    }
    if not columns:
        return as_json({"status": "ok", "pushed": 0, "message": "No column metadata to push"})
    with Storage(settings.keboola_url, settings.keboola_token.get_secret_value()) as storage:
        address = full_id(table_id, table["bucket"], table["source_table"])
        done = push_columns(storage, address, columns)
    running.state.audit.note(
        caller, "metadata.push", table_id, pushed=done.pushed, errors=done.errors or None
    )
    errors = {"errors": done.errors} if done.errors else {}
    return as_json({"status": "ok", "pushed": done.pushed} | errors)
