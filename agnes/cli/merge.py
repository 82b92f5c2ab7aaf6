"""`da merge-driver`: what git calls to merge a file of a catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agnes.cli.output import note


def merge_driver(
    base: Annotated[Path, typer.Argument(help="The common ancestor: %O.", metavar="BASE")],
    ours: Annotated[Path, typer.Argument(help="Ours, overwritten: %A.", metavar="OURS")],
    theirs: Annotated[Path, typer.Argument(help="Theirs: %B.", metavar="THEIRS")],
    path: Annotated[
        str | None, typer.Argument(help="What the file is called: %P.", metavar="[PATH]")
    ] = None,
    marker_size: Annotated[
        int, typer.Option("--marker-size", help="How long conflict markers are: %L.", min=1)
    ] = 7,
) -> None:
    """Merge two changes of a metric or table by field and by list item; exit 1 on a conflict.

    Git calls it where `da init` or `da hooks install` have set it up; see docs/merging.md.

    \b
    Examples:
      git merge topic
      da merge-driver base.yml ours.yml theirs.yml
    """
    from agnes.errors import AgnesError
    from agnes.merge.driver import merge

    name = path or str(ours)
    try:
        merged = merge(base.read_bytes(), ours.read_bytes(), theirs.read_bytes(), marker_size)
        # At once: what is cut off by a full disk would be taken for ours.
        whole = ours.with_name(f"{ours.name}.merged")
        whole.write_bytes(merged.content)
        whole.replace(ours)
    except OSError as error:
        raise AgnesError(f"cannot merge {error.filename}: {error.strerror}") from error
    if merged.as_text:
        note(f"{name} was merged by lines: {merged.as_text}")
    if merged.conflicts:
        note(f"{name} has a conflict in {', '.join(merged.conflicts)}")
        raise typer.Exit(1)
