"""Changing metrics: each change is a commit, by the user, and served when it is answered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Request, UploadFile
from starlette.responses import Response

from agnes.api.bodies import MetricBody, MetricChanges
from agnes.api.deps import InstanceOf, Writer
from agnes.api.examples import METRIC, example
from agnes.api.instance import Instance
from agnes.api.metrics import MetricId
from agnes.api.strict import StrictRoute
from agnes.api.writing import (
    WRITES,
    IfMatch,
    IfNoneMatch,
    Key,
    as_json,
    change,
    in_review,
    metric_answer,
    of_commit,
    once,
    read_version,
)
from agnes.auth.principal import Principal
from agnes.changes.uploads import read_upload
from agnes.changes.wishes import Put, Remove, Update
from agnes.errors import InvalidError
from agnes.load.pack import Pack, metric_from_fields
from agnes.serving.seen import unknown

router = APIRouter(tags=["metrics"], route_class=StrictRoute)

_MADE: dict[int | str, Any] = {201: example(METRIC, "The metric, as it is served now.")[200]}
_DELETED = example({"status": "deleted", "id": "revenue/mrr"})
_IMPORTED = example({"status": "imported", "count": 12})


@router.post(
    "/api/admin/metrics",
    status_code=201,
    response_class=Response,
    responses=WRITES | _MADE,
)
def put_metric(
    request: Request,
    running: InstanceOf,
    caller: Writer,
    body: MetricBody,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: Key = None,
) -> Response:
    """Define a metric: add it, or replace the one of the same id."""
    fields = body.fields()

    def work(again: bool) -> Response:
        metric = metric_from_fields(fields)
        read = {} if again else read_version(running, caller, metric.id, if_match, if_none_match)
        wish = Put(pack=Pack(metrics={metric.id: metric}), read=read, strict=True)
        changed = change(running, caller, wish, action="metric.define")
        return metric_answer(running, caller, metric.id, changed, 201)

    return once(running, caller, request, key, fields, work)


@router.post("/api/admin/metrics/import", response_class=Response, responses=WRITES | _IMPORTED)
def import_metrics(
    request: Request,
    running: InstanceOf,
    caller: Writer,
    file: Annotated[UploadFile, File(description="YAML: a metric, or a list of them.")],
    key: Key = None,
) -> Response:
    """Import the metrics of a file: all of them in one commit, or none."""
    content = file.file.read()

    def work(_: bool) -> Response:
        pack = read_upload(file.filename or "upload", content)
        wish = Put(pack=pack, verb="import", source="yaml_import", strict=True)
        changed = change(running, caller, wish, action="metric.import")
        said = {"status": "imported", "count": len(pack.metrics)}
        return in_review(changed) or as_json(said, headers=of_commit(changed))

    return once(running, caller, request, key, content, work)


_CHANGED = WRITES | example(METRIC, "The metric, as it is served now.")


@router.put(
    "/api/admin/metrics/{metric_id:path}",
    name="update_metric",
    response_class=Response,
    responses=_CHANGED,
)
@router.patch(
    "/api/admin/metrics/{metric_id:path}",
    name="change_metric",
    response_class=Response,
    responses=_CHANGED,
)
def change_metric(
    request: Request,
    running: InstanceOf,
    caller: Writer,
    metric_id: MetricId,
    body: MetricChanges,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Change some fields of a metric; null empties one. The id stays."""
    fields = body.fields()

    def work(again: bool) -> Response:
        if fields.get("id") not in (None, metric_id):
            raise InvalidError("the id of a metric cannot be changed", [], "add it anew, delete it")
        _check_seen(running, caller, metric_id)
        read = {} if again else read_version(running, caller, metric_id, if_match, None)
        wish = Update(metric_id=metric_id, fields=fields, read=read)
        changed = change(running, caller, wish, action="metric.update")
        return metric_answer(running, caller, metric_id, changed, 200)

    return once(running, caller, request, key, fields, work)


@router.delete(
    "/api/admin/metrics/{metric_id:path}", response_class=Response, responses=WRITES | _DELETED
)
def delete_metric(
    request: Request,
    running: InstanceOf,
    caller: Writer,
    metric_id: MetricId,
    if_match: IfMatch = None,
    key: Key = None,
) -> Response:
    """Delete a metric."""
    said = {"status": "deleted", "id": metric_id}

    def work(again: bool) -> Response:
        if again and not running.serving.view(caller).sees_metric(metric_id):
            return as_json(said)
        _check_seen(running, caller, metric_id)
        read = {} if again else read_version(running, caller, metric_id, if_match, None)
        wish = Remove(metric_id=metric_id, read=read)
        changed = change(running, caller, wish, action="metric.delete")
        return in_review(changed) or as_json(said, headers=of_commit(changed))

    return once(running, caller, request, key, metric_id, work)


def _check_seen(running: Instance, caller: Principal, metric_id: str) -> None:
    view = running.serving.view(caller)
    if not caller.sees_all and not view.sees_metric(metric_id):
        raise unknown(view, metric_id)
