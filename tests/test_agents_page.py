"""What docs/agents.md and docs/workspace.md show is what there is; see also `test_docs.py`."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from agnes.demo import write_demo_data
from agnes.scaffold import create_catalog
from agnes.workspace import instructions
from agnes.workspace.instructions import TEMPLATE
from tests.api.conftest import start
from tests.cli.commands import all_problems
from tests.cli.conftest import da
from tests.conftest import GitRepository

DOCS = Path(__file__).parent.parent / "docs"
AGENTS = (DOCS / "agents.md").read_text(encoding="utf-8")
WORKSPACE = (DOCS / "workspace.md").read_text(encoding="utf-8")


__all__ = ["da", "start"]


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", AGENTS, re.MULTILINE | re.DOTALL)


def shown(key: str) -> dict[str, object]:
    """The one example in JSON that has a key."""
    (found,) = [example for text in fences("json") if key in (example := json.loads(text))]
    return found


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
    template = Path(instructions.__file__).parent / "templates" / TEMPLATE

    for name in set(re.findall(r"\{\w+\}", template.read_text(encoding="utf-8"))):
        assert f"`{name}`" in WORKSPACE
    assert "(../agnes/workspace/templates/claude_md_template.txt)" in WORKSPACE


def test_the_examples_of_a_workspace_have_the_keys_that_commands_print(
    da, start, tmp_path, monkeypatch
):
    pytest.importorskip("agnes.cli.analyst")
    pytest.importorskip("agnes.cli.explore")
    create_catalog(tmp_path / "catalog")
    server = start(GitRepository(tmp_path / "catalog"))
    (tmp_path / "analysis").mkdir()
    monkeypatch.chdir(tmp_path / "analysis")
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    token = server.token("ada@example.com", "analyst")

    assert da("analyst", "setup", "--server-url", server.url, "--token", token).code == 0
    write_demo_data(Path("data/parquet"))
    explored = da("explore", "orders", "--json").json

    assert list(da("sync", "--json").json) == list(shown("downloaded"))
    assert list(da("analyst", "status", "--json").json) == list(shown("freshness"))
    assert list(explored) == list(shown("sample_rows"))
    assert list(explored["columns"][0]) == list(shown("sample_rows")["columns"][0])
    assert len(explored["sample_rows"]) == 5
