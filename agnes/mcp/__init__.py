"""The catalog for agents, over the Model Context Protocol.

    desk       what the tools ask: the catalog as one caller sees it
    tools      what agents can call, each a `tool`; those for `finding` metrics
    draft      checking a metric that is in no catalog yet
    words      answers: small, and with the catalog's texts marked as data
    resources  the metrics as resources
    server     all of it as a server of the official SDK
    stdio      over stdin and stdout: `da mcp`
    http       over streamable HTTP: `/mcp`, which `api` mounts

The SDK is an extra. Nothing but `server`, `stdio` and `http` needs it.
"""

from __future__ import annotations

from importlib.util import find_spec

INSTALL = "pip install 'agnes[mcp]'"


def is_installed() -> bool:
    """Whether the SDK is there."""
    return find_spec("mcp") is not None
