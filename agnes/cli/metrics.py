"""`da metrics`: reading, finding, checking and changing metric definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agnes.cli.lazy import lazy
from agnes.cli.options import (
    AsOfOption,
    CatalogOption,
    IdArgument,
    JsonOption,
    NoSyncOption,
    RevisionOption,
    WorktreeOption,
    source,
)
from agnes.cli.output import echo, note, print_json, style, wrap

app = typer.Typer(
    cls=lazy(
        {
            "list": "agnes.cli.metrics:list_metrics",
            "show": "agnes.cli.metrics:show",
            "run": "agnes.cli.run:run",
            "search": "agnes.cli.metrics:search",
            "lineage": "agnes.cli.lineage:lineage",
            "export": "agnes.cli.metrics:export",
            "import": "agnes.cli.changes:import_metrics",
            "add": "agnes.cli.changes:add",
            "remove": "agnes.cli.changes:remove",
            "certify": "agnes.cli.changes:certify",
            "diff": "agnes.cli.diff:diff",
            "history": "agnes.cli.history:history",
            "blame": "agnes.cli.history:blame",
            "log": "agnes.cli.changelog:log",
            "bisect": "agnes.cli.bisect:bisect",
            "explain": "agnes.cli.explain:explain",
            "validate": "agnes.cli.validate:validate",
            "test": "agnes.cli.test:run",
        }
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)


def list_metrics(
    category: Annotated[
        str | None, typer.Option("--category", help="Only this category.", show_default=False)
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    as_of: AsOfOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """List the metrics, grouped by category.

    \b
    Examples:
      da metrics list
      da metrics list --category revenue --json
      da metrics list --rev HEAD~10
      da metrics list --as-of 2026-01-31
    """
    with source(catalog, revision=rev, as_of=as_of, worktree=worktree, no_sync=no_sync) as found:
        rows = found.metrics(category, () if json else (*_LISTED, *_MARKED, "category"))
        errors = found.errors()
    if json:
        print_json(rows)
        return
    if not rows:
        echo("No metrics" + (f" in category {category}" if category else ""))
    shown: str | None = None
    widths = [max((len(row[key] or "") for row in rows), default=0) for key in _LISTED]
    for row in rows:
        if row["category"] != shown:
            echo(("" if shown is None else "\n") + style(f"[{row['category']}]", bold=True))
            shown = row["category"]
        cells = [(row[key] or "").ljust(width) for key, width in zip(_LISTED, widths, strict=True)]
        echo(f"  {'  '.join(cells)}  {_marks(row)}".rstrip())
    if errors:
        note(f"{errors} error(s) in the catalog; see them with: da catalog status")


_LISTED = ("id", "display_name", "unit", "grain")
_MARKED = ("stale", "status", "certification")


def _marks(row: dict[str, Any]) -> str:
    marks = ["STALE"] if row["stale"] else []
    marks += [row["status"].upper()] if row["status"] != "active" else []
    marks += [row["certification"].upper()] if row["certification"] else []
    color = "green" if marks == ["CERTIFIED"] else "yellow"
    return style(", ".join(marks), fg=color) if marks else ""


def show(
    metric_id: IdArgument,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    as_of: AsOfOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Show what to know before using a metric: meaning, rules, SQL, origin.

    \b
    Examples:
      da metrics show revenue/mrr
      da metrics show revenue/mrr --json
      da metrics show revenue/mrr --rev v1.2
      da metrics show revenue/mrr --as-of 2026-01-31
    """
    with source(catalog, revision=rev, as_of=as_of, worktree=worktree, no_sync=no_sync) as found:
        row = found.metric(metric_id)
        findings = found.findings(row)
    if json:
        print_json(row)
        return
    from agnes.cli.show import metric_lines

    for line in metric_lines(row, findings):
        echo(line)


def search(
    terms: Annotated[list[str], typer.Argument(help="A name, a synonym or a question.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most hits.")] = 10,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    as_of: AsOfOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Find the metric that words mean; says so when nothing fits.

    \b
    Examples:
      da metrics search monthly revenue
      da metrics search "how many customers do we lose?" --json
    """
    query = " ".join(terms)
    with source(catalog, revision=rev, as_of=as_of, worktree=worktree, no_sync=no_sync) as found:
        results = found.search(query, limit)
    if json:
        print_json(results)
        return
    if not results["hits"]:
        echo(f"Nothing fits “{query}”")
        note("try other words, or look through them all: da metrics list")
        return
    for hit in results["hits"]:
        name = f"{style(hit['id'], bold=True)}  {hit['display_name']}"
        echo(f"{name}  {_marks(hit)}".rstrip())
        if hit["description"]:
            for line in wrap(_first_sentence(hit["description"]), "  "):
                echo(line)
        why = f"{hit['score']:.2f}  {hit['why']}"
        echo(f"  {style(why, dim=True)}")
    if results["total"] > len(results["hits"]):
        more = results["total"] - len(results["hits"])
        note(f"{more} more; see them with --limit {results['total']}")


def _first_sentence(text: str) -> str:
    first = " ".join(text.split()).split(". ")[0].rstrip(".")
    return f"{first[:159]}…" if len(first) > 160 else f"{first}."


def export(
    directory: Annotated[Path, typer.Option("--dir", help="Where to write.")] = Path("export"),
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    as_of: AsOfOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Write every metric as canonical YAML to DIR/<category>/<name>.yml.

    \b
    Example:
      da metrics export --dir ./export --rev v1.2
    """
    from agnes.load.export import export_metrics

    with source(catalog, revision=rev, as_of=as_of, worktree=worktree, no_sync=no_sync) as found:
        count = export_metrics(found.metrics(), directory)
    echo(f"Exported {count} metric(s) to {directory}")
