"""`da metrics import`, `add` and `remove`: changes of the catalog, each as one commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import (
    CatalogOption,
    IdArgument,
    IdsArgument,
    JsonOption,
    catalog_path,
    snapshot,
    source,
)
from agnes.cli.output import change_lines, echo, note, print_json
from agnes.errors import UsageError

if TYPE_CHECKING:
    from agnes.source import Written

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and stop.")]


def import_metrics(
    path: Annotated[
        Path,
        typer.Argument(help="A YAML file, a folder of <category>/<name>.yml, or system.duckdb."),
    ],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Import metrics as one commit, all or nothing.

    \b
    Examples:
      da metrics import ../other/metrics --dry-run
      da metrics import system.duckdb
    """
    from agnes.load.pack import read_pack

    pack = read_pack(path)
    with source(catalog) as changed:
        done = changed.put(pack, "import", dry_run=dry_run)
    _report(done, json=json)
    if not json and not dry_run:
        echo(f"Imported {len(pack.metrics)} metric(s) from {path}")


def add(
    file: Annotated[Path, typer.Option("--file", help="A YAML file with one metric.")],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Add one metric, or change the one of the same id, as a commit.

    \b
    Example:
      da metrics add --file gross_margin.yml
    """
    from agnes.load.pack import read_pack

    if file.is_dir():
        raise UsageError(f"{file} is a folder", "import a folder: da metrics import PATH")
    pack = read_pack(file)
    if len(pack.metrics) != 1:
        raise UsageError(
            f"{file} holds {len(pack.metrics)} metrics", "import several: da metrics import PATH"
        )
    with source(catalog) as changed:
        done = changed.put(pack, "add", dry_run=dry_run)
    _report(done, json=json)


def remove(
    metric_id: IdArgument,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Delete a metric, as a commit.

    \b
    Example:
      da metrics remove revenue/old_mrr
    """
    with source(catalog) as changed:
        done = changed.remove([metric_id], dry_run=dry_run)
    _report(done, json=json)


def certify(
    metric_ids: IdsArgument,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take the certificates back instead.")
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Approve of metrics as they are on the branch, as a commit in your name.

    A certificate holds until the metric means something else. agnes.yml says who may certify.

    \b
    Examples:
      da metrics certify revenue/mrr revenue/arr
      da metrics certify revenue/mrr --revoke
    """
    from agnes import certify as approval
    from agnes.source.local import Local, apply, open_editor

    path = catalog_path(catalog)
    editor = open_editor(path)
    with snapshot(path) as opened, Local(path, lambda: opened).nearest(metric_ids):
        plan = (approval.revoke if revoke else approval.certify)(editor, metric_ids)
    verb = "revoke the certificate of" if revoke else "certify"
    _report(apply(editor, plan, verb, "manual", dry_run=dry_run), json=json)


def _report(done: Written, *, json: bool) -> None:
    """Say what was done."""
    if json:
        names = {kind: getattr(done, kind) for kind in _PLANNED}
        review = {"branch": done.branch} if done.under_review else {}
        print_json({"dry_run": done.dry_run, "commit": done.commit, **review, **names})
        return
    for line in change_lines(done.added, done.changed, done.removed):
        echo(line)
    if done.unchanged:
        echo(f"  {len(done.unchanged)} unchanged")
    if not (done.added or done.changed or done.removed):
        echo("Nothing to change; no commit")
    elif done.dry_run:
        echo("DRY RUN: nothing was changed")
    if done.under_review:
        note(f"it waits on {done.branch} for a review: nothing changed yet")
    elif done.commit:
        note(f"committed {done.commit[:10]} on {done.branch}")


_PLANNED = ("added", "changed", "removed", "unchanged")
