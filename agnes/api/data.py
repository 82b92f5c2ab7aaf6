"""Downloading the data of tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agnes.api.deps import DataUser, InstanceOf
from agnes.api.problems import problems
from agnes.api.ranges import file_answer
from agnes.errors import ForbiddenError, NotFoundError

router = APIRouter(tags=["data"])
heads = APIRouter(include_in_schema=False)

PARQUET = "application/vnd.apache.parquet"
TableId = Annotated[
    str, Path(description="A registered table's id.", examples=["orders"], max_length=128)
]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {PARQUET: {}}, "description": "A parquet file."},
    206: {"content": {PARQUET: {}}, "description": "The part of it that `Range` asks for."},
    304: {"description": "`If-None-Match` names it: the caller has it."},
    416: {"description": "`Range` asks for what is behind the end."},
}


@router.get(
    "/api/data/{table_id}/download", response_class=Response, responses=_ANSWERS | problems(404)
)
def download(
    request: Request, running: InstanceOf, caller: DataUser, table_id: TableId
) -> Response:
    """Download a table's data as a parquet file.

    `ETag` is its SHA-256. A download that broke off goes on with `Range` and `If-Range`. Whether a
    table that you may not use is there is not told: it is 403 either way.
    """
    if not running.serving.view(caller).sees_table(table_id):
        if caller.sees_all:
            raise NotFoundError(f"Table '{table_id}' is not registered")
        raise ForbiddenError("You may not use the data of this table, if there is one")
    file, entry = running.data.open(table_id)
    name = f"{table_id}.parquet"
    return file_answer(file, entry.size_bytes, f'"{entry.hash}"', request.headers, PARQUET, name)


@heads.head("/api/data/{table_id}/download", response_class=Response)
def head(request: Request, running: InstanceOf, caller: DataUser, table_id: TableId) -> Response:
    """What a download would be."""
    return download(request, running, caller, table_id)
