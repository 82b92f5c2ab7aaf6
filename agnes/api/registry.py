"""The registry of tables, for who may change the catalog."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from agnes.api.deps import InstanceOf, Writer
from agnes.api.examples import example
from agnes.api.strict import StrictRoute
from agnes.api.writing import WRITES, Key, as_json, change, in_review, of_commit, once
from agnes.keboola import list_tables
from agnes.tables.registry import Register, Unregister, discover, table_of
from agnes.tables.sources import open_keboola

router = APIRouter(prefix="/api/admin", tags=["data"], route_class=StrictRoute)

Text = Annotated[str, Field(max_length=10_000)]
Short = Annotated[str, Field(max_length=200)]


class NewTable(BaseModel):
    """A table, as its YAML file has it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Orders",
                "source_type": "local",
                "description": "One row per order",
            }
        },
    )

    name: Short = Field(description="What people call it.", min_length=1)
    id: Short | None = Field(None, description="Default: the name in lower case, blanks to `_`.")
    description: Text | None = None
    source_type: Short | None = Field(None, description="local, keboola, ... Default: local.")
    bucket: Short | None = None
    source_table: Short | None = None
    sync_strategy: Short | None = None
    query_mode: Short | None = None
    sync_schedule: Short | None = Field(None, description="`every 6h`, `daily 07:00`.")
    profile_after_sync: bool | None = None
    primary_key: Short | list[Short] | None = None
    folder: Short | None = None
    access: Literal["public"] | dict[Literal["groups"], list[Short]] | None = None
    is_public: bool | None = None
    columns: dict[Short, dict[str, Any]] | None = None


class Registry(BaseModel):
    """All registered tables."""

    tables: list[dict[str, Any]]
    count: int


_MADE: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "It is served from now on.",
        "content": {
            "application/json": {
                "example": {"status": "registered", "id": "orders", "name": "Orders"}
            }
        },
    }
}
_FOUND = {
    "status": "ok",
    "registered": ["in.c-crm.company"],
    "already_registered": ["in.c-crm.deal"],
    "skipped": {"in.c-crm.a b": "no table can have this id"},
    "commit": "1f0c5d2",
    "branch": "main",
}


@router.post("/register-table", status_code=201, response_class=Response, responses=WRITES | _MADE)
def register_table(
    request: Request, running: InstanceOf, caller: Writer, table: NewTable, key: Key = None
) -> Response:
    """Register a table: its YAML file is committed, with the caller as the author."""
    fields = table.model_dump(exclude_none=True)

    def work(_: bool) -> Response:
        new = table_of(fields)
        changed = change(running, caller, Register(tables=[new]), action="table.register")
        said = {"status": "registered", "id": new.id, "name": new.name or new.id}
        more = {"commit": changed.commit, "branch": changed.branch}
        return in_review(changed) or as_json(said | more, 201, of_commit(changed))

    return once(running, caller, request, key, fields, work)


@router.get("/registry", response_model=Registry)
def show_registry(running: InstanceOf, caller: Writer) -> dict[str, Any]:
    """All registered tables, with how their data came in last."""
    view = running.serving.view(caller)
    last = running.syncer.status(view.sees_table)["tables"]
    tables = [row | {"last_sync": last.get(row["id"])} for row in view.tables]
    return {"tables": tables, "count": len(tables)}


@router.delete("/registry/{table_id}", status_code=204, response_class=Response, responses=WRITES)
def unregister_table(
    running: InstanceOf, caller: Writer, table_id: Annotated[str, Path(max_length=128)]
) -> Response:
    """Register a table no more: its YAML file is deleted, by a commit. Its data stays."""
    changed = change(running, caller, Unregister(table_id=table_id), action="table.unregister")
    return in_review(changed) or Response(status_code=204, headers=of_commit(changed))


@router.post("/discover-and-register", response_class=Response, responses=WRITES | example(_FOUND))
def discover_and_register(running: InstanceOf, caller: Writer) -> Response:
    """Register the tables of the Keboola project that are not registered yet, by one commit."""
    with open_keboola(running.settings) as storage:
        theirs = list_tables(storage)
    found = discover(theirs, running.serving.view(caller).tables)
    said: dict[str, Any] = {
        "status": "ok",
        "registered": [table.id for table in found.tables],
        "already_registered": found.known,
        "skipped": found.skipped,
        "commit": None,
        "branch": None,
    }
    if not found.tables:
        return as_json(said)
    changed = change(running, caller, Register(tables=found.tables), action="table.discover")
    said |= {"commit": changed.commit, "branch": changed.branch}
    if changed.is_review:
        return as_json(said | {"status": "in_review"}, 202)
    return as_json(said, headers=of_commit(changed))
