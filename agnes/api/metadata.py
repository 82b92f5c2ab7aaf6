"""Column metadata: reading it, saying it, and telling a table's source."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from agnes.api.bodies import ColumnsBody
from agnes.api.deps import InstanceOf, ViewOf, Writer
from agnes.api.examples import example
from agnes.api.problems import Problem, problem, problems
from agnes.api.strict import StrictRoute
from agnes.api.writing import WRITES, Key, as_json, change, in_review, of_commit, once
from agnes.changes.wishes import Describe
from agnes.config import Person
from agnes.errors import NotFoundError, UsageError
from agnes.tables.sources import open_keboola

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


_VALUE = {
    "column": "name",
    "key": "description",
    "ours": "As it is registered.",
    "theirs": "Trading name.",
    "base": "The name.",
}
_PUSHED = example(
    {
        "status": "ok",
        "pushed": 1,
        "table": "company",
        "address": "in.c-crm.company",
        "sent": {"id": {"basetype": "INTEGER", "description": "The company's number."}},
        "equal": 4,
        "conflicts": [_VALUE],
        "theirs": [],
        "dry_run": False,
        "commit": "e2b6f1d0c3a4958677889900aabbccddeeff0011",
        "branch": None,
        "unrecorded": None,
    }
)
_NOT_SET: dict[int | str, Any] = {
    500: {"model": Problem, "description": "This instance knows no Keboola project."}
}


@router.post(
    "/api/admin/metadata/{table_id}/push",
    response_class=Response,
    responses=_PUSHED | problems(400, 404) | _NOT_SET,
)
def push_columns_of(
    running: InstanceOf,
    caller: Writer,
    table_id: TableId,
    dry_run: Annotated[bool, Query(description="Say what would be sent; send nothing.")] = False,
    force: Annotated[
        bool, Query(description="Take the place of what was changed in Keboola, too.")
    ] = False,
) -> Response:
    """Tell Keboola what is known of a table's columns: base types and descriptions.

    Three versions are compared: what was pushed last, ours, and what Keboola has now. What was
    changed here alone is sent; what was changed there is left as it is, and told: in `theirs` if
    it was changed there alone, in `conflicts` if on both sides. What both then say is recorded by
    a commit. `errors` says what Keboola did not take, and why.
    """
    from agnes.publishing.columns import described
    from agnes.publishing.push import push_tables
    from agnes.publishing.receipt import Record

    view = running.serving.view(caller)
    if not view.sees_table(table_id):
        raise NotFoundError(f"Table '{table_id}' not found")
    with view.edition.reading() as snapshot:
        tables = described(snapshot, [table_id])
    settings = running.settings
    if not settings.keboola_url or not settings.keboola_token:
        hint = "set KBC_STACK_URL and KBC_STORAGE_TOKEN"
        return problem(500, "KBC_STACK_URL or KBC_STORAGE_TOKEN is not set", hint=hint)

    def keep(record: Record) -> tuple[str | None, str | None]:
        by = Person(caller.name or caller.email, caller.email)
        changed = running.changes.make(record, by)
        if not changed.is_review:
            running.serving.refresh()
        return changed.commit, changed.branch if changed.is_review else None

    with open_keboola(settings) as storage:
        done = push_tables(
            *(storage, running.location, view.commit, tables, keep), force=force, dry_run=dry_run
        )
    (outcome,) = done.tables
    if not dry_run:
        running.state.audit.note(
            *(caller, "metadata.push", table_id),
            commit=done.commit,
            branch=done.branch,
            pushed=len(outcome.sent),
            conflicts=len(outcome.conflicts) or None,
            errors=outcome.errors or None,
        )
    return as_json({"status": "ok"} | done.of_one())
