"""What docs/agents.md and docs/workspace.md show is what there is; see also `test_docs.py`."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from agnes.workspace.instructions import TEMPLATE, Facts, instructions
from tests.cli.commands import all_problems

DOCS = Path(__file__).parent.parent / "docs"
AGENTS = (DOCS / "agents.md").read_text(encoding="utf-8")
WORKSPACE = (DOCS / "workspace.md").read_text(encoding="utf-8")


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", AGENTS, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [AGENTS, WORKSPACE])
def test_the_commands_are_commands(page):
    # What is run by test_docs.py may be a mistake on purpose.
    assert all_problems(re.sub(r"^```console\n.*?^```$", "", page, flags=re.M | re.S)) == []


def test_settings_of_clients_are_json_and_toml_that_start_da_or_name_the_endpoint():
    settings = [json.loads(text) for text in fences("json")]
    settings += [tomllib.loads(text) for text in fences("toml")]
    servers = [
        server
        for found in settings
        for key in ("mcpServers", "servers", "mcp_servers")
        for server in found.get(key, {}).values()
    ]
    assert len(servers) == 4
    for server in servers:
        assert [server.get("command"), server.get("args")] == ["da", ["mcp"]] or server[
            "url"
        ].endswith("/mcp")


def test_every_placeholder_of_the_template_is_explained():
    template = Path(instructions.__code__.co_filename).parent / "templates" / TEMPLATE

    for name in set(re.findall(r"\{\w+\}", template.read_text(encoding="utf-8"))):
        assert f"`{name}`" in WORKSPACE
    assert "(../agnes/workspace/templates/claude_md_template.txt)" in WORKSPACE


def test_the_shapes_in_claude_md_are_those_of_the_page():
    shown = [json.loads(text) for text in fences("json")]
    shapes = instructions(Facts("Acme", "https://a.example", "1 hour"))

    for keys in ("freshness", "downloaded", "sample_rows"):
        (example,) = [found for found in shown if keys in found]
        line = next(line for line in shapes.splitlines() if f'"{keys}"' in line)
        block = shapes[shapes.index(line) :].split("\nda ")[0]
        named = set(re.findall(r'"(\w+)"[,:}]', block.partition("}")[0]))
        assert named & set(example), keys
