"""`da schema`: the JSON Schemas that editors check a catalog's files with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agnes.cli.output import echo

_DIRECTORY = Path("schemas")


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            help="agnes, index, metric, proposal or table.", metavar="NAME", show_default=False
        ),
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where the files are written.", metavar="DIR")
    ] = _DIRECTORY,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when they are not current.")
    ] = False,
) -> None:
    """Write the JSON Schemas of a catalog's files, or print the one that is named.

    Editors complete and check YAML with them; see docs/editors.md.

    \b
    Examples:
      da schema
      da schema --check
      da schema metric > metric.schema.json
    """
    from agnes.errors import AgnesError, UsageError
    from agnes.model.json_schema import schema_files

    files = schema_files()
    if name is not None:
        if check or directory != _DIRECTORY:
            raise UsageError("NAME prints one schema; --dir and --check are about all of them")
        if (file := f"{name}.schema.json") not in files:
            known = ", ".join(file.partition(".")[0] for file in files)
            raise UsageError(f"there is no schema {name!r}", f"name one of: {known}")
        typer.echo(files[file], nl=False)
        return
    try:
        stale = [file for file in files if not _holds(directory / file, files[file])]
        if check and stale:
            raise AgnesError(
                f"not current: {', '.join(str(directory / file) for file in stale)}",
                f"write them: da schema --dir {directory}",
            )
        for file in stale:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / file).write_bytes(files[file])
    except OSError as error:
        raise AgnesError(
            f"cannot use {directory}: {error.strerror}", "name another folder"
        ) from error
    for file in files:
        echo(str(directory / file))


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content
