"""`da metrics validate`: every mistake, found where it was made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_path
from agnes.cli.output import echo, note, print_json, progress, snippet_lines
from agnes.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agnes.lint.check import Checked
    from agnes.lint.run import Request
    from agnes.model.diagnostic import Diagnostic


class LevelName(StrEnum):
    """How far to check; each level builds on the ones before it."""

    syntax = "syntax"
    schema = "schema"
    references = "references"
    binding = "binding"


class Format(StrEnum):
    """Who reads the findings."""

    text = "text"
    json = "json"
    github = "github"
    gitlab = "gitlab"
    sarif = "sarif"


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders or files. Default: the catalog's working tree."),
    ] = None,
    level: Annotated[
        LevelName, typer.Option("--level", help="How far to check; each includes those before.")
    ] = LevelName.binding,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on a warning too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe to mend, then check.")
    ] = False,
    staged: Annotated[
        bool, typer.Option("--staged", help="Check what is staged, not what is on disk.")
    ] = False,
    rev: Annotated[
        str | None,
        typer.Option("--rev", help="Check a commit: main, HEAD~1, v1.2.", show_default=False),
    ] = None,
    require_certified: Annotated[
        bool,
        typer.Option(
            "--require-certified", help="Exit 1 on an active metric without a valid certificate."
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Run the queries on this folder's parquet files.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="Who reads the findings.")
    ] = Format.text,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Check metrics and tables; exit 1 on an error.

    With --staged, the findings of the files that change are told, and those that the change causes
    in others.

    \b
    Examples:
      da metrics validate
      da metrics validate metrics/revenue/mrr.yml --fix
      da metrics validate --data data --strict
      da metrics validate --require-certified
      da metrics validate --format github
      da metrics validate ./a-plain-folder
    """
    if staged + (rev is not None) + fix > 1:
        raise UsageError("--staged, --rev and --fix exclude each other")
    if require_certified and level in (LevelName.syntax, LevelName.schema):
        raise UsageError("--require-certified needs --level references or binding")
    if data is not None and not data.is_dir():
        raise NotFoundError(f"{data} is no folder", "name one that has <table_id>.parquet files")
    if json:
        output = Format.json
    import gc

    from agnes.lint.check import results_of
    from agnes.lint.rules.certification import Uncertified
    from agnes.lint.run import Request

    # The facts of thousands of files live until the end: collecting would only walk over them.
    gc.disable()
    if staged:
        roots = _staged_roots(paths or [], catalog)
    else:
        roots = _roots(paths or [], catalog, on_disk=rev is None)
    severities = {Uncertified.code: "error"} if require_certified else {}
    count = 0
    found: list[tuple[Diagnostic, str | None]] = []
    with progress("Checking") as advance:
        for root, only in roots:
            if fix:
                _mend(root, only)
            goal = "data" if data else level.value
            request = Request(goal, data, results_of(root), advance, severities)  # type: ignore[arg-type]
            done = _check(root, only, request, staged=staged, rev=rev)
            if done.unknown:
                raise NotFoundError(f"{done.unknown[0]} is neither a metric nor a table", _FILES)
            count += done.count
            found += _placed(root, done, output)
    _print(found, count, output)
    errors = sum(item.severity == "error" for item, _ in found)
    warnings = sum(item.severity == "warning" for item, _ in found)
    if errors or (strict and warnings):
        raise typer.Exit(1)


def _check(
    root: Path, only: list[str], request: Request, *, staged: bool, rev: str | None
) -> Checked:
    from agnes.lint import check

    if staged:
        return check.check_staged(root, request, only)
    if rev is not None:
        return check.check_revision(root, rev, request, only)
    return check.check_folder(root, request, only)


_FILES = "what is checked: metrics/<category>/<name>.yml, tables/<table_id>.yml, agnes.yml"


def _roots(
    paths: list[Path], catalog: Path | None, *, on_disk: bool
) -> list[tuple[Path, list[str]]]:
    """What to check: pairs of a folder and the paths in it that were named, none for all of it."""
    from agnes.git.refs import find_catalog

    if not paths:
        return [(catalog_path(catalog), [])]
    roots: dict[Path, list[str]] = {}
    whole: set[Path] = set()
    for path in paths:
        if on_disk and not path.exists():
            raise NotFoundError(f"Path not found: {path}")
        there = _normal(path)
        root = _normal(catalog) if catalog else find_catalog(there)
        if root is not None and not there.is_relative_to(root):
            raise UsageError(f"{path} is not in the catalog {catalog}")
        if there == root or (root is None and path.is_dir()):
            whole.add(there)
            roots[there] = []
            continue
        if root is None and not on_disk:
            raise NotFoundError(f"{path} is in no catalog", _FILES)
        root = root or there.parent.parent
        roots.setdefault(root, []).append(there.relative_to(root).as_posix())
    return [(root, [] if root in whole else only) for root, only in roots.items()]


def _normal(path: Path) -> Path:
    """Absolute and without `..`; symbolic links stay."""
    return Path(os.path.normpath(path.absolute()))


def _staged_roots(paths: list[Path], catalog: Path | None) -> list[tuple[Path, list[str]]]:
    """The catalogs of the repository; files that are in none of them are passed over."""
    from agnes.lint.check import staged_catalogs

    roots = [_normal(catalog)] if catalog else staged_catalogs(Path.cwd())
    named: dict[Path, list[str]] = {root: [] for root in roots}
    for path in paths:
        there = _normal(path)
        # The innermost, where a catalog is within another.
        for root in sorted(roots, key=lambda root: len(root.parts), reverse=True):
            if there.is_relative_to(root):
                named[root].append(there.relative_to(root).as_posix())
                break
    return list(named.items())


def _mend(root: Path, only: list[str]) -> None:
    from agnes.lint.mend import mend_folder

    for path in mend_folder(root, only):
        note(f"mended {path}")


def _placed(root: Path, done: Checked, output: Format) -> Iterator[tuple[Diagnostic, str | None]]:
    """Findings under the path that their reader knows, with the line of the file."""
    prefix = _prefix(root, output)
    for found in done.report.diagnostics:
        line = done.line(found) if output is Format.text else None
        yield replace(found, path=f"{prefix}{found.path}"), line


def _prefix(root: Path, output: Format) -> str:
    """What comes before a path in the catalog: nothing in JSON, whose reader knows the catalog."""
    from agnes.errors import NotACatalogError
    from agnes.git.refs import locate

    if output is Format.json:
        return ""
    top = Path.cwd()
    if output is not Format.text:
        with suppress(NotACatalogError):
            top = locate(root).worktree or top
    relative = os.path.relpath(root.resolve(), top.resolve())
    return "" if relative == "." or relative.startswith("..") else f"{Path(relative).as_posix()}/"


def _print(found: list[tuple[Diagnostic, str | None]], count: int, output: Format) -> None:
    from agnes.lint import render

    diagnostics = [item for item, _ in found]
    tally = {
        severity: sum(item.severity == severity for item in diagnostics)
        for severity in ("error", "warning", "hint")
    }
    match output:
        case Format.text:
            for item, line in found:
                for text in snippet_lines(item.as_dict(), line):
                    echo(text)
            hints = f", {tally['hint']} hint(s)" if tally["hint"] else ""
            echo(
                f"{count} file(s) checked, {tally['error']} error(s),"
                f" {tally['warning']} warning(s){hints}"
            )
        case Format.json:
            numbers: dict[str, Any] = {"files": count, "errors": tally["error"]}
            numbers |= {"warnings": tally["warning"], "hints": tally["hint"]}
            print_json(numbers | {"diagnostics": [item.as_dict() for item in diagnostics]})
        case Format.github:
            for text in render.github(diagnostics):
                echo(text)
        case Format.gitlab:
            echo(render.gitlab(diagnostics))
        case Format.sarif:
            echo(render.sarif(diagnostics))
