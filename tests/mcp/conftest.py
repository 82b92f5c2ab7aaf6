"""The SDK's own client, over both transports."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client

from agnes.mcp.words import CLOSING, OPENING, PREFACE
from tests.api.conftest import built, module_server, server, start

__all__ = ["built", "module_server", "server", "start"]

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """An answer of a tool, taken apart."""

    text: str
    failed: bool

    @property
    def notes(self) -> str:
        return self.text.partition(PREFACE)[0].strip()

    @property
    def data(self) -> Any:
        inner = self.text.partition(f"{OPENING}\n")[2].partition(f"\n{CLOSING}")[0]
        return json.loads(inner)

    @property
    def tokens(self) -> float:
        return len(self.text) / 4


@dataclass(frozen=True)
class Agent:
    """A client that connects anew for each question."""

    connect: Callable[[], AbstractAsyncContextManager[Client]]

    def use(self, work: Callable[[Client], Awaitable[T]]) -> T:
        async def run() -> T:
            async with self.connect() as client:
                return await work(client)

        return asyncio.run(asyncio.wait_for(run(), 60))

    def call(self, name: str, **arguments: Any) -> Said:
        return self.use(lambda client: call(client, name, **arguments))

    def tools(self) -> dict[str, types.Tool]:
        return {tool.name: tool for tool in self.use(Client.list_tools).tools}


async def call(client: Client, name: str, **arguments: Any) -> Said:
    found = await client.call_tool(name, arguments)
    (content,) = found.content
    return Said(content.text, bool(found.is_error))


def over_http(url: str, token: str | None, mode: str = "auto") -> Agent:
    """An agent that calls a server's `/mcp`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    @asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    return Agent(connect)


def over_stdio(folder: Path, *options: str, mode: str = "auto", **environment: str) -> Agent:
    """An agent that starts `da mcp` in a folder."""
    run = "from agnes.cli.main import run; run()"
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-c", run, "mcp", *options],
        cwd=folder,
        env=get_default_environment() | environment,
    )
    return Agent(lambda: Client(parameters, mode=mode))
