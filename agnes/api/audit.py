"""The audit log, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from agnes.api.accounts import AuditAnswer
from agnes.api.deps import Administrator, InstanceOf
from agnes.api.problems import problems
from agnes.auth.audit import MOST

router = APIRouter(tags=["users"])

_LARGEST = 2**63 - 1


@router.get("/api/audit", responses=problems(400))
def list_audit(
    running: InstanceOf,
    _: Administrator,
    user: Annotated[str | None, Query(max_length=254, description="An id or an e-mail.")] = None,
    action: Annotated[
        str | None,
        Query(max_length=64, description="`login`; `user.` for all that begin so."),
    ] = None,
    target: Annotated[
        str | None, Query(max_length=2000, description="What it was done to.")
    ] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this time on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="The most entries.")] = 100,
    cursor: Annotated[
        int | None, Query(ge=1, le=_LARGEST, description="`next_cursor` of the list before.")
    ] = None,
) -> AuditAnswer:
    """Who did what and when, the newest first: every write and every sign-in."""
    entries, following = running.state.audit.list(
        user=user,
        action=action,
        target=target,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )
    found = [entry.as_dict() for entry in entries]
    return AuditAnswer.model_validate(
        {"entries": found, "count": len(found), "next_cursor": following}
    )
