"""`da sync`: the workspace's data and metrics as the server has them now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import JsonOption, connect
from agnes.cli.output import echo, note, print_json
from agnes.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace
    from agnes.workspace.outcome import Outcome
    from agnes.workspace.sync import Sync


def sync(
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="ID", help="Only this table's data.", show_default=False),
    ] = None,
    docs_only: Annotated[
        bool, typer.Option("--docs-only", help="Only metrics, schema and profiles; no data.")
    ] = False,
    upload_only: Annotated[
        bool, typer.Option("--upload-only", help="Only send sessions and CLAUDE.local.md.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Bring the workspace up to date: what is new comes, what you may no longer see goes.

    Sends the records of sessions and CLAUDE.local.md, each once. Exit code 1 where nothing could be
    done; a table that fails is listed under `Errors`, and the rest goes on.

    \b
    Examples:
      da sync
      da sync --table orders
      da sync --docs-only --json
    """
    from agnes.cli.bar import Bar
    from agnes.workspace.lock import locked
    from agnes.workspace.sync import Sync, send
    from agnes.workspace.sync import sync as bring_up_to_date

    chosen = {"--table": table, "--docs-only": docs_only, "--upload-only": upload_only}
    names = [name for name, given in chosen.items() if given]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} exclude each other")
    workspace = _workspace()
    with connect() as client, Bar() as bar, locked(workspace):
        _check_server(workspace, client.server)
        run = Sync(workspace, client)
        if upload_only:
            outcome = send(run)
        else:
            outcome = bring_up_to_date(run, bar, data=not docs_only, table=table)
    if json:
        print_json(_as_dict(run, outcome))
    else:
        _show(run, outcome, docs_only=docs_only, upload_only=upload_only)


def _workspace() -> Workspace:
    from agnes.config import workspace_from_environment
    from agnes.workspace.layout import Workspace, find_workspace

    given = workspace_from_environment()
    found = Workspace(given) if given else find_workspace(Path.cwd())
    if found is None or not found.root.is_dir():
        raise NotFoundError(
            f"no workspace in {given or Path.cwd()}",
            "make one: da analyst setup; or name one by DA_LOCAL_DIR",
        )
    return found


def _check_server(workspace: Workspace, server: str) -> None:
    """A workspace has the data of one server; others would be taken for gone."""
    theirs = workspace.state().get("server")
    if theirs and theirs != server:
        raise UsageError(
            f"this workspace is of {theirs}, and {server} is configured",
            f"sign in there: da auth login --server-url {theirs}",
        )


def _as_dict(run: Sync, outcome: Outcome) -> dict[str, Any]:
    state = run.state
    errors = [
        {
            "what": what,
            "message": error.message,
            "hint": error.hint,
            "retry": outcome.retry.get(what),
        }
        for what, error in outcome.errors.items()
    ]
    return {
        "downloaded": outcome.downloaded,
        "unchanged": len(outcome.unchanged),
        "removed": outcome.removed,
        "uploaded": outcome.uploaded,
        "catalog_changed": outcome.catalog_changed,
        "commit": state.get("commit") or None,
        "errors": errors,
        "notes": outcome.notes,
        "synced_at": state.get("synced_at") or None,
    }


def _show(run: Sync, outcome: Outcome, *, docs_only: bool, upload_only: bool) -> None:
    if not (docs_only or upload_only):
        echo(f"Downloaded: {len(outcome.downloaded)}")
        for table_id in outcome.downloaded:
            echo(f"  {table_id}")
        echo(f"Unchanged: {len(outcome.unchanged)}")
    show_removed(outcome)
    if outcome.catalog_changed or docs_only:
        which = f"{len(run.metrics())} metrics at {run.state.get('commit')[:10]}"
        echo(f"Catalog: {which}{'' if outcome.catalog_changed else ', unchanged'}")
    if outcome.uploaded or upload_only:
        echo(f"Uploaded: {len(outcome.uploaded)}")
    show_errors(outcome)
    for text in outcome.notes:
        note(text)


def show_removed(outcome: Outcome) -> None:
    """Say which tables went, and why."""
    if outcome.removed:
        echo(f"Removed: {len(outcome.removed)}")
    for table_id in outcome.removed:
        echo(f"  {table_id}: the server has it no more, or you may not see it any more")


def show_errors(outcome: Outcome) -> None:
    """Say what went wrong, and what tries it again."""
    from agnes.model.layout import printable

    if outcome.errors:
        echo(f"Errors: {len(outcome.errors)}")
    for what, error in outcome.errors.items():
        message = printable(error.message).removeprefix(f"{what}: ")
        echo(f"  {what}: {message}")
        if error.hint:
            echo(f"    {printable(error.hint)}")
        if what in outcome.retry:
            echo(f"    again: {outcome.retry[what]}")
