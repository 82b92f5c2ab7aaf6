"""Two agents without a mind: they search, read the first hit, and note what they were told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agnes.mcp.metrics import SURE, ambiguous
from agnes.mcp.words import CLOSING, OPENING, PREFACE
from benchmarks.agent_eval.catalog import Served

_NOTES = ("ABSENT", "AMBIGUOUS", "UNSURE", "DEPRECATED", "LAPSED", "STALE", "DRAFT")


@dataclass
class Told:
    """What an agent knows after its calls."""

    first: str | None = None
    says: set[str] = field(default_factory=set)
    rules: list[str] = field(default_factory=list)
    sql: str = ""
    calls: int = 0
    characters: int = 0

    @property
    def tokens(self) -> int:
        """About so many."""
        return self.characters // 4


def ask_by_command(served: Served, questions: Sequence[str], folder: Path) -> list[Told]:
    """Ask with `da metrics search --json` and `da metrics show --json`, away from any catalog."""
    environment = os.environ | {
        "DA_SERVER": served.url,
        "DA_TOKEN": served.token,
        "DA_CONFIG_DIR": str(folder),
    }

    def da(told: Told, *arguments: str) -> Any:
        run = [sys.executable, "-c", "from agnes.cli.main import run; run()", *arguments, "--json"]
        done = subprocess.run(
            run, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        told.calls += 1
        told.characters += len(done.stdout)
        return json.loads(done.stdout)

    def ask(question: str) -> Told:
        told = Told()
        hits = da(told, "metrics", "search", question, "--limit", "5")["hits"]
        if not hits:
            told.says.add("absent")
            return told
        # Only the scores say these, so an agent has to look at them.
        told.says |= {"ambiguous"} if ambiguous(hits) else set()
        told.says |= {"unsure"} if hits[0]["score"] < SURE else set()
        row = da(told, "metrics", "show", hits[0]["id"])
        told.first, told.rules, told.sql = row["id"], row["notes"], row["sql"]
        told.says |= {row["status"]} - {"active"}
        told.says |= {"stale"} if row["stale"] else set()
        told.says |= {"lapsed"} if row["certification"] == "lapsed" else set()
        return told

    return [ask(question) for question in questions]


def ask_by_mcp(served: Served, questions: Sequence[str]) -> list[Told]:
    """Ask with `search_metrics` and `get_metric`, over streamable HTTP."""

    async def call(client: Client, told: Told, name: str, **arguments: Any) -> Any:
        found = await client.call_tool(name, arguments)
        text = found.content[0].text
        told.calls += 1
        told.characters += len(text)
        notes = text.partition(PREFACE)[0]
        told.says |= {it.lower() for it in _NOTES if f"{it}:" in notes}
        return json.loads(text.partition(f"{OPENING}\n")[2].partition(f"\n{CLOSING}")[0])

    async def ask(client: Client, question: str) -> Told:
        told = Told()
        found = await call(client, told, "search_metrics", query=question)
        if not found["hits"]:
            return told
        told.says -= {"deprecated", "lapsed", "stale", "draft"}  # those of the other hits
        row = await call(client, told, "get_metric", id=found["hits"][0]["id"])
        told.first, told.rules, told.sql = row["id"], row.get("rules", []), row["sql"]
        return told

    async def run() -> list[Told]:
        headers = {"Authorization": f"Bearer {served.token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
        ):
            return [await ask(client, question) for question in questions]

    return asyncio.run(run())
