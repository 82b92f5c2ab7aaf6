"""The server over streamable HTTP, without sessions: any worker answers any request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from agnes.mcp.desk import Opening

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


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

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request; who leaves before the answer ends what it set going."""
        async with self._lock:
            manager = self._manager or await self._start()
        await _while_waited_for(manager.handle_request, scope, receive, send)

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


async def _while_waited_for(app: App, scope: Message, receive: Receive, send: Send) -> None:
    """Run an application until its answer begins, or its client leaves.

    The SDK listens for that in its newest protocol alone.
    """
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    given = iter(messages)
    gone = asyncio.create_task(_disconnected(receive))
    begun = False

    async def again() -> Message:
        for message in given:
            return message
        await asyncio.wait([gone])
        return {"type": "http.disconnect"}

    async def begin(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    work = asyncio.ensure_future(app(scope, again, begin))
    try:
        await asyncio.wait([work, gone], return_when=asyncio.FIRST_COMPLETED)
        if begun or work.done():
            await work
    finally:
        gone.cancel()
        if work.cancel():
            await asyncio.wait([work])


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _make(opening: Opening) -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from agnes.mcp.server import make_server

    return StreamableHTTPSessionManager(make_server(opening), json_response=True, stateless=True)
