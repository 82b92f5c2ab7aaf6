"""Signing in, as several commands do: their options, and asking on a terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agnes.errors import UsageError

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
        UsageError: there is no terminal to type on.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask on: {label}", "use --password-stdin")
    found: str = typer.prompt(label, hide_input=True, confirmation_prompt=confirm)
    return found
