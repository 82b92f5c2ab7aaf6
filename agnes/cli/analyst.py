"""`da analyst`: a workspace for an analyst and an agent, from an empty folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import JsonOption, connect
from agnes.cli.output import echo, facts, note, print_json, style
from agnes.cli.sign_in import (
    EmailOption,
    PasswordOption,
    ServerOption,
    TokenOption,
    ask,
    read_secret,
)
from agnes.errors import AgnesError, UnauthorizedError, UnavailableError, UsageError
from agnes.model.layout import printable

if TYPE_CHECKING:
    from agnes.config.client import Login
    from agnes.workspace.layout import Workspace
    from agnes.workspace.sync import Sync

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

STEPS = 8
_PASSWORDS = 3
"""How many are taken on a terminal before it is over."""
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
            kept = _by_token(server, sys.stdin.readline() if token == "-" else token)  # noqa: S105
        elif email or password_stdin:
            kept = _by_password(server, email, password_stdin=password_stdin)
        else:
            kept = _as_before(server) or _by_password(server, None, password_stdin=False)
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
        return _by_token(server, known.token)
    except UnauthorizedError:
        if config.token_is_given():
            raise
        note("the stored token is not good any more")
        return None


def _by_token(server: str, token: str) -> Login:
    from agnes.client import Client

    if not token.strip():
        raise UsageError("the token is empty", "give --token TOKEN, or --token - and stdin")
    with Client(server, token.strip()) as client:
        me = client.get("/auth/me")
    return _login(server, token.strip(), me)


def _by_password(server: str, email: str | None, *, password_stdin: bool) -> Login:
    who = email or ask("Email", "--email and --password-stdin, or --token")
    with connect(server, anonymous=True) as client:
        for left in reversed(range(1 if password_stdin else _PASSWORDS)):
            secret = read_secret("Password", from_stdin=password_stdin)
            try:
                found = client.post("/auth/token", json={"email": who, "password": secret})
            except UnauthorizedError as error:
                error.hint = "is that your address there? who forgot the password asks its admin"
                if not left:
                    raise
                note(f"{error.message}; try again")
            else:
                break
    token = found.get("access_token") if isinstance(found, dict) else None
    return _login(server, token, found)


def _login(server: str, token: object, said: Any) -> Login:
    from agnes.config import client as config

    who = said if isinstance(said, dict) else {}
    email, role = who.get("email"), who.get("role")
    if not isinstance(token, str) or not isinstance(email, str) or not isinstance(role, str):
        raise UnavailableError(f"{server} does not say who that is, as Agnes does")
    return config.Login(server, token, printable(email), printable(role))
