"""`da admin metadata discover`: a proposal from the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_path
from agnes.cli.output import echo, note, print_json, progress, style, table
from agnes.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot
    from agnes.describe import Describer
    from agnes.git.refs import Location
    from agnes.proposals.discover import Discovery, Files
    from agnes.proposals.saving import Saved


def discover(
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table; repeat it.", show_default=False),
    ] = None,
    describe: Annotated[
        str,
        typer.Option(
            metavar="rules|agent|URL",
            help="Who describes: rules, your coding agent, or a model behind an OpenAI endpoint.",
        ),
    ] = "rules",
    model: Annotated[
        str | None, typer.Option(help="The endpoint's model.", show_default=False)
    ] = None,
    from_task: Annotated[
        Path | None,
        typer.Option(help="The task file that the agent filled in.", show_default=False),
    ] = None,
    from_source: Annotated[
        bool, typer.Option("--from-source", help="Propose what Keboola says, not what data show.")
    ] = False,
    no_branch: Annotated[
        bool, typer.Option("--no-branch", help="Commit on the branch that is checked out.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="A folder of <table_id>.parquet files.", show_default=False),
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Propose base types and descriptions of the columns that have none, from 500 rows of each.

    The proposal is a file on a branch of its own, for a review; nothing else changes. Data are
    looked for where `da query` does. Of columns with personal data or secrets no value is shown or
    sent to anybody. An endpoint's key is taken from AGNES_DESCRIBE_KEY.

    \b
    Examples:
      da admin metadata discover --table orders
      da admin metadata discover --describe agent
      da admin metadata discover --from-task shop_metadata_20260131_120000.task.json
      da admin metadata discover --describe https://api.openai.com/v1 --model gpt-4.1-mini
      da admin metadata discover --from-source
    """
    from agnes.git.refs import locate
    from agnes.proposals.discover import discover as look
    from agnes.proposals.saving import save
    from agnes.sync.reading import Reading, open_snapshot

    path = catalog_path(catalog)
    location = locate(path)
    wanted = list(tables or [])
    if from_source and (from_task or data or describe != "rules"):
        raise UsageError("--from-source takes no data and no describer")
    describer: Describer | None = None
    with open_snapshot(path, Reading()) as snapshot, ExitStack() as stack:
        if from_source:
            found = _from_source(location, snapshot, wanted)
        else:
            files = data_files(data, catalog)
            describer = stack.enter_context(_describer(describe, model, from_task))
            wanted = wanted or _of_task(describer)
            advance = stack.enter_context(progress("Looking at tables"))
            found = look(snapshot, files, describer, wanted, advance)
    _tell_problems(found, all_=not wanted)
    if describe == "agent" and describer is not None:
        _hand_over(describer, location, found, json=json)
        return
    saved = save(location, found.proposal, branch=not no_branch) if found.columns else None
    if json:
        print_json(_answer(found, saved))
        return
    _report(found, saved)


def _from_source(location: Location, snapshot: Snapshot, tables: list[str]) -> Discovery:
    from agnes.config.instance import InstanceSettings
    from agnes.proposals.discover import Discovery
    from agnes.proposals.from_source import proposal_from_source
    from agnes.tables.sources import open_keboola

    with open_keboola(InstanceSettings.load()) as storage:
        return Discovery(proposal_from_source(storage, location, snapshot, tables or None))


@contextmanager
def _describer(describe: str, model: str | None, from_task: Path | None) -> Iterator[Describer]:
    from agnes.describe import Rules

    if from_task is not None:
        from agnes.describe.task import FilledTask

        if describe != "rules":
            raise UsageError("--from-task and --describe exclude each other")
        yield FilledTask(from_task)
    elif describe == "rules":
        yield Rules()
    elif describe == "agent":
        from agnes.describe.task import TaskWriter

        yield TaskWriter()
    elif describe.startswith(("https://", "http://")):
        from agnes.config import describe_key
        from agnes.describe.endpoint import Endpoint

        if model is None:
            raise UsageError("no model is named", "name one of the endpoint's: --model NAME")
        with Endpoint(describe, model, describe_key()) as endpoint:
            yield endpoint
    else:
        raise UsageError(f"--describe is {describe!r}", "write rules, agent, or a URL: https://...")


def _of_task(describer: Describer) -> list[str]:
    from agnes.describe.task import FilledTask

    return describer.tables if isinstance(describer, FilledTask) else []


def data_files(folder: Path | None, catalog: Path | None) -> Files:
    """The parquet files at hand by table: of a folder, else of where `da query` looks.

    Raises:
        NotFoundError: there are none.
    """
    from agnes.cli.query import data_folders
    from agnes.queries.local import local_data

    hint = "get it with da sync, make some (da demo-data data/parquet), or name it: --data"
    files = sorted(folder.glob("*.parquet")) if folder else []
    if files:
        return {file.stem: [file] for file in files}
    try:
        return local_data([folder] if folder else data_folders(catalog)).tables
    except NotFoundError as error:
        raise NotFoundError(error.message, hint) from None


def _tell_problems(found: Discovery, *, all_: bool) -> None:
    missing = [name for name, why in found.problems.items() if why == "no data at hand"]
    for name, why in found.problems.items():
        if name not in missing or not all_:
            note(f"{name} is left out: {why}")
    if missing and all_:
        named = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        note(f"left out, for no data are at hand: {named}")
    for text in found.notes:
        note(text)


def _hand_over(describer: Describer, location: Location, found: Discovery, *, json: bool) -> None:
    """Write the task for the agent, and say what to do with it."""
    from datetime import UTC, datetime

    from agnes.describe.task import TaskWriter
    from agnes.edit import Editor
    from agnes.proposals.saving import name_of, project_of

    assert isinstance(describer, TaskWriter)
    columns = describer.columns
    path = None
    if columns:
        name = name_of(project_of(Editor(location)), datetime.now(UTC))
        path = Path(f"{name}.task.json")
        describer.write(path)
    if json:
        print_json({"task": path and str(path), "columns": columns, "problems": found.problems})
    elif path is None:
        echo("Nothing to describe: every column at hand has a description.")
    else:
        echo(f"Wrote {path}: {columns} columns to describe.")
        echo(f"Tell your coding agent: Read {path} and do what its instructions say.")
        _next(f"da admin metadata discover --from-task {path}")


def _answer(found: Discovery, saved: Saved | None) -> dict[str, Any]:
    tables = found.proposal.tables
    return {
        "file": saved and saved.path,
        "branch": saved and saved.branch,
        "commit": saved and saved.commit,
        "describer": found.proposal.describer,
        "tables": {name: len(it.columns) for name, it in tables.items()},
        "columns": len(found.columns),
        "described": sum(it.description is not None for it in found.columns),
        "confidence": _levels(found),
        "problems": found.problems,
        "notes": found.notes,
    }


def _levels(found: Discovery) -> dict[str, int]:
    counts = Counter(column.confidence for column in found.columns)
    return {level: counts[level] for level in ("high", "medium", "low")}


def _report(found: Discovery, saved: Saved | None) -> None:
    from agnes.proposals.discover import extent

    if saved is None:
        echo("Nothing to propose.")
        return
    described = sum(it.description is not None for it in found.columns)
    personal = sum(it.pii for it in found.columns)
    echo(f"Proposed {extent(found.proposal)}:")
    rows = [(level, f"{count}") for level, count in _levels(found).items()]
    rows += [("described", f"{described}"), ("personal data", f"{personal}")]
    for line in table(rows):
        echo(line)
    echo(f"In {saved.path}, commit {saved.commit[:10]}" + _where(saved))
    if saved.remote:
        _next(f"git fetch {saved.remote} && git switch {saved.branch}")
    elif saved.branch:
        _next(f"git switch {saved.branch}")
    _next(f"da admin metadata review {saved.path}")


def _where(saved: Saved) -> str:
    if saved.branch is None:
        return ""
    return f", on the branch {saved.branch}" + (f" of {saved.remote}" if saved.remote else "")


def _next(command: str) -> None:
    echo(f"{style('Next:', bold=True)} {command}")
