"""`da setup`: from a server that was just started to one that is used, step by step."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import JsonOption, connect
from agnes.cli.output import echo, note, print_json, style
from agnes.errors import AgnesError, UnavailableError, UsageError

if TYPE_CHECKING:
    from agnes.client import Client

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server-url",
        "--server",
        help="Its address. Default: the configured one.",
        show_default=False,
    ),
]


@app.command("init")
def init(
    server: Annotated[
        str, typer.Option("--server-url", "--server", help="Its address.")
    ] = "http://localhost:8000",
) -> None:
    """Name the server that commands ask.

    \b
    Example:
      da setup init --server-url https://agnes.example.com
    """
    from agnes.config import client as config

    config.save_server(server)
    echo(f"Config saved to {config.config_dir() / 'config.yaml'}")
    echo("Next: da setup test-connection")


@app.command("bootstrap")
def bootstrap(
    email: Annotated[str, typer.Option("--email", help="The first admin's.", prompt="Email")],
    name: Annotated[
        str | None, typer.Option("--name", help="Default: what is before the @.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
    server: ServerOption = None,
) -> None:
    """Make the first admin of a new server, and sign in.

    \b
    Examples:
      da setup bootstrap --email ada@example.com
      pass agnes | da setup bootstrap --email ada@example.com --password-stdin
    """
    from agnes.config import client as config

    password = _password(from_stdin=password_stdin)
    client = connect(server, anonymous=True)
    with client:
        account = {"email": email, "name": name or email.partition("@")[0], "password": password}
        found = client.post("/auth/bootstrap", json=account)
    config.save_login(config.Login(client.server, found["access_token"], email, found["role"]))
    echo(f"Made {email} the admin of {client.server}, and signed in")
    echo("Next: da setup first-sync")


@app.command("test-connection")
def connection(server: ServerOption = None, json: JsonOption = False) -> None:
    """Ask the server how it is.

    \b
    Example:
      da setup test-connection
    """
    with connect(server, anonymous=True) as client:
        health = client.get("/api/health")
    if json:
        print_json(health)
    else:
        echo(f"Server: {health.get('status', 'unknown')}")
        for service, found in (health.get("services") or {}).items():
            echo(f"  {service}: {found.get('status', '?')}")
        echo("Next: da setup bootstrap, or da auth login")
    if health.get("status") == "unhealthy":
        raise typer.Exit(1)


@app.command("first-sync")
def first_sync(
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until the data is there.")
    ] = True,
    seconds: Annotated[int, typer.Option("--timeout", min=1, help="Seconds to stay.")] = 600,
    server: ServerOption = None,
) -> None:
    """Bring the data of the registered tables in.

    \b
    Example:
      da setup first-sync
    """
    with connect(server) as client:
        started = client.post("/api/sync/trigger")
        echo(f"Sync triggered: {len(started['tables'])} table(s)")
        states = _stay(client, time.monotonic() + seconds) if wait else {}
    failed = {name: it for name, it in states.items() if it["state"] == "failed"}
    for name, found in failed.items():
        echo(f"  {name}: {found['error']}")
    if failed:
        raise typer.Exit(1)
    echo("Next: da setup verify")


@app.command("verify")
def verify(server: ServerOption = None, json: JsonOption = False) -> None:
    """Check that the server works from end to end.

    \b
    Example:
      da setup verify
    """
    checks = []
    with connect(server) as client:
        for name, path, describe in _CHECKS:
            try:
                passed, detail = describe(client.get(path))
            except AgnesError as error:
                passed, detail = False, error.message
            checks.append({"name": name, "passed": passed, "detail": detail})
    failed = not all(check["passed"] for check in checks)
    if json:
        print_json({"passed": not failed, "checks": checks})
    else:
        for check in checks:
            mark = style("[PASS]", fg="green") if check["passed"] else style("[FAIL]", fg="red")
            echo(f"{mark} {check['name']}: {check['detail']}")
        echo("Some checks failed" if failed else "All checks passed: the instance is ready")
    if failed:
        note("what to do: da diagnose")
        raise typer.Exit(1)


def _health(found: Any) -> tuple[bool, str]:
    return found.get("status") == "healthy", str(found.get("status"))


def _metrics(found: Any) -> tuple[bool, str]:
    return found["count"] > 0, f"{found['count']} metrics"


def _data(found: Any) -> tuple[bool, str]:
    return bool(found["tables"]), f"{len(found['tables'])} tables"


def _users(found: Any) -> tuple[bool, str]:
    users = found.get("users", ()) if isinstance(found, dict) else found
    return bool(users), f"{len(users)} users"


_CHECKS = (
    ("Health", "/api/health", _health),
    ("Metrics", "/api/metrics?fields=id", _metrics),
    ("Data", "/api/sync/manifest", _data),
    ("Users", "/api/users", _users),
)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the password", "use --password-stdin")
    found: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found


def _stay(client: Client, until: float) -> dict[str, Any]:
    """Stay until a sync is done; how it went for each table.

    Raises:
        UnavailableError: it takes too long.
    """
    while True:
        found = client.get("/api/sync/status")
        if not found["running"]:
            tables: dict[str, Any] = found["tables"]
            return tables
        if time.monotonic() > until:
            raise UnavailableError("the sync still runs", "look again later: da setup verify")
        time.sleep(0.5)
