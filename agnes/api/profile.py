"""What is in a table."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agnes.api.answers import answer
from agnes.api.deps import DataUser, InstanceOf, ViewOf
from agnes.api.examples import example
from agnes.api.problems import problems
from agnes.errors import NotFoundError
from agnes.profile import personal
from agnes.profiling.situated import situated
from agnes.serving.document import Document
from agnes.serving.edition import View

router = APIRouter(tags=["data"])

TableId = Annotated[str, Path(description="The table's id.", examples=["orders"], max_length=200)]
_PROFILE: dict[str, Any] = {
    "table_id": "orders",
    "row_count": 4210,
    "column_count": 6,
    "sampled": False,
    "missing_cells_pct": 1.2,
    "variable_types": {"NUMERIC": 2, "STRING": 3, "DATE": 1},
    "columns": [{"name": "status", "type_category": "STRING", "unique_count": 3}],
}


@router.get(
    "/api/catalog/profile/{table}",
    response_class=Response,
    responses=example(_PROFILE) | problems(404),
)
def show_profile(request: Request, view: ViewOf, running: InstanceOf, table: TableId) -> Response:
    """Rows, types, completeness, distributions and samples of a table's data.

    `hash` says which data that is of. Of columns with personal data only counts are shown.
    """
    if not view.sees_table(table):
        raise _unknown(table)
    profile = running.profiles.read(table, personal(_columns(view, table)))
    if profile is None:
        hint = f"make one: POST /api/catalog/profile/{table}/refresh"
        raise NotFoundError(f"Table '{table}' has no profile yet", hint)
    return answer(request, Document.of(_as_seen(view, table, profile)))


@router.post("/api/catalog/profile/{table}/refresh", responses=problems(404, 429, 503))
def refresh_profile(caller: DataUser, running: InstanceOf, table: TableId) -> dict[str, Any]:
    """Profile a table's data; if they are those that its profile is of, that stands.

    Large data are sampled, as `sampled` and `sample_size` say.
    """
    view = running.serving.view(caller)
    subject = running.subject(table) if view.sees_table(table) else None
    if subject is None:
        raise _unknown(table)
    profile = running.profiles.refresh(subject, partial(running.relate, table))
    count = len(profile["columns"])
    told = _as_seen(view, table, profile)
    return {"status": "ok", "table": table, "columns": count, "profile": told}


def _columns(view: View, table: str) -> list[dict[str, Any]]:
    with view.edition.reading() as snapshot:
        return snapshot.columns(table)


def _as_seen(view: View, table: str, profile: dict[str, Any]) -> dict[str, Any]:
    """A profile with what the caller may know of the table."""
    with view.edition.reading() as snapshot:
        uses = snapshot.table_uses(table)
    seen = [row for row in uses if view.sees_metric(row["id"])]
    return situated(profile, _columns(view, table), seen, view.sees_table)


def _unknown(table: str) -> NotFoundError:
    return NotFoundError(f"Table '{table}' not found")
