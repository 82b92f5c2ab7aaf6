"""What is in a table."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agnes.api.answers import answer
from agnes.api.deps import DataUser, InstanceOf, ViewOf
from agnes.api.examples import example
from agnes.api.problems import problems
from agnes.errors import NotFoundError
from agnes.profile import personal
from agnes.serving.document import Document

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
    with view.edition.reading() as snapshot:
        columns = snapshot.columns(table)
    profile = running.profiles.read(table, personal(columns))
    if profile is None:
        hint = f"make one: POST /api/catalog/profile/{table}/refresh"
        raise NotFoundError(f"Table '{table}' has no profile yet", hint)
    return answer(request, Document.of(profile))


@router.post("/api/catalog/profile/{table}/refresh", responses=problems(404, 429, 503))
def refresh_profile(caller: DataUser, running: InstanceOf, table: TableId) -> dict[str, Any]:
    """Profile a table's data; if they are those that its profile is of, that stands.

    Large data are sampled, as `sampled` and `sample_size` say.
    """
    sees = running.serving.view(caller).sees_table(table)
    subject = running.subject(table) if sees else None
    if subject is None:
        raise _unknown(table)
    profile = running.profiles.refresh(subject)
    count = len(profile["columns"])
    return {"status": "ok", "table": table, "columns": count, "profile": profile}


def _unknown(table: str) -> NotFoundError:
    return NotFoundError(f"Table '{table}' not found")
