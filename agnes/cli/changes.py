"""`da metrics import`, `add` and `remove`: changes of the catalog, each as one commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
)
from agnes.cli.output import change_lines, echo, note, print_json
from agnes.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agnes.edit import Editor, Plan
    from agnes.load.pack import Pack

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
    _put(pack, "import", catalog, dry_run=dry_run, json=json)
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
    _put(pack, "add", catalog, dry_run=dry_run, json=json)


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
    from agnes.edit import Editor
    from agnes.git.refs import locate

    path = catalog_path(catalog)
    editor = Editor(locate(path))
    with _nearest(path, [metric_id]):
        plan = editor.remove([metric_id])
    _apply(editor, plan, "remove", dry_run=dry_run, json=json)


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
    from agnes.edit import Editor
    from agnes.git.refs import locate

    path = catalog_path(catalog)
    editor = Editor(locate(path))
    with _nearest(path, metric_ids):
        plan = (approval.revoke if revoke else approval.certify)(editor, metric_ids)
    verb, source = ("revoke the certificate of" if revoke else "certify"), "manual"
    _apply(editor, plan, verb, dry_run=dry_run, json=json, source=source)


@contextmanager
def _nearest(path: Path, metric_ids: list[str]) -> Iterator[None]:
    """Name the nearest ids where a metric is not found."""
    try:
        yield
    except NotFoundError as error:
        with snapshot(path) as opened:
            unknown = [name for name in metric_ids if opened.metric(name) is None]
            near = opened.nearest_ids((unknown or metric_ids)[0])
        hint = f"did you mean: {', '.join(near)}" if near else None
        raise NotFoundError(error.message, hint) from None


def _put(pack: Pack, verb: str, catalog: Path | None, *, dry_run: bool, json: bool) -> None:
    from agnes.edit import Editor
    from agnes.git.refs import locate

    editor = Editor(locate(catalog_path(catalog)))
    plan = editor.put(pack)
    if verb == "add" and not plan.added:
        verb = "change"
    _apply(editor, plan, verb, dry_run=dry_run, json=json)


def _apply(
    editor: Editor,
    plan: Plan,
    verb: str,
    *,
    dry_run: bool,
    json: bool,
    source: str = "yaml_import",
) -> None:
    """Commit a plan, follow with the cache, and say what was done."""
    from agnes.edit import subject
    from agnes.sync.reconcile import reconcile

    commit = None
    if not dry_run:
        names = plan.added + plan.changed + plan.removed
        commit = editor.apply(plan, subject(verb, names), source)
        if commit:
            reconcile(editor.location)
    if json:
        names_by_kind = {key: getattr(plan, key) for key in _PLANNED}
        print_json({"dry_run": dry_run, "commit": commit, **names_by_kind})
        return
    for line in _plan_lines(plan):
        echo(line)
    if dry_run and plan.files:
        echo("DRY RUN: nothing was changed")
    if commit:
        branch = plan.branch.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        note(f"committed {commit[:10]} on {branch}")


_PLANNED = ("added", "changed", "removed", "unchanged")


def _plan_lines(plan: Plan) -> Iterator[str]:
    yield from change_lines(plan.added, plan.changed, plan.removed)
    if plan.unchanged:
        yield f"  {len(plan.unchanged)} unchanged"
    if not plan.files:
        yield "Nothing to change; no commit"
