"""Signing in, as several commands do: their options, and asking on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.output import note
from agnes.errors import UnauthorizedError, UnavailableError, UsageError
from agnes.model.layout import printable

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.config.client import Login

_PASSWORDS = 3
"""How many are taken on a terminal before it is over."""

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server-url",
        "--server",
        help="The server's address. Default: the configured one.",
        show_default=False,
    ),
]
EmailOption = Annotated[
    str | None, typer.Option("--email", help="Who signs in.", show_default=False)
]
PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin.")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="Use a token that you have; `-` reads it from stdin.",
        show_default=False,
    ),
]


def ask(label: str, option: str) -> str:
    """Ask on the terminal.

    Raises:
        UsageError: there is none, so that an option is needed.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask on: {label}", f"give {option}")
    found: str = typer.prompt(label)
    return found


def read_secret(label: str, *, from_stdin: bool, confirm: bool = False) -> str:
    """A line of stdin, or what is typed without being shown.

    Raises:
        UsageError: there is no terminal to type on, or nothing on stdin.
    """
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError(f"{label}: there is none on stdin")
        return line
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask on: {label}", "use --password-stdin")
    found: str = typer.prompt(label, hide_input=True, confirmation_prompt=confirm)
    return found


def by_token(server: str, given: str) -> Login:
    """Sign in with a token that there is; `-` reads it from stdin.

    Raises:
        UsageError: it is none.
        UnauthorizedError: the server does not know it.
    """
    from agnes.client import Client

    token = (sys.stdin.readline() if given == "-" else given).strip()
    if not token:
        raise UsageError("the token is empty", "give --token TOKEN, or --token - and stdin")
    with Client(server, token) as client:
        return login_of(client, client.get("/auth/me"), token)


def by_password(client: Client, email: str | None, *, from_stdin: bool) -> Login:
    """Sign in with a password; on a terminal a wrong one is asked for again.

    Raises:
        UsageError: there is no terminal to ask on.
        UnauthorizedError: the server does not know the two.
    """
    who = email or ask("Email", "--email and --password-stdin, or --token")
    for left in reversed(range(1 if from_stdin else _PASSWORDS)):
        secret = read_secret("Password", from_stdin=from_stdin)
        try:
            found = client.post("/auth/token", json={"email": who, "password": secret})
        except UnauthorizedError as error:
            error.hint = "who forgot the password asks the server's admin"
            if not left:
                raise
            note(f"{error.message}; try again")
        else:
            break
    return login_of(client, found)


def login_of(client: Client, said: Any, token: str | None = None) -> Login:
    """Who somebody is, as the server says.

    Args:
        token: that they have; None where the server gives one.

    Raises:
        UnavailableError: it does not say so as Agnes does.
    """
    from agnes.config.client import Login

    answer = said if isinstance(said, dict) else {}
    given = token or answer.get("access_token")
    email, role = answer.get("email"), answer.get("role")
    if not (isinstance(given, str) and isinstance(email, str) and isinstance(role, str)):
        raise UnavailableError(f"{client.server} does not say who that is, as Agnes does")
    return Login(client.server, given, printable(email), printable(role))
