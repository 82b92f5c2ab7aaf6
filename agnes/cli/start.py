"""`da init` and `da demo-data`: the first commands of a new user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import JsonOption
from agnes.cli.output import echo, note, print_json, progress, style, table

if TYPE_CHECKING:
    from agnes.git.refs import Location


def init(
    directory: Annotated[Path, typer.Argument(help="The folder to make.", metavar="DIR")] = Path(),
    empty: Annotated[bool, typer.Option("--empty", help="Without the starter pack.")] = False,
    here: Annotated[
        bool, typer.Option("--here", help="Adopt a folder of an existing git repository.")
    ] = False,
    no_hooks: Annotated[
        bool, typer.Option("--no-hooks", help="Without git hooks; see `da hooks`.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Make a new catalog: a git repository, the starter pack, a CI workflow, git hooks.

    \b
    Examples:
      da init my-metrics
      da init my-metrics --empty
      da init analytics/metrics --here
    """
    from agnes.scaffold import create_catalog
    from agnes.sync.reconcile import reconcile

    created = create_catalog(directory, empty=empty, here=here)
    with progress("Building") as advance:
        outcome = reconcile(created.location, progress=advance)
    hooks = [] if no_hooks else _install_hooks(created.location)
    if json:
        print_json(
            {
                "path": str(created.location.path),
                "commit": created.commit,
                "files": created.files,
                "hooks": hooks,
                **outcome.counts,
            }
        )
        return
    counts = f"{outcome.counts['metrics']} metrics and {outcome.counts['tables']} tables"
    echo(f"Made a catalog in {created.location.path} with {counts}, commit {created.commit[:10]}.")
    if hooks:
        echo("Git hooks sync its cache in the background after each commit: da hooks --help")
    echo()
    echo(style("Next:", bold=True))
    steps = [] if directory == Path() else [(f"cd {directory}", "")]
    if empty:
        steps += [("da metrics import PATH", "bring your metrics")]
    else:
        steps += [
            ("da metrics list", "what is defined"),
            ("da metrics show revenue/mrr", "what to know before using a number"),
            ("da demo-data data", "sample data for the starter pack's queries"),
        ]
    steps += [("da metrics validate", "check your changes before you commit them")]
    for line in table(steps):
        echo(line)


def _install_hooks(location: Location) -> list[str]:
    """The names of the hooks in place; none where git takes its hooks from elsewhere."""
    from agnes.errors import AgnesError
    from agnes.scaffold.hooks import install

    try:
        return [done.hook for done in install(location)]
    except AgnesError as error:
        note(f"no git hooks: {error.message}; for more: da hooks install")
        return []


def demo_data(
    directory: Annotated[Path, typer.Argument(help="The folder to write to.", metavar="DIR")],
    seed: Annotated[int, typer.Option("--seed", help="Other numbers of the same kind.")] = 7,
    json: JsonOption = False,
) -> None:
    """Write sample data for the starter pack's tables: two years, as parquet.

    The same seed gives the same data.

    \b
    Example:
      da demo-data data
    """
    from agnes.demo import write_demo_data
    from agnes.errors import AgnesError

    try:
        rows = write_demo_data(directory, seed=seed)
    except OSError as error:
        raise AgnesError(
            f"cannot write to {directory}: {error.strerror}", "name another folder"
        ) from error
    if json:
        print_json(rows)
        return
    for line in table([(f"{name}.parquet", f"{count:,} rows") for name, count in rows.items()]):
        echo(line)
    echo(f"Wrote {len(rows)} tables to {directory}")
