"""The server over stdin and stdout."""

from __future__ import annotations

import anyio
from mcp.server.stdio import stdio_server

from agnes.mcp.desk import Opening
from agnes.mcp.server import make_server


def serve(opening: Opening) -> None:
    """Answer until stdin ends."""
    anyio.run(_serve, opening)


async def _serve(opening: Opening) -> None:
    server = make_server(opening)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
