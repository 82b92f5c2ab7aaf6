"""`da auth`: signing in to a server and out of it, and tokens for agents."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from agnes.cli.lazy import lazy
from agnes.cli.options import JsonOption, connect, parse_day
from agnes.cli.output import echo, facts, note, print_json, table
from agnes.cli.sign_in import (
    EmailOption,
    PasswordOption,
    ServerOption,
    TokenOption,
    by_password,
    by_token,
    login_of,
    read_secret,
)
from agnes.errors import AgnesError, UnauthorizedError, UnavailableError, UsageError

app = typer.Typer(
    cls=lazy(
        {
            "login": "agnes.cli.auth:login",
            "logout": "agnes.cli.auth:logout",
            "whoami": "agnes.cli.auth:whoami",
            "password": "agnes.cli.auth:password",
            "token": ("agnes.cli.auth:tokens", "Personal access tokens: create, list, revoke."),
        }
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)
tokens = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PERSONAL = "agnes_pat_"
_LIFE = re.compile("([0-9]{1,5})([hd])")
_HOURS = {"h": 1, "d": 24}


def login(
    server: ServerOption = None,
    email: EmailOption = None,
    password_stdin: PasswordOption = False,
    token: TokenOption = None,
    oidc: Annotated[
        bool, typer.Option("--oidc", help="Sign in through the company's OpenID provider.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="With --oidc: open one, or print where.")
    ] = True,
) -> None:
    """Sign in to a server; it becomes the one that commands ask.

    \b
    Examples:
      da auth login --server-url https://agnes.example.com
      pass agnes | da auth login --email ada@example.com --password-stdin
      da auth login --token agnes_pat_...
      da auth login --oidc
    """
    from agnes.config import client as config

    if sum((token is not None, oidc, email is not None or password_stdin)) > 1:
        raise UsageError("a password, --token and --oidc exclude each other")
    with connect(server, anonymous=True) as client:
        try:
            if token is not None:
                kept = by_token(client.server, token)
            elif oidc:
                from agnes.cli.oidc import sign_in

                kept = login_of(client, sign_in(client, open_browser=browser))
            else:
                kept = by_password(client, email, from_stdin=password_stdin)
        except UnavailableError as error:
            raise UnavailableError(f"Connection error: {error.message}", error.hint) from error
        except UnauthorizedError as error:
            raise UnauthorizedError(f"Login failed: {error.message}", error.hint) from error
    config.save_login(kept)
    echo(f"Logged in as {kept.email} ({kept.role}) at {client.server}")
    if config.token_is_given():
        note("DA_TOKEN is set, and beats this sign-in")


def logout() -> None:
    """Sign out: the server forgets the session, and this machine the token.

    \b
    Example:
      da auth logout
    """
    from agnes.config import client as config

    if config.token_is_given():
        note("DA_TOKEN is set, and stays")
    else:
        _end_session()
    config.forget_login()
    echo("Logged out")


def _end_session() -> None:
    from agnes.client import Client
    from agnes.config import client as config

    address = config.server()
    found = config.login(address) if address else None
    if found is None:
        return
    if found.token.startswith(PERSONAL):
        note("the personal token itself stays good; end it: da auth token revoke ID")
        return
    try:
        with Client(found.server, found.token) as client:
            client.post("/auth/logout")
    except UnauthorizedError:
        return  # it was over already
    except AgnesError as error:
        note(f"the server could not be told, so the session ends by itself: {error.message}")


def whoami(json: JsonOption = False) -> None:
    """Show who is signed in, where, and what they may.

    \b
    Example:
      da auth whoami
    """
    from agnes.client.failure import SIGN_IN
    from agnes.config import client as config

    address = config.server()
    if address is None or config.login(address) is None:
        raise UnauthorizedError("Not logged in", SIGN_IN)
    with connect() as client:
        found = client.get("/auth/me") | {"server": client.server}
    if json:
        print_json(found)
        return
    said = [
        ("Email", found["email"]),
        ("Name", found["name"]),
        ("Role", found["role"]),
        ("Groups", ", ".join(found["groups"])),
        ("May", ", ".join(found["scopes"])),
        ("Server", found["server"]),
    ]
    for line in facts(said):
        echo(line)


def password(
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the old and the new one, a line each."),
    ] = False,
) -> None:
    """Change your password. It ends all your sessions and tokens; you stay signed in here.

    \b
    Example:
      da auth password
    """
    from agnes.config import client as config

    with connect() as client:
        old = read_secret("Old password", from_stdin=password_stdin)
        new = read_secret("New password", from_stdin=password_stdin, confirm=True)
        email = client.get("/auth/me")["email"]
        client.post("/auth/password", json={"old": old, "new": new})
    with connect(client.server, anonymous=True) as again:
        found = again.post("/auth/token", json={"email": email, "password": new})
    config.save_login(login_of(again, found))
    echo("Password changed")
    note("all other sessions and all personal tokens have ended")


@tokens.command("create")
def create_token(
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="read, data, propose, write, admin; may be repeated."),
    ],
    name: Annotated[str, typer.Option("--name", help="To know it again by.")] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="WHEN",
            help="30d, 12h, or a day: 2026-12-31. Default: never.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a token for an agent or a program. It is shown once.

    \b
    Examples:
      da auth token create --scope read --name "reporting agent"
      da auth token create --scope read --scope data --expires 90d
    """
    body: dict[str, Any] = {"scopes": scope, "name": name}
    if expires is not None:
        body["expires_at"] = _end_of(expires).isoformat()
    with connect() as client:
        made = client.post("/auth/tokens", json=body)
    if json:
        print_json(made)
        return
    echo(made["token"])
    note(f"{made['id']}: keep the token now, it cannot be shown again")


@tokens.command("list")
def list_tokens(json: JsonOption = False) -> None:
    """List your tokens: what they may, until when, when they were used.

    \b
    Example:
      da auth token list
    """
    with connect() as client:
        found = client.get("/auth/tokens")["tokens"]
    if json:
        print_json(found)
        return
    if not found:
        echo("No tokens")
        return
    heads = [["ID", "NAME", "SCOPES", "EXPIRES", "LAST USED"]]
    for line in table(heads + [_row(it) for it in found], indent=""):
        echo(line)


def _row(token: dict[str, Any]) -> list[str]:
    return [
        token["id"],
        token["name"],
        ",".join(token["scopes"]),
        (token["expires_at"] or "never")[:10],
        (token["last_used"] or "never")[:16],
    ]


@tokens.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
) -> None:
    """End one of your tokens.

    \b
    Example:
      da auth token revoke pat-59b18f3a406ad260
    """
    from agnes.client import quoted

    with connect() as client:
        client.delete(f"/auth/tokens/{quoted(token_id)}")
    echo(f"Revoked {token_id}")


def _end_of(text: str) -> datetime:
    """The time that `30d`, `12h` or a day means; a day counts to its end, in UTC."""
    if found := _LIFE.fullmatch(text):
        return datetime.now(UTC) + timedelta(hours=int(found[1]) * _HOURS[found[2]])
    try:
        day = parse_day(text)
    except UsageError:
        raise UsageError(
            f"--expires {text}: that is no time", "write 30d, 12h or 2026-12-31"
        ) from None
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
