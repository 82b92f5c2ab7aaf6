"""`da catalog`: the cache of a catalog, and how it follows the branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import CatalogOption, FollowOption, JsonOption, catalog_path
from agnes.cli.output import (
    change_lines,
    echo,
    facts,
    finding_lines,
    note,
    print_json,
    progress,
    style,
)
from agnes.cli.watch import watch

if TYPE_CHECKING:
    from agnes.sync.outcome import Outcome

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def sync(
    worktree: Annotated[
        bool,
        typer.Option(
            "--worktree", help="Build a preview of the working tree instead, and print its path."
        ),
    ] = False,
    follow: FollowOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Bring the cache to the branch's newest commit.

    \b
    Examples:
      da catalog sync
      da catalog sync --json
      da catalog sync --worktree
    """
    from agnes.git.committing import is_unfinished
    from agnes.git.refs import locate
    from agnes.sync.outcome import outcome_if_current

    location = locate(catalog_path(catalog))
    if worktree:
        from agnes.sync.reconcile import preview

        with progress("Building") as advance:
            path = preview(location, advance)
        print_json({"path": str(path), "committed": False}) if json else echo(str(path))
        return
    if follow is not None:
        from agnes.sync.follow import follow_branch

        follow_branch(location, follow)
    outcome = outcome_if_current(location)
    if outcome is None or is_unfinished(location):
        from agnes.cache.engine import warm

        warm()
        from agnes.sync.reconcile import reconcile

        with progress("Syncing") as advance:
            outcome = reconcile(location, progress=advance)
    print_json(outcome.as_dict()) if json else _print_outcome(outcome)


@app.command()
def rebuild(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Delete the cache and build it anew from git. Nothing is lost by it."""
    from agnes.git.refs import locate
    from agnes.sync.reconcile import rebuild as build_anew

    with progress("Building") as advance:
        outcome = build_anew(locate(catalog_path(catalog)), advance)
    print_json(outcome.as_dict()) if json else _print_outcome(outcome)


@app.command()
def status(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Say what the cache is at and what is wrong in the catalog; exit 1 unless all is well."""
    from agnes.cache.query import Snapshot
    from agnes.cache.store import Store
    from agnes.errors import CacheError
    from agnes.git.refs import locate
    from agnes.sync.status import status as describe

    location = locate(catalog_path(catalog))
    found = describe(location)
    findings: list[dict[str, Any]] = []
    current = Store(location).current()
    if current is not None:
        try:
            with Snapshot(current.path) as opened:
                findings = opened.diagnostics()
        except CacheError:
            pass  # `describe` has said so
    if json:
        print_json(found | {"diagnostics": findings})
    else:
        for finding in findings:
            for line in finding_lines(finding):
                echo(line)
        color = "green" if found["state"] == "fresh" else "yellow"
        echo(f"{style(found['state'], fg=color, bold=True)}: {_MEANING[found['state']]}")
        for line in facts(_facts(found)):
            echo(line)
    if found["state"] != "fresh":
        raise typer.Exit(1)


_MEANING = {
    "fresh": "the cache is at the branch's newest commit",
    "behind": "the branch has moved; the next read or `da catalog sync` follows",
    "degraded": "what can be served is served, but something is wrong",
    "missing": "nothing is cached yet; run `da catalog sync`",
    "damaged": "the snapshot cannot be read; run `da catalog rebuild`",
}


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    branch = (found["branch"] or "").removeprefix("refs/heads/").removeprefix("refs/remotes/")
    lines = [
        ("catalog", found["catalog"]),
        ("branch", branch or ("none, HEAD is detached" if found["wanted"] else "")),
        ("in force", (found["commit"] or "nothing")[:10]),
        ("wanted", _wanted(found)),
        ("snapshot", found["path"] or ""),
        ("history", "cut off: a shallow clone" if found.get("shallow") else ""),
        ("error", found["error"] or ""),
        ("last sync", _tried(found["sync"])),
        ("last fetch", _tried(found["fetch"])),
    ]
    if "metrics" in found:
        text = f"{found['metrics']} metrics, {found['tables']} tables, {found['stale']} stale"
        lines.insert(4, ("content", text))
        size = f"{found['size_bytes'] / 1e6:.1f} MB, {found['snapshots']} snapshot(s)"
        lines.append(("size", size))
    return lines


def _wanted(found: dict[str, Any]) -> str:
    if not found["wanted"] or found["wanted"] == found["commit"]:
        return ""
    lag = found["lag"] or {}
    if lag.get("commits") is None:
        return f"{found['wanted'][:10]}, which does not come after it"
    return f"{found['wanted'][:10]}, {lag['commits']} commit(s) and {lag['seconds']} s ahead"


def _tried(entry: dict[str, Any] | None) -> str:
    """How a sync or a fetch went; nothing where it went well."""
    if not entry or not entry["error"]:
        return ""
    again = f"; again at {entry['next']}" if "next" in entry else ""
    return f"failed at {entry['at']}{again}: {entry['error']}"


app.command()(watch)


@app.command("path")
def print_path(catalog: CatalogOption = None) -> None:
    """Print the file of the snapshot in force, for any DuckDB client.

    \b
    Example:
      duckdb -readonly "$(da catalog path)" "FROM metric_definitions"
    """
    from agnes.cli.options import snapshot

    with snapshot(catalog) as opened:
        echo(str(opened.path))


def _print_outcome(outcome: Outcome) -> None:
    for finding in outcome.findings:
        if finding["severity"] == "error" or outcome.moved:
            for line in finding_lines(finding):
                echo(line)
    counts = f"{outcome.counts['metrics']} metrics, {outcome.counts['tables']} tables"
    if not outcome.moved:
        echo(f"Nothing new at {outcome.commit[:10]}: {counts}")
    elif outcome.previous is None:
        echo(f"Built {outcome.commit[:10]}: {counts}")
    else:
        for line in change_lines(outcome.added, outcome.changed, outcome.removed):
            echo(line)
        echo(f"Synced {outcome.previous[:10]} -> {outcome.commit[:10]}: {counts}")
    if outcome.reason:
        note(f"built from nothing: {outcome.reason}")
    if outcome.branch is None:
        note("HEAD is detached; that commit is served")
    if outcome.counts["stale"]:
        note(f"{outcome.counts['stale']} of them stale: an earlier version is served")
