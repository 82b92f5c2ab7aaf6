"""`da hooks`: git's hooks, which sync the cache in the background and check what is pushed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_path
from agnes.cli.output import echo, facts, print_json, style, table

if TYPE_CHECKING:
    from agnes.scaffold.hooks import Done

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def install(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Have git sync the cache after each commit, merge, checkout and rebase, and merge by field.

    In a bare repository, on a server: refuse a push that does not validate, sync after others.
    Your own hooks go on running. AGNES_HOOKS=off in the environment switches the syncs off.

    \b
    Examples:
      da hooks install
      da hooks install --catalog /srv/git/metrics.git
      da hooks install --catalog /srv/git/company.git/analytics
    """
    from agnes.git.refs import locate
    from agnes.scaffold.hooks import hooks_folder
    from agnes.scaffold.hooks import install as put_in_place

    location = locate(catalog_path(catalog))
    _print_done(put_in_place(location), hooks_folder(location), json=json)


@app.command()
def uninstall(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Take the hooks out again; your own are what they were before.

    Where several catalogs share a repository, the others keep theirs.

    \b
    Example:
      da hooks uninstall
    """
    from agnes.git.refs import locate
    from agnes.scaffold.hooks import hooks_folder
    from agnes.scaffold.hooks import uninstall as take_out

    location = locate(catalog_path(catalog))
    _print_done(take_out(location), hooks_folder(location), json=json)


@app.command()
def status(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Say which hooks are in place; exit 1 unless all are, for this catalog.

    \b
    Examples:
      da hooks status
      da hooks status --json
    """
    from agnes.git.refs import locate
    from agnes.scaffold.hooks import status as describe

    location = locate(catalog_path(catalog))
    found = describe(location)
    in_place = all(found.hooks.values()) and found.merging
    installed = in_place and (location.folder or ".") in found.catalogs
    if json:
        print_json({"installed": installed, **asdict(found), "folder": str(found.folder)})
    else:
        color = "green" if installed else "yellow"
        meaning = "" if installed else "; to change that: da hooks install"
        echo(f"{style('installed' if installed else 'not installed', fg=color)}{meaning}")
        for line in facts(
            [
                ("folder", str(found.folder)),
                ("in place", ", ".join(name for name, there in found.hooks.items() if there)),
                ("missing", ", ".join(name for name, there in found.hooks.items() if not there)),
                ("catalogs", ", ".join(found.catalogs)),
                ("merging", "by field" if found.merging else "by lines"),
            ]
        ):
            echo(line)
    if not installed:
        raise typer.Exit(1)


def _print_done(done: list[Done], folder: Path, *, json: bool) -> None:
    if json:
        hooks = [{"hook": each.hook, "done": each.what} for each in done]
        print_json({"folder": str(folder), "hooks": hooks})
        return
    echo(f"Hooks in {folder}:" if done else f"No hooks were changed in {folder}")
    for line in table([(each.hook, each.what) for each in done]):
        echo(line)
