"""What data there is, bringing it in, and how far that is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from agnes.api.deps import Administrator, InstanceOf, Reader
from agnes.api.problems import problems

router = APIRouter(prefix="/api/sync", tags=["data"])

TableIds = Annotated[
    list[Annotated[str, Field(max_length=128)]], Field(max_length=10_000, examples=[["orders"]])
]


class TableData(BaseModel):
    """What there is of a table."""

    hash: str = Field(description="SHA-256 of the parquet file, in hexadecimal digits.")
    updated: str = Field(description="When it came, ISO 8601.")
    size_bytes: int
    rows: int


class Manifest(BaseModel):
    """What there is to download."""

    tables: dict[str, TableData]
    assets: dict[str, Any] = Field(
        description="`catalog` and `profiles`: their `hash` changes when what you see of them does."
    )
    server_time: str


class Triggered(BaseModel):
    """What was begun."""

    status: str = "triggered"
    job: str = Field(description="As `/api/sync/status` calls it.")
    tables: list[str]
    message: str = "Data sync started in background"


class Wanted(BaseModel):
    """What to bring in."""

    tables: TableIds | None = Field(None, description="Ids. Default: all.")


class Run(BaseModel):
    """How bringing one table in goes, or went last."""

    job: str
    table_id: str
    state: str = Field(description="queued, running, done or failed.")
    rows: int | None
    size_bytes: int | None
    queued: str
    started: str | None
    finished: str | None
    error: str | None


class Job(BaseModel):
    """What was asked for last."""

    id: str
    tables: dict[str, str] = Field(description="Each table's state.")


class Status(BaseModel):
    """How far it is."""

    running: bool
    job: Job | None
    tables: dict[str, Run]


@router.get("/manifest", response_model=Manifest)
def show_manifest(running: InstanceOf, caller: Reader) -> dict[str, Any]:
    """What data there is of the tables that the caller may see: compare, then download."""
    view = running.serving.view(caller)
    entries = running.data.entries(row["id"] for row in view.tables)
    profiles = running.profiles.stamp(row["id"] for row in view.tables)
    return {
        "tables": {table_id: entry.as_dict() for table_id, entry in entries.items()},
        "assets": {
            "catalog": {"hash": view.version, "commit": view.commit},
            "profiles": {"hash": profiles},
        },
        "server_time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@router.post("/trigger", response_model=Triggered, responses=problems(400, 404))
def trigger(
    running: InstanceOf,
    caller: Administrator,
    wanted: Annotated[Wanted | TableIds | None, Body()] = None,
) -> dict[str, Any]:
    """Bring data in, in the background: the tables that are named, or all.

    A table that fails does not stop the others; `/api/sync/status` says how each went.
    """
    named = wanted.tables if isinstance(wanted, Wanted) else wanted
    job = running.syncer.trigger(named, caller.email)
    running.state.audit.note(caller, "sync.trigger", "", tables=named or "all")
    return {**job, "status": "triggered"}


@router.get("/status", response_model=Status)
def show_status(running: InstanceOf, caller: Reader) -> dict[str, Any]:
    """How far bringing data in is, and how it went last, for each table that the caller may see."""
    return running.syncer.status(running.serving.view(caller).sees_table)
