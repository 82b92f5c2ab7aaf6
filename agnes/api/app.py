"""The application: every route, and what holds for all of them."""

from __future__ import annotations

import ctypes
import logging
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from agnes import __version__
from agnes.api import (
    audit,
    auth,
    catalog,
    changes,
    data,
    health,
    mcp,
    metadata,
    metrics,
    oidc,
    problems,
    profile,
    proposals,
    query,
    registry,
    run,
    sync,
    uploads,
    users,
    workspace,
)
from agnes.api.background import Background
from agnes.api.hot import HotReads
from agnes.api.instance import Instance
from agnes.api.openapi import describe
from agnes.config.instance import InstanceSettings

MEGABYTE = 2**20
ROUTERS: list[APIRouter] = [
    health.router,
    health.hooks,
    metrics.router,
    catalog.router,
    changes.router,
    metadata.router,
    proposals.router,
    data.router,
    sync.router,
    query.router,
    run.router,
    profile.router,
    registry.router,
    uploads.router,
    auth.router,
    oidc.router,
    users.router,
    audit.router,
    workspace.router,
    mcp.router,
]
TAGS = [
    {"name": "metrics", "description": "What the company's numbers mean."},
    {"name": "catalog", "description": "Tables, columns, and the catalog as a whole."},
    {"name": "data", "description": "The tables' data: bringing it in, downloading, querying."},
    {"name": "uploads", "description": "What users hand in."},
    {"name": "auth", "description": "Signing in and out, passwords, tokens."},
    {"name": "users", "description": "For admins: users, and the log of what they did."},
    {"name": "health", "description": "For whoever runs the instance."},
]
DESCRIPTION = """\
The metrics of a company, defined once, in git.

Sign in with `POST /auth/token`, then send `Authorization: Bearer <token>`. Every error is
`{"detail": "<text>"}`, with a `hint` where there is a remedy. What you may not see is not there.
"""


class Application(FastAPI):
    """FastAPI, whose every error is an answer in JSON."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            send = problems.in_our_words(scope, receive, send)
        await super().__call__(scope, receive, send)


def create_app(settings: InstanceSettings) -> FastAPI:
    """The application of an instance; it is opened when the server starts."""
    app = Application(
        title="Agnes",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan,
        max_body_size=settings.body_mb * MEGABYTE,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.state.settings = settings
    for router in ROUTERS:
        most = settings.upload_mb * MEGABYTE + uploads.FORM_BYTES
        app.include_router(
            router,
            responses=problems.problems(401, 403, 422),
            max_body_size=most if router is uploads.router else None,
        )
    app.include_router(data.heads)
    describe(app, ROUTERS)
    problems.install(app)
    app.add_middleware(HotReads)
    return app


def from_environment() -> FastAPI:
    """The application of the instance that the environment names; what uvicorn's workers call."""
    from agnes.log import configure

    _share_memory()
    settings = InstanceSettings.load()
    configure(settings.log_format, "agnes", "uvicorn")
    return create_app(settings)


def _share_memory() -> None:
    """Let threads share what is free, where the C library is glibc.

    It would else keep an arena for each thread, and a server of 10,000 metrics a fifth more memory.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


M_ARENA_MAX = -8
"""See mallopt(3)."""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    instance = await run_in_threadpool(Instance.open, app.state.settings)
    app.state.instance = instance
    _hear_signals(instance)
    background = Background(instance)
    endpoint = app.state.mcp = mcp.endpoint(instance)
    try:
        problem = await run_in_threadpool(instance.begin)
        if problem is not None:
            logging.getLogger("agnes.api").error(
                "nothing served yet", extra={"facts": {"error": problem}}
            )
        background.start()
        yield
    finally:
        await endpoint.close()
        await run_in_threadpool(background.stop)
        await run_in_threadpool(instance.close)


def _hear_signals(instance: Instance) -> None:
    """Let those who follow events go as soon as the server is told to end."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: Any = before) -> None:
            instance.stopping.set()
            instance.serving.wake()
            if callable(before):
                before(number, frame)

        signal.signal(number, handle)


def _operation_id(route: APIRoute) -> str:
    return route.name
