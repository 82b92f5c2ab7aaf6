"""`da answers`: the receipts of numbers that were given, and whether they still hold."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.lazy import lazy
from agnes.cli.options import CatalogOption, DataOption, EngineOption, JsonOption, source
from agnes.cli.output import echo, note, print_json, style
from agnes.errors import AgnesError, NotFoundError, UsageError
from agnes.model.layout import printable

if TYPE_CHECKING:
    from agnes.compute.receipt import Receipt
    from agnes.compute.verify import Verdict

app = typer.Typer(
    cls=lazy(
        {
            "list": "agnes.cli.answers:list_",
            "verify": "agnes.cli.answers:verify",
            "stale": "agnes.cli.answers:stale",
        }
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)


def list_(json: JsonOption = False) -> None:
    """List the receipts of this workspace, the newest first.

    \b
    Examples:
      da answers list
      da answers list --json
    """
    receipts = list(_receipts())
    if json:
        print_json([receipt.as_dict() for receipt in receipts])
        return
    if not receipts:
        echo("No receipts: da metrics run keeps one for each answer, in a workspace")
    for receipt in receipts:
        asked = ", ".join(_asked(receipt))
        echo(f"{receipt.id}  {receipt.row_count} row(s){f'  {asked}' if asked else ''}")


def verify(
    receipt: Annotated[
        str,
        typer.Argument(help="A receipt's file, its id, or how that begins.", metavar="RECEIPT"),
    ],
    data: DataOption = None,
    engine: EngineOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Run a receipt's query again and compare: 1 is returned if other numbers come out.

    A receipt does not say by itself where to connect to: what was computed in another engine is
    run there with --engine, or on files with --data.

    \b
    Examples:
      da answers verify user/receipts/20260131T090000Z-revenue-mrr-1f2e3d4c.json
      da answers verify 20260131 --json
      da metrics run revenue/mrr --json > mrr.json; da answers verify mrr.json
    """
    from agnes.cli.at_hand import engine_at_hand, open_data
    from agnes.compute.receipt import find_receipt, read_receipt
    from agnes.compute.verify import verify as compare

    found = read_receipt(find_receipt(receipt, _folder()))
    row = _in_force(found.metric, catalog)
    if found.engine != "duckdb" and not data and engine_at_hand(engine, data, catalog) is None:
        there = shlex.quote(printable(found.engine))
        remedy = f"run it there: --engine {there}; or on files: --data DIR"
        raise UsageError(f"{found.id} was computed in another engine", remedy)
    with open_data(data, catalog, found.row_count, engine) as (opened, files, _):
        verdict = compare(found, opened, files, row)
    if json:
        print_json(verdict.as_dict())
    else:
        for line in _lines(verdict):
            echo(line)
    if not verdict.same:
        raise typer.Exit(1)


def stale(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """List the answers whose metric has since changed in meaning, and how.

    \b
    Examples:
      da answers stale
      da answers stale --json
    """
    from agnes.compute.verify import stale as stale_of

    receipts = list(_receipts())
    rows: dict[str, Mapping[str, Any]] = {}
    if receipts:
        with source(catalog) as asked:
            rows = {row["id"]: row for row in asked.metrics()}
    found = list(stale_of(receipts, rows))
    if json:
        print_json(
            [
                {"receipt": it.id, "metric": it.metric, "at": it.at.isoformat(), "changes": words}
                for it, words in found
            ]
        )
        return
    if not found:
        echo(f"None of {len(receipts)} answers is stale")
    for it, words in found:
        echo(f"{style(it.id, bold=True)}")
        for line in words:
            echo(f"  {line}")


def _lines(verdict: Verdict) -> Iterator[str]:
    said = (
        style("the same numbers", fg="green") if verdict.same else style("NOT the same", fg="red")
    )
    yield f"{verdict.receipt}: {said}"
    if verdict.failed:
        yield f"  the query failed: {verdict.failed}"
    yield from (f"  tampered with: {words}" for words in verdict.tampered)
    yield from (f"  definition changed since: {words}" for words in verdict.definition)
    if verdict.data:
        yield f"  data changed since: {', '.join(verdict.data)}"
    for cell in verdict.cells:
        yield f"  row {cell.row}, {cell.column or 'all of it'}: {cell.old} then, {cell.new} now"
    if verdict.differing > len(verdict.cells):
        yield f"  and {verdict.differing - len(verdict.cells)} more"


def _asked(receipt: Receipt) -> Iterator[str]:
    asked = receipt.asked
    yield from (f"by {name}" for name in asked.by)
    for name in ("grain", "start", "end", "where"):
        if (value := getattr(asked, name)) is not None:
            yield f"{name} {value}"


def _folder() -> Path | None:
    from agnes.compute.receipt import FOLDER
    from agnes.workspace.freshness import workspace_here

    workspace = workspace_here()
    return None if workspace is None else workspace.root / FOLDER


def _receipts() -> Iterator[Receipt]:
    from agnes.compute.receipt import kept_in, read_receipt

    if (folder := _folder()) is None:
        raise NotFoundError(
            "receipts are kept in a workspace, and this is none", "make one: da analyst setup"
        )
    for path in kept_in(folder):
        try:
            yield read_receipt(path)
        except AgnesError as error:
            note(error.message)


def _in_force(metric_id: str, catalog: Path | None) -> Mapping[str, Any] | None:
    try:
        with source(catalog) as asked:
            return asked.metric(metric_id)
    except NotFoundError:
        return None
