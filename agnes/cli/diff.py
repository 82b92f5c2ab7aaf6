"""`da metrics diff`: what a change means."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_path, source
from agnes.cli.output import echo, facts, note, print_json, progress, style
from agnes.diff.visible import visible

if TYPE_CHECKING:
    from agnes.diff.change import Change, Diff, FieldChange
    from agnes.lineage.impact import Impact
    from agnes.numbers.review import ReviewWithValues
    from agnes.review import Review


class Format(StrEnum):
    """Who reads the difference."""

    text = "text"
    markdown = "markdown"
    json = "json"


class ClassName(StrEnum):
    """What a change does to whoever relies on a definition, the gravest last."""

    cosmetic = "cosmetic"
    documentation = "documentation"
    compatible = "compatible"
    breaking = "breaking"
    result_changing = "result-changing"


COLORS = {
    "cosmetic": "bright_black",
    "documentation": "blue",
    "compatible": "green",
    "breaking": "yellow",
    "result-changing": "red",
}
MARKS = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}


def diff(
    base: Annotated[
        str | None,
        typer.Argument(
            help="A revision; alone, its merge base with HEAD. Default: the default branch's.",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        str | None, typer.Argument(help="A revision. Default: the working tree.")
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="Who reads the difference.")
    ] = Format.text,
    post: Annotated[
        bool,
        typer.Option(
            "--post", help="In a CI job: make it the one comment on the pull request, or renew it."
        ),
    ] = False,
    fail_on: Annotated[
        ClassName | None,
        typer.Option(
            "--fail-on", help="Exit 1 if a change is of this class, or graver.", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="A folder of <table_id>.parquet, or a data snapshot: compare the numbers on it.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Show what a change means: to a reader, to whoever relies on a metric, to its numbers.

    Classes, the gravest last: cosmetic, documentation, compatible, breaking, result-changing.

    \b
    Examples:
      da metrics diff
      da metrics diff origin/main --format markdown
      da metrics diff v1.2 v1.3 --json
      da metrics diff main --fail-on breaking
      da metrics diff --data data/parquet
    """
    shown = Format.json if json else output
    markdown = post or shown is Format.markdown
    found = _with_values(base, head, data, catalog, findings=markdown) if data else None
    review = found.review if found else _review(base, head, catalog, findings=markdown)
    if shown is Format.json:
        print_json((found or review).as_dict())
    elif shown is Format.markdown:
        echo((found or review).comment().rstrip())
    else:
        for line in _lines(review.diff):
            echo(line)
        for line in _impact_lines(review.impact):
            echo(line)
        if found:
            from agnes.cli.value_diff import value_lines

            for line in value_lines(found.values):
                echo(line)
    if post:  # last, for a fork may not, and its run has the text all the same
        _post((found or review).comment())
    from agnes.diff.change import CLASSES

    if fail_on is not None:
        floor = CLASSES.index(fail_on.value)
        grave = [it for it in review.diff.changes if CLASSES.index(it.class_) >= floor]
        if grave:
            note(f"{len(grave)} change(s) of class {fail_on.value} or graver")
            raise typer.Exit(1)


def _review(base: str | None, head: str | None, catalog: Path | None, *, findings: bool) -> Review:
    with source(catalog) as asked, progress("Comparing") as advance:
        return asked.diff(base, head, findings=findings, advance=advance)


def _with_values(
    base: str | None, head: str | None, data: Path, catalog: Path | None, *, findings: bool
) -> ReviewWithValues:
    from agnes.cli.data import data_called
    from agnes.numbers.review import review_with_values

    path = catalog_path(catalog, "; a server compares definitions, not numbers")
    tables = data_called(None, data, catalog).tables
    with progress("Comparing") as advance:
        return review_with_values(path, tables, base, head, findings=findings, advance=advance)


def _post(comment: str) -> None:
    from agnes.config import pull_request
    from agnes.diff.markdown import MARKER
    from agnes.forge import forge_of, post_comment

    done = post_comment(forge_of(pull_request()), comment, MARKER)
    note(f"{done} the comment on the pull request")


def _lines(found: Diff) -> Iterator[str]:
    for trouble in found.troubles:
        where = f"{trouble.path}:{trouble.line}" if trouble.line else trouble.path
        message = f"cannot be read in the {trouble.side}: {visible(trouble.message)}"
        yield f"{style(visible(where), bold=True)}: {message}"
    if not found.changes:
        yield "Nothing else differs" if found.troubles else "Nothing differs"
        return
    yield f"Verdict: {style(found.verdict, bold=True)}"
    for change in found.changes:
        yield ""
        yield _headline(change)
        if change.kind in ("changed", "renamed"):
            for field in change.fields:
                yield from _field_lines(field)


def _impact_lines(impact: Impact) -> Iterator[str]:
    hit = [it for it in impact.effects if it.read_by or it.built_on or it.used_by]
    if hit:
        yield ""
        yield "Whom it hits"
    for effect in hit:
        yield f"  {style(effect.id, bold=True)}"
        pairs = [
            ("read by", ", ".join(effect.read_by)),
            ("built on by", ", ".join(effect.built_on)),
            ("used by", ", ".join(dict.fromkeys(use.by for use in effect.used_by))),
        ]
        for line in facts(pairs):
            yield f"  {visible(line)}"


def _headline(change: Change) -> str:
    name = style(change.id, bold=True)
    origin = {"renamed": f", before {change.from_}", "added": f", a copy of {change.from_}"}
    kind = change.kind if change.kind != "changed" else ""
    said = f"{kind}{origin.get(change.kind, '') if change.from_ else ''}"
    shown = style(change.class_, fg=COLORS[change.class_])
    return "  ".join(filter(None, [f"{MARKS[change.kind]} {name}", said, shown]))


def _field_lines(field: FieldChange) -> Iterator[str]:
    if field.field == "id":
        return
    color = COLORS[field.class_]
    said = visible(f"{field.field}: {field.what}")
    yield f"    {said}  {style(field.class_, fg=color)}"
    fragments = [(part.old, part.new) for part in field.parts if part.class_ != "cosmetic"]
    if not field.parts and field.class_ != "cosmetic":
        fragments = [(_shown(field.old), _shown(field.new))]
    for old, new in fragments:
        for mark, text, shade in (("-", old, "red"), ("+", new, "green")):
            for line in (text or "").splitlines():
                yield style(f"      {mark} {visible(line)}", fg=shade)


def _shown(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False, default=str)
