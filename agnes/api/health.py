"""Whether the instance lives, may be sent requests, and is well."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from threading import Thread
from typing import Any

from fastapi import APIRouter, Request

from agnes import __version__
from agnes.api.deps import InstanceOf
from agnes.api.instance import Instance
from agnes.api.problems import problem, problems
from agnes.errors import AgnesError, NotFoundError, UnauthorizedError
from agnes.load.pack import DATABASE_VERSION
from agnes.mcp import is_installed

router = APIRouter(tags=["health"])
hooks = APIRouter(tags=["health"])


@router.get("/api/health")
def health(running: InstanceOf) -> dict[str, Any]:
    """How the instance is. No token is needed.

    `degraded`: it answers, but a file of the catalog does not validate, the branch cannot be
    followed, or the state database does not answer.
    """
    catalog = running.status()
    state = running.state_problem()
    served = running.serving.is_ready
    well = served and state is None and catalog["state"] in ("fresh", "behind")
    return {
        "status": "healthy" if well else "degraded" if served else "unhealthy",
        "version": __version__,
        "schema_version": DATABASE_VERSION,
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "instance_name": running.name,
        "services": {
            "duckdb_state": {"status": "ok" if served else "error"},
            "state": {"status": "ok" if state is None else "error"},
            "catalog": {"status": "ok" if catalog["state"] == "fresh" else catalog["state"]},
            "mcp": {"status": "ok" if is_installed() else "not installed"},
        },
        "catalog": {
            "commit": running.serving.edition.commit if served else None,
            "state": catalog["state"],
            "lag": catalog["lag"],
        },
    }


@router.get("/api/health/live")
async def live() -> dict[str, str]:
    """Whether the process answers at all; restart it when it does not."""
    return {"status": "ok"}


@router.get("/api/health/ready", responses=problems(503))
def ready(running: InstanceOf) -> Any:
    """Whether requests may be sent here: a snapshot is in force, the state database answers."""
    if running.stopping.is_set():
        return problem(503, "shutting down")
    if not running.serving.is_ready:
        return problem(503, "nothing of the catalog is served yet")
    if running.state_problem() is not None:
        return problem(503, "the state database does not answer")
    return {"status": "ok"}


@hooks.post("/api/hooks/git", status_code=202, responses=problems(401, 404))
async def git_hook(request: Request, running: InstanceOf) -> dict[str, str]:
    """Fetch and sync now: for a webhook of GitHub, Gitea or GitLab, signed with the secret.

    `X-Hub-Signature-256` is the HMAC of the body, `X-Gitlab-Token` the secret itself.
    """
    secret = running.settings.webhook_secret
    if secret is None:
        raise NotFoundError("Not Found")
    key = secret.get_secret_value().encode()
    signature = "sha256=" + hmac.new(key, await request.body(), sha256).hexdigest()
    given = request.headers.get("x-hub-signature-256", "")
    token = request.headers.get("x-gitlab-token", "")
    if not (_same(given, signature) or _same(token, key.decode())):
        raise UnauthorizedError("the webhook is not signed with the secret of this instance")
    Thread(target=_sync_now, args=[running], daemon=True).start()
    return {"status": "accepted"}


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _sync_now(running: Instance) -> None:
    from agnes.git.fetch import fetch
    from agnes.sync.reconcile import reconcile

    try:
        fetch(running.location)
        reconcile(running.location)
        running.serving.refresh()
    except AgnesError as error:
        running.complain(error)
