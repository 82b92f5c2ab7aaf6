"""`da metrics diff`: what a change means."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, JsonOption, source
from agnes.cli.output import echo, facts, note, print_json, progress, style
from agnes.diff.visible import visible

if TYPE_CHECKING:
    from agnes.diff.change import Change, Diff, FieldChange
    from agnes.lineage.impact import Impact
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
    """
    shown = Format.json if json else output
    markdown = post or shown is Format.markdown
    with source(catalog) as asked, progress("Comparing") as advance:
        found = asked.diff(base, head, findings=markdown, advance=advance)
    if shown is Format.json:
        print_json(found.as_dict())
    elif shown is Format.markdown:
        echo(found.comment().rstrip())
    else:
        for line in _lines(found.diff):
            echo(line)
        for line in _impact_lines(found.impact):
            echo(line)
    if post:  # last, for a fork may not, and its run has the text all the same
        _post(found)
    from agnes.diff.change import CLASSES

    if fail_on is not None:
        floor = CLASSES.index(fail_on.value)
        grave = [it for it in found.diff.changes if CLASSES.index(it.class_) >= floor]
        if grave:
            note(f"{len(grave)} change(s) of class {fail_on.value} or graver")
            raise typer.Exit(1)


def _post(found: Review) -> None:
    from agnes.config import pull_request
    from agnes.diff.markdown import MARKER
    from agnes.forge import forge_of, post_comment

    done = post_comment(forge_of(pull_request()), found.comment(), MARKER)
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
