"""`da analyst`: a workspace for an analyst and an agent, from an empty folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import JsonOption, connect
from agnes.cli.output import echo, facts, note, print_json, style
from agnes.cli.sign_in import (
    EmailOption,
    PasswordOption,
    ServerOption,
    TokenOption,
    ask,
    by_password,
    by_token,
)
from agnes.errors import AgnesError, UnauthorizedError, UnavailableError, UsageError

if TYPE_CHECKING:
    from agnes.config.client import Login
    from agnes.workspace.layout import Workspace
    from agnes.workspace.sync import Sync

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

STEPS = 8
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="The workspace. Default: DA_LOCAL_DIR, else this folder.",
        show_default=False,
    ),
]


@app.command("setup")
def setup(
    server: ServerOption = None,
    email: EmailOption = None,
    password_stdin: PasswordOption = False,
    token: TokenOption = None,
    workspace: WorkspaceOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Set up again; user/ and .claude/CLAUDE.local.md stay as they are."
        ),
    ] = False,
    sync_interval: Annotated[
        str, typer.Option("--sync-interval", help="How often data is synced, for the agent.")
    ] = "1 hour",
) -> None:
    """Set up a workspace: data, metrics, metadata, and the instructions for an agent.

    Can be interrupted; run again, it goes on. Exit code 1 where a table could not be downloaded.

    \b
    Examples:
      da analyst setup --server-url https://agnes.example.com
      da analyst setup --server-url https://agnes.example.com --token agnes_pat_... --workspace mrr
      pass agnes | da analyst setup --email ada@example.com --password-stdin
    """
    from agnes.config import client as config
    from agnes.workspace import setup as making
    from agnes.workspace.lock import locked
    from agnes.workspace.sync import Sync

    if token is not None and (email is not None or password_stdin):
        raise UsageError("a password and --token exclude each other")
    place = _workspace(workspace)
    _step(1, "Existing project", making.check_unused(place, force=force))
    address = server or config.server() or ask("Server (https://...)", "--server-url")
    name = _reach(address)
    login = _sign_in(address, email, token, password_stdin=password_stdin)
    who = f"{login.email} ({login.role}) at " if login.email else ""
    _step(2, "Connection", f"{name}, {who}{login.server}")
    making.make_folders(place)
    _step(3, "Folders", str(place.root))
    with connect(login.server) as client, locked(place):
        run = Sync(place, client)
        if force or run.state.get("server") not in ("", client.server):
            making.start_over(place, run.state, run.manifest)
        run.state.all |= {"instance_name": name, "sync_interval": sync_interval}
        try:
            complete = _fill(run)
        except KeyboardInterrupt:
            note("interrupted; what has come is kept, and the same command goes on from there")
            raise
    if not complete:
        raise typer.Exit(1)


@app.command("status")
def status(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show a workspace: whether it is set up, its freshness, and what is in it.

    \b
    Examples:
      da analyst status
      da analyst status --json
    """
    from agnes.workspace.status import status as state_of

    found = state_of(_workspace(workspace, find=True))
    if json:
        print_json(found)
        return
    said = [
        ("workspace", found["workspace"]),
        ("initialized", "yes" if found["initialized"] else "no"),
        ("freshness", found["freshness"]),
        ("tables", str(found["parquet_tables"])),
        ("last sync", found["last_sync"]),
        ("server", str(found["server"] or "")),
        ("catalog", str(found["commit"] or "")),
    ]
    for line in facts(said):
        echo(line)
    if not found["initialized"]:
        note("set it up: da analyst setup")
    elif found["freshness"] != "fresh":
        note("bring it up to date: da sync")


def _fill(run: Sync) -> bool:
    """Steps 4 to 8: what comes from the server; say whether all of it did."""
    from agnes.cli.bar import Bar
    from agnes.cli.sync import show_errors, show_removed
    from agnes.workspace.setup import verify

    outcome, place = run.outcome, run.workspace
    with Bar() as bar:
        run.catalog_and_data(bar, lambda: bar.say(_catalog_step(run)))
    run.profiles()
    here = f"{len(outcome.downloaded)} tables downloaded, {len(outcome.unchanged)} already here"
    wrong = len(outcome.errors.keys() - {"catalog", "profiles"})
    _step(5, "Data", f"{here}, {wrong} failed" if wrong else here)
    run.build()
    views = f"{run.built.views} views" if run.built else "as it was"
    _step(6, "DuckDB", "failed, see below" if "analytics.duckdb" in outcome.errors else views)
    written = run.instruct(force=True)
    names = ", ".join(path.relative_to(place.root).as_posix() for path in written)
    _step(7, "Instructions", names or "as they were")
    run.keep()
    found = verify(place, run.state, len(run.metrics()))
    problems = [*found.problems, *(["some of it failed"] if outcome.errors else [])]
    _step(8, "Verification", "; ".join(problems) or "everything is there")
    show_removed(outcome)
    show_errors(outcome)
    for text in outcome.notes:
        note(text)
    counts = f"{found.tables} tables, {found.metrics} metrics, {found.rows} rows."
    if problems:
        echo(f"Setup incomplete. {counts}")
    else:
        echo(f"Setup complete. {counts}")
    return not problems


def _catalog_step(run: Sync) -> str:
    commit = run.state.get("commit")
    at = f"{len(run.metrics())} metrics at {commit[:10]}"
    return _line(
        4, "Schema and metrics", "failed, see below" if "catalog" in run.outcome.errors else at
    )


def _step(number: int, name: str, result: str) -> None:
    echo(_line(number, name, result))
    sys.stdout.flush()  # for whoever reads along


def _line(number: int, name: str, result: str) -> str:
    return f"{style(f'[{number}/{STEPS}]', fg='cyan')} {name}: {result}"


def _workspace(given: Path | None, *, find: bool = False) -> Workspace:
    from agnes.config import workspace_from_environment
    from agnes.workspace.layout import Workspace, find_workspace

    named = given or workspace_from_environment()
    found = find_workspace(Path.cwd()) if find and named is None else None
    return found or Workspace((named or Path.cwd()).absolute())


def _reach(address: str) -> str:
    """What the instance at an address is called."""
    from agnes.workspace.setup import named

    with connect(address, anonymous=True) as client:
        try:
            return named(client.get("/api/health"), client.server)
        except AgnesError as error:
            if error.message.startswith("Cannot reach"):
                raise
            message = f"Cannot reach an Agnes server at {client.server}: {error.message}"
            raise UnavailableError(message, error.hint) from error


def _sign_in(address: str, email: str | None, token: str | None, *, password_stdin: bool) -> Login:
    """Sign in, unless somebody is signed in there already, and keep the token where it belongs."""
    from agnes.config import client as config

    server = config.server_address(address)
    try:
        if token is not None:
            kept = by_token(server, token)
        elif (known := None if email or password_stdin else _as_before(server)) is not None:
            kept = known
        else:
            with connect(server, anonymous=True) as client:
                kept = by_password(client, email, from_stdin=password_stdin)
    except UnauthorizedError as error:
        raise UnauthorizedError(f"Authentication failed: {error.message}", error.hint) from error
    if config.token_is_given():
        config.save_server(server)
        note("DA_TOKEN is set: it is used, and not kept")
    else:
        config.save_login(kept)
    return kept


def _as_before(server: str) -> Login | None:
    """Who is signed in there, if the token is still good."""
    from agnes.config import client as config

    known = config.login(server)
    if known is None:
        return None
    try:
        return by_token(server, known.token)
    except UnauthorizedError:
        if config.token_is_given():
            raise
        note("the stored token is not good any more")
        return None
