"""The server over streamable HTTP, without sessions: any worker answers any request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from agnes.mcp.desk import Opening

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class Endpoint:
    """An ASGI application for POST. It starts with the first request, as importing the SDK takes a
    second; close it.

    Who calls, and from where, has been checked before.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._lock = asyncio.Lock()
        self._over = asyncio.Event()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        async with self._lock:
            manager = self._manager or await self._start()
        await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """End what runs."""
        self._over.set()
        if self._running is not None:
            await self._running

    async def _start(self) -> StreamableHTTPSessionManager:
        manager = await asyncio.to_thread(_make, self._opening)
        started = asyncio.Event()

        async def run() -> None:
            async with manager.run():
                started.set()
                await self._over.wait()

        self._running = asyncio.create_task(run())
        await started.wait()
        self._manager = manager
        return manager


def _make(opening: Opening) -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from agnes.mcp.server import make_server

    return StreamableHTTPSessionManager(make_server(opening), json_response=True, stateless=True)
