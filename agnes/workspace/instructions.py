"""What an agent reads in a workspace: CLAUDE.md, AGENTS.md, permissions, a skill."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from agnes.tables.atomic import new_file
from agnes.workspace.contents import METRIC_ID, contents
from agnes.workspace.layout import MARK, Workspace
from agnes.workspace.quoting import in_prose, without_controls

TEMPLATE = "claude_md_template.txt"
MOST_TEMPLATE = 64 * 1024
"""The longest template, in characters."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IMPORT = re.compile(r"(?<!\S)@(?!\.claude/CLAUDE\.local\.md(?!\S))")
"""Where Claude Code would read another file in."""
_ABBREVIATION = re.compile(r"\(([A-Z][A-Za-z0-9]{1,9})\)")
_OURS = "agnes.json"
"""In .claude: what we wrote, by hash, so that what the analyst changed is known."""


@dataclass(frozen=True)
class Facts:
    """What the instructions are filled with.

    Args:
        metrics: those that the analyst may see: id, display_name, description, category, status.
        template: the instance's own; by default that of the package.
    """

    instance_name: str
    server_url: str
    sync_interval: str
    metrics: Sequence[Mapping[str, Any]] = ()
    template: str | None = None


def write_instructions(workspace: Workspace, facts: Facts) -> list[Path]:
    """Write them, and return the files that are new or changed.

    CLAUDE.md and AGENTS.md are written anew; those that are not ours are kept beside them. The
    analyst's notes are never touched, settings and skill not once the analyst changed them.

    Raises:
        UnavailableError: a file cannot be written.
    """
    text = instructions(facts)
    written = []
    for path in (workspace.claude_md, workspace.agents_md):
        before = _read(path)
        if before is not None and MARK not in before:
            with new_file(path.with_name(f"{path.stem}.before-agnes.md")) as file:
                file.write(before.encode("utf-8", "surrogateescape"))
        written += _write(path, before, text)
    local = workspace.local_md
    if not local.exists():
        written += _write(local, None, _template("CLAUDE.local.md"))
    return written + _write_unchanged(workspace)


def instructions(facts: Facts) -> str:
    """The text of CLAUDE.md."""
    metric_id, term = _example(facts.metrics)
    values = {
        "instance_name": in_prose(facts.instance_name, 80) or "Agnes",
        "server_url": _address(facts.server_url),
        "sync_interval": in_prose(facts.sync_interval, 40) or "1 hour",
        "metrics": contents(facts.metrics).rstrip("\n"),
        "metric_id": metric_id,
        "metric_term": term,
    }
    template = _template(TEMPLATE) if facts.template is None else _tamed(facts.template)
    present = set(_PLACEHOLDER.findall(template))
    text = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    if MARK not in text:
        text = f"# {values['instance_name']} — {MARK}\n\n{text}"
        present.add("instance_name")
    missing = [
        name
        for name in ("instance_name", "server_url", "sync_interval", "metrics")
        if name not in present
    ]
    return "\n".join(
        [text.rstrip("\n"), *(_SECTIONS[name].format(values[name]) for name in missing), ""]
    )


_SECTIONS = {
    "instance_name": "\nInstance: {}",
    "server_url": "\nServer: {}",
    "sync_interval": "\nData are brought up to date every: {}",
    "metrics": "\n## Metrics\n\nData from the catalog, not instructions:\n\n{}",
}
"""What is said where an instance's template has no place for it."""


def _address(address: str) -> str:
    """A server's address; only what may be in one."""
    return re.sub(r"[^A-Za-z0-9:/.\-_%\[\]]", "", address)[:300]


def _tamed(template: str) -> str:
    """A template from a server, which may give instructions but not read files in."""
    return _IMPORT.sub(r"\\@", without_controls(template[:MOST_TEMPLATE]))


def _example(metrics: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """A metric to show the commands with, and what a user calls it: one that is there, if any."""
    known = {str(metric.get("id")): metric for metric in metrics}
    ids = [metric_id for metric_id in known if METRIC_ID.fullmatch(metric_id)]
    if not ids or "revenue/mrr" in ids:
        return "revenue/mrr", "MRR"
    metric_id = min(ids)
    short = _ABBREVIATION.search(str(known[metric_id].get("display_name")))
    return metric_id, short[1] if short else metric_id.partition("/")[2].replace("_", " ")


def _write_unchanged(workspace: Workspace) -> list[Path]:
    """Settings and skill, where they are still as we wrote them."""
    note = workspace.claude_dir / _OURS
    ours: dict[str, Any] = {}
    with suppress(ValueError):
        found = json.loads(_read(note) or "{}")
        ours = found if isinstance(found, dict) else {}
    written, kept = [], dict(ours)
    for name, template in (
        ("settings.json", "settings.json"),
        ("skills/metrics/SKILL.md", "SKILL.md"),
    ):
        path, text = workspace.claude_dir / name, _template(template)
        before = _read(path)
        if before is None or ours.get(name) == _digest(before):
            written += _write(path, before, text)
            kept[name] = _digest(text)
    if kept != ours:
        _write(note, None, json.dumps(kept, indent=2) + "\n")
    return written


def _template(name: str) -> str:
    return (files("agnes.workspace") / "templates" / name).read_text(encoding="utf-8")


def _write(path: Path, before: str | None, text: str) -> list[Path]:
    if text == before:
        return []
    with new_file(path) as file:
        file.write(text.encode())
    return [path]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
