"""Reading metrics."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from agnes.api.answers import answer
from agnes.api.deps import InstanceOf, Reader, ViewOf
from agnes.api.examples import METRIC, METRICS, example
from agnes.api.problems import problems
from agnes.errors import UsageError
from agnes.search.ranking import search as find
from agnes.serving.document import Document
from agnes.serving.listing import Wanted
from agnes.serving.seen import seen_history, seen_review, unknown

router = APIRouter(tags=["metrics"])

MetricId = Annotated[
    str, Path(description="`<category>/<name>`.", examples=["revenue/mrr"], max_length=200)
]
Revision = Annotated[
    str | None,
    Query(description="Anything git can resolve: `v1.2`, `HEAD~10`.", max_length=200),
]
AsOf = Annotated[date | None, Query(description="The branch as it was when a day ended, in UTC.")]


async def wanted_metrics(
    category: Annotated[str | None, Query(description="Only this category.")] = None,
    q: Annotated[str | None, Query(description="A question; best first.", max_length=1000)] = None,
    table: Annotated[str | None, Query(description="Only those on this table.")] = None,
    status: Annotated[
        Literal["draft", "active", "deprecated", "removed"] | None, Query(description="Only these.")
    ] = None,
    tag: Annotated[str | None, Query(description="Only those with this tag.")] = None,
    limit: Annotated[int | None, Query(ge=1, le=10_000, description="The most of them.")] = None,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the list before.", max_length=500)
    ] = None,
    fields: Annotated[
        str | None,
        Query(
            description="The fields of each, with commas: fewer tokens for an agent.",
            examples=["id,display_name,description"],
            max_length=1000,
        ),
    ] = None,
) -> Wanted:
    """Which list is asked for."""
    chosen = None if fields is None else tuple(dict.fromkeys(_names(fields)))
    return Wanted(category, table, status, tag, q, limit, cursor, chosen)


def _names(fields: str) -> list[str]:
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if not names:
        raise UsageError("`fields` names no field", "write: fields=id,display_name,description")
    return names


@router.get("/api/metrics", response_class=Response, responses=example(METRICS) | problems(400))
async def list_metrics(
    request: Request,
    running: InstanceOf,
    caller: Reader,
    wanted: Annotated[Wanted, Depends(wanted_metrics)],
    rev: Revision = None,
    as_of: AsOf = None,
) -> Response:
    """List the metrics, by category, or best first where there is a question.

    `count` is how many are in the answer. With a filter or a limit, `total` says how many there are
    and `next_cursor` where the next list begins.
    """
    if rev is None and as_of is None:
        view = running.serving.view(caller)
        return answer(request, await run_in_threadpool(view.list_metrics, wanted), view)
    view = await run_in_threadpool(running.past.view, caller, rev, as_of)
    return answer(request, await run_in_threadpool(view.list_metrics, wanted))


@router.get(
    "/api/metrics/{metric_id:path}",
    response_class=Response,
    responses=example(METRIC) | problems(404),
)
async def show_metric(
    request: Request,
    running: InstanceOf,
    caller: Reader,
    metric_id: MetricId,
    rev: Revision = None,
    as_of: AsOf = None,
) -> Response:
    """One metric: meaning, rules, canonical SQL, origin."""
    if rev is None and as_of is None:
        view = running.serving.view(caller)
    else:
        view = await run_in_threadpool(running.past.view, caller, rev, as_of)
    document = view.metric(metric_id)
    if document is None:
        raise unknown(view, metric_id)
    return answer(request, document)


@router.get("/api/search", response_class=Response, responses=problems(400))
async def search(
    request: Request,
    view: ViewOf,
    q: Annotated[
        str, Query(description="Words as people type them.", min_length=1, max_length=1000)
    ],
    limit: Annotated[int, Query(ge=1, le=100, description="The most hits.")] = 10,
) -> Response:
    """Find the metrics that a question means: names, synonyms, abbreviations, typos."""

    def ask() -> Document:
        with view.reading() as snapshot:
            found = find(snapshot, q, limit)
        hits = [hit.as_dict() for hit in found.hits]
        return Document.of({"query": found.query, "total": found.total, "hits": hits})

    return answer(request, await run_in_threadpool(ask), view)


@router.get("/api/history/{metric_id:path}", responses=problems(404))
def show_history(running: InstanceOf, caller: Reader, metric_id: MetricId) -> dict[str, Any]:
    """Who changed what a metric, or `tables/<id>`, means, when and how; newest first."""
    return seen_history(running.serving, running.past, caller, metric_id).as_dict()


@router.get(
    "/api/diff",
    responses=problems(404)
    | {200: {"content": {"text/markdown": {}}, "description": "What the difference means."}},
)
def show_diff(
    running: InstanceOf,
    caller: Reader,
    base: Annotated[str, Query(description="A revision.", max_length=200, examples=["HEAD~5"])],
    head: Annotated[
        str | None, Query(description="A revision. Default: what is served.", max_length=200)
    ] = None,
    format: Annotated[  # noqa: A002  (the contract's own name)
        Literal["json", "markdown"], Query(description="For programs, or for a pull request.")
    ] = "json",
) -> Any:
    """What differs between two revisions, in words and as data, and whom it hits."""
    found = seen_review(running.serving, running.past, caller, base, head)
    if format == "markdown":
        return Response(found.comment(), media_type="text/markdown")
    return found.as_dict()


@router.get("/api/lineage/{metric_id:path}", responses=problems(404))
def show_lineage(view: ViewOf, metric_id: MetricId) -> dict[str, Any]:
    """What a metric is made of, and what a metric, `tables/<id>` or a column is used by."""
    from agnes.lineage.lineage import lineage

    with view.reading() as snapshot:
        return lineage(snapshot, metric_id).as_dict()
