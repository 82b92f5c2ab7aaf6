"""What all routes have in common that change the catalog: versions, keys, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Request
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from agnes.api.answers import HEADERS
from agnes.api.instance import Instance
from agnes.api.problems import problems
from agnes.auth.principal import Principal
from agnes.auth.replies import Reply, request_digest
from agnes.changes import Changed, Wish
from agnes.config import Person
from agnes.errors import ConflictError, PreconditionError
from agnes.serving.document import matches
from agnes.serving.edition import View

Read = dict[str, "str | None"]
IfMatch = Annotated[
    str | None, Header(description="The `ETag` of the version that you have read.", max_length=1000)
]
IfNoneMatch = Annotated[
    str | None, Header(description="`*`: only if there is none yet.", max_length=1000)
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Unique for the request: sent again with it, it is done once.",
        max_length=255,
    ),
]


class WordsOfChange(BaseModel):
    """What became of one definition."""

    id: str = Field(description="A metric's id, or `tables/<id>`.")
    kind: str = Field(description="added, changed, renamed or removed.")
    class_: str = Field(alias="class", description="What it does to whoever relies on it.")
    what: str = Field(description="In words.")


class InReview(BaseModel):
    """A change that waits for somebody to review it."""

    status: str = Field(examples=["in_review"])
    branch: str = Field(description="Where it waits; make a pull request of it.")
    commit: str
    changes: list[WordsOfChange]
    diff: str = Field(description="The same as text, a line for each.")


WRITES: dict[int | str, dict[str, Any]] = problems(400, 404, 409, 412, 413, 503) | {
    202: {"model": InReview, "description": "It waits on a branch of its own to be reviewed."}
}
"""What any change may answer."""


def read_version(
    running: Instance, caller: Principal, metric_id: str, if_match: str | None, fresh: str | None
) -> Read:
    """What the caller says that they have read of a metric; see `Wish.read`.

    Args:
        if_match, fresh: the headers `If-Match` and `If-None-Match`.

    Raises:
        PreconditionError: it is not what is there now.
    """
    if fresh is not None and fresh.strip() == "*":
        return {metric_id: None}
    if if_match is None:
        return {}
    view = running.serving.view(caller)
    if not _is_read(view, metric_id, if_match):
        # They may have it from another server, which is ahead of this one.
        running.changes.refresh()
        view = running.serving.refresh().view(caller)
        if not _is_read(view, metric_id, if_match):
            raise PreconditionError(
                f"Metric '{metric_id}' is not what you read: it was changed since",
                "read it again, then change it",
            )
    document = view.metric(metric_id)
    assert document is not None
    return {metric_id: json.loads(document.body)["blob"]}


def _is_read(view: View, metric_id: str, if_match: str) -> bool:
    etag = view.metric_etag(metric_id)
    return etag is not None and matches(etag, if_match)


def change(
    running: Instance, caller: Principal, wish: Wish, *, action: str, review: bool = False
) -> Changed:
    """Change the catalog in the name of the caller, and note it in the audit log.

    Args:
        action: for the log: `metric.update`.
    """
    view = running.serving.view(caller)
    by = Person(caller.name or caller.email, caller.email)
    changed = running.changes.make(wish, by, review=review, sees=lambda id_: sees(view, id_))
    plan = changed.plan
    names = plan.added + plan.changed + plan.removed
    target = (names or plan.unchanged or [""])[0]
    many = len(names) if len(names) > 1 else None
    branch = changed.branch if changed.is_review else None
    running.state.audit.note(
        caller, action, target, commit=changed.commit, branch=branch, count=many
    )
    if not changed.is_review:
        running.serving.refresh()
    return changed


def sees(view: View, name: str) -> bool:
    """Whether somebody may see a metric, or `tables/<id>`."""
    if name.startswith("tables/"):
        return view.sees_table(name.removeprefix("tables/"))
    return view.sees_metric(name)


def in_review(changed: Changed) -> Response | None:
    """The answer to a change that waits to be reviewed; None for others."""
    if not changed.is_review or changed.commit is None:
        return None
    return as_json(changed.as_review(), 202)


def metric_answer(
    running: Instance, caller: Principal, metric_id: str, changed: Changed, status: int
) -> Response:
    """A metric as it is served after a change of it."""
    if (waiting := in_review(changed)) is not None:
        return waiting
    document = running.serving.view(caller).metric(metric_id)
    if document is None:
        raise ConflictError(f"Metric '{metric_id}' was changed, and removed by a newer commit")
    headers = {"ETag": document.etag} | of_commit(changed)
    return Response(document.body, status, HEADERS | headers, media_type="application/json")


def of_commit(changed: Changed) -> dict[str, str]:
    """The header that names the commit, if there is one."""
    return {"Agnes-Commit": changed.commit} if changed.commit else {}


def as_json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Plain data as an answer."""
    return Response(to_json(data), status, headers, media_type="application/json")


def once(
    running: Instance,
    caller: Principal,
    request: Request,
    key: str | None,
    content: Any,
    work: Callable[[bool], Response],
) -> Response:
    """Do what a request asks, or answer as before where it was done.

    Args:
        key: its `Idempotency-Key`; without one it is done each time.
        content: of the request, as plain data or bytes.
        work: does it; told whether another one with the key died on it, having done it or not.
    """
    if key is None:
        return work(False)
    body = content if isinstance(content, bytes) else to_json(content)
    digest = request_digest(request.method, request.url.path, body)
    reserved = running.state.replies.reserve(caller.user_id, key, digest)
    if isinstance(reserved, Reply):
        return Response(
            reserved.body, reserved.status, dict(reserved.headers), media_type="application/json"
        )
    try:
        response = work(reserved.taken_over)
    except BaseException:
        reserved.release()
        raise
    kept = {
        name: value
        for name, value in response.headers.items()
        if name not in ("content-length", "content-type")
    }
    reserved.complete(response.status_code, bytes(response.body).decode(), kept)
    return response
