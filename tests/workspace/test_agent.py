"""An agent that reads CLAUDE.md and nothing else gets to the right number."""

from __future__ import annotations

import re
import shlex

import pytest

from agnes.demo import write_demo_data
from agnes.scaffold import create_catalog
from agnes.workspace.instructions import Facts, write_instructions
from agnes.workspace.layout import Workspace
from tests.cli.conftest import Da, Done, da

__all__ = ["da"]


@pytest.fixture
def claude_md(da: Da, tmp_path, monkeypatch) -> str:
    """What CLAUDE.md says on the starter pack, whose data are in the current folder."""
    folder = tmp_path / "company"
    create_catalog(folder)
    monkeypatch.chdir(folder)
    write_demo_data(folder / "data" / "parquet")
    metrics = da("metrics", "list", "--json").json
    workspace = Workspace(tmp_path / "workspace")
    write_instructions(workspace, Facts("Acme", "https://agnes.acme.com", "1 hour", metrics))
    return workspace.claude_md.read_text(encoding="utf-8")


def test_mrr_by_plan_for_the_last_quarter_takes_the_three_calls_it_names(da: Da, claude_md):
    workflow = claude_md.partition("## Workflow")[2].partition("\n## ")[0]
    calls = re.search(r"```sh\n(.*?)```", workflow, re.DOTALL)[1].splitlines()
    assert calls == [
        'da metrics search "MRR" --json',
        "da metrics show revenue/mrr --json",
        "da metrics run revenue/mrr --start 2026-01-01 --json",
    ]

    def call(line: str, *more: str) -> Done:
        return da(*shlex.split(line)[1:], *more)

    hit = call(calls[0]).json["hits"][0]
    assert hit["id"] == "revenue/mrr"
    metric = call(calls[1]).json
    assert any("for a quarter or a year take its last month" in rule for rule in metric["notes"])
    assert "plan" in metric["dimensions"]
    done = call(calls[2], "--start", "2025-10-01", "--grain", "quarterly", "--by", "plan")

    assert done.code == 0
    found = done.json
    assert found["columns"] == ["quarter", "plan", "mrr"]
    assert len({row[0] for row in found["rows"]}) == 1
    assert len({row[1] for row in found["rows"]}) > 1
    sql = f"SELECT mrr FROM ({metric['sql']}) WHERE month = '2025-12-01'"
    [whole] = da("query", sql, "--json").json
    assert sum(row[2] for row in found["rows"]) == pytest.approx(whole["mrr"])
    assert found["receipt"]["id"]
