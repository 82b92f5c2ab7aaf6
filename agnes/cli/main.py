"""The `da` command: its tree of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Annotated

import typer

from agnes.cli.lazy import lazy
from agnes.cli.output import fail, is_advising, is_interrupt, note
from agnes.errors import AgnesError, UsageError

app = typer.Typer(
    name="da",
    cls=lazy(
        {
            "init": "agnes.cli.start:init",
            "metrics": (
                "agnes.cli.metrics:app",
                "Metric definitions: read, find, check, change, review.",
            ),
            "query": "agnes.cli.query:query",
            "answers": (
                "agnes.cli.answers:app",
                "Numbers that were given: their receipts, and whether they still hold.",
            ),
            "mcp": "agnes.cli.mcp:mcp",
            "explore": "agnes.cli.explore:explore",
            "data": (
                "agnes.cli.data:app",
                "Snapshots of the data: keep today's, to compare with later.",
            ),
            "catalog": (
                "agnes.cli.catalog:app",
                "The cache: sync it with the branch, watch, look at it.",
            ),
            "analyst": (
                "agnes.cli.analyst:app",
                "A workspace: data, metrics and instructions for an agent.",
            ),
            "sync": "agnes.cli.sync:sync",
            "status": "agnes.cli.diagnose:status",
            "diagnose": "agnes.cli.diagnose:diagnose",
            "setup": (
                "agnes.cli.setup:app",
                "A new server: name it, make the first admin, bring data in.",
            ),
            "instance": ("agnes.cli.instance:app", "A server as one file: back it up, restore it."),
            "auth": ("agnes.cli.auth:app", "Sign in to a server and out; tokens for agents."),
            "login": "agnes.cli.auth:login",
            "admin": ("agnes.cli.admin:app", "What admins do: column metadata, users, tables."),
            "skills": ("agnes.cli.skills:app", "Short pages for agents: how to work with Agnes."),
            "cache": (
                "agnes.cli.cache:app",
                "An older instance's database: bring it to version 4.",
            ),
            "hooks": (
                "agnes.cli.hooks:app",
                "Git hooks: sync the cache in the background, check what is pushed.",
            ),
            "serve": "agnes.cli.serve:serve",
            "demo-data": "agnes.cli.start:demo_data",
            "schema": "agnes.cli.schema:schema",
            "merge-driver": "agnes.cli.merge:merge_driver",
        }
    ),
    help="AI Data Analyst CLI: the metrics of a company, defined once, in git.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 the answer is no (not found, invalid), 2 wrong usage.",
)


def _version(value: bool) -> None:
    if value:
        from agnes import __version__

        typer.echo(f"da {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  (it ends the command)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if is_advising():
        _advise(context.invoked_subcommand)


def _advise(command: str | None) -> None:
    """Say what to do about the workspace around, if it is old or was not set up."""
    from agnes.workspace.freshness import advice, root_here

    if command not in _OWN_ADVICE and (root := root_here()) and (words := advice(root)):
        note(words)


_OWN_ADVICE = {"sync", "analyst", "diagnose"}
"""Commands that say it themselves, or do it."""


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except AgnesError as error:
        fail(error)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except RuntimeError as error:
        if not is_interrupt(error):
            raise
        typer.echo("Aborted.", err=True)
        sys.exit(1)


def run() -> None:
    """The process: `main`, and then an end without freeing, one by one, what thousands of files
    left in memory. That would take a tenth of a second, and the kernel does it anyway.
    """
    code: object = 0
    gc.set_threshold(100_000, 20, 20)  # a command makes much and drops little
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    if code is not None and not isinstance(code, int):
        sys.exit(str(code))
    with contextlib.suppress(OSError):  # who read it may have gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code or 0)
