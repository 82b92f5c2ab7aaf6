"""`da metrics test`: whether metrics give the numbers that their files say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import (
    CatalogOption,
    DataOption,
    EngineOption,
    JsonOption,
    catalog_path,
    complete_metric,
)
from agnes.cli.output import echo, note, print_json, progress, style
from agnes.errors import AgnesError

if TYPE_CHECKING:
    from agnes.lint.files import Files
    from agnes.numbers.testing import Report, Status


def run(
    metric_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID...]",
            help="Metrics, such as revenue/mrr. Default: all.",
            autocompletion=complete_metric,
        ),
    ] = None,
    data: DataOption = None,
    engine: EngineOption = None,
    rev: Annotated[
        str | None,
        typer.Option(
            "--rev",
            help="Test a commit: main, HEAD~1, v1.2. Default: the working tree.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 on a test without data too.")
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write the results as JUnit's XML, for CI."),
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Run the tests that metrics have in their files, on data; exit 1 when one fails.

    The files are those of the working tree, uncommitted changes included; --rev takes a commit's.
    A test whose table has no data is skipped, and said.

    \b
    Examples:
      da metrics test
      da metrics test revenue/mrr --data data/parquet
      da metrics test --rev v1.2 --json
      da metrics test --strict --junit results.xml
    """
    from agnes.cli.at_hand import open_data
    from agnes.numbers.cases import read_cases
    from agnes.numbers.testing import Report, run_tests

    root = catalog_path(catalog)
    cases = read_cases(_files(root, rev), metric_ids or [])
    report = Report([])
    if cases.found or cases.broken:
        with (
            open_data(data, catalog, engine=engine) as (opened, files, _),
            progress("Testing") as advance,
        ):
            with_data = cases.tables if files is None else files.tables
            report = _placed(run_tests(opened, cases, with_data, advance), root)
    else:
        note("no metric has tests; see docs/metric-tests.md for how to write some")
    if junit is not None:
        _write(junit, report)
    if json:
        print_json(report.as_dict())
    else:
        for line in _lines(report):
            echo(line)
    if not report.is_good(strict=strict):
        raise typer.Exit(1)


def _files(root: Path, rev: str | None) -> Files:
    from agnes.git.refs import locate
    from agnes.git.repository import Repository
    from agnes.lint.files import folder_files, revision_files
    from agnes.model.layout import PARTS

    if rev is None:
        return folder_files(root)
    return revision_files(Repository(locate(root), PARTS), rev)


def _placed(report: Report, root: Path) -> Report:
    """The same with paths as they are seen from here, where the catalog is below."""
    relative = os.path.relpath(root.resolve(), Path.cwd().resolve())
    if relative == "." or relative.startswith(".."):
        return report
    outcomes = [
        replace(it, path=f"{Path(relative).as_posix()}/{it.path}") for it in report.outcomes
    ]
    return replace(report, outcomes=outcomes)


def _write(file: Path, report: Report) -> None:
    from agnes.numbers.junit import junit

    try:
        file.write_bytes(junit(report))
    except OSError as error:
        raise AgnesError(f"cannot write {file}: {error.strerror}", "name another --junit") from None


def _lines(report: Report) -> Iterator[str]:
    from agnes.diff.visible import visible

    width = max((len(it.metric) for it in report.outcomes), default=0)
    for outcome in report.outcomes:
        mark, color = _MARKS[outcome.status]
        name = visible(outcome.name)
        yield f"{style(mark.ljust(_WIDTH), fg=color)}  {outcome.metric.ljust(width)}  {name}"
        if outcome.reason is not None:
            yield f"{' ' * _WIDTH}  {outcome.path}:{outcome.line}: {visible(outcome.reason)}"
    counts = [f"{report.count(it)} {_WORDS[it]}" for it in _WORDS if report.count(it)]
    if report.outcomes:
        yield f"{len(report.outcomes)} test(s): {', '.join(counts)}"


_MARKS = {
    "passed": ("ok", "green"),
    "failed": ("FAILED", "red"),
    "error": ("ERROR", "red"),
    "skipped": ("skipped", "yellow"),
}
_WORDS: dict[Status, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "could not be run",
    "skipped": "skipped",
}
_WIDTH = len("skipped")
