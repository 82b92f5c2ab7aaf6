"""`da metrics log`: what commits made of the definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.diff import COLORS, MARKS, ClassName
from agnes.cli.history import tell_of_cut, who
from agnes.cli.options import DAY, CatalogOption, JsonOption, RevisionOption, find_commit, parse_day
from agnes.cli.output import echo, print_json, progress, style
from agnes.diff.visible import visible

if TYPE_CHECKING:
    from datetime import datetime

    from agnes.diff.change import Change
    from agnes.diff.changelog import Entry
    from agnes.git.repository import Repository

_MOST = 20
"""So many definitions of one kind are listed of a commit."""


class LogFormat(StrEnum):
    """Who reads the changelog."""

    text = "text"
    markdown = "markdown"
    json = "json"


def log(
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE|REVISION",
            help="Only what was committed on a day or later (2026-01-31), or after a revision "
            "(v1.2).",
            show_default=False,
        ),
    ] = None,
    floor: Annotated[
        ClassName, typer.Option("--class", help="Only changes of this class, or graver.")
    ] = ClassName.documentation,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="The most commits.", show_default=False),
    ] = None,
    output: Annotated[
        LogFormat, typer.Option("--format", help="Who reads it; markdown is for a release.")
    ] = LogFormat.text,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
) -> None:
    """Tell what each commit made of the metrics and tables; newest first.

    Classes, the gravest last: cosmetic, documentation, compatible, breaking, result-changing.

    \b
    Examples:
      da metrics log --limit 10
      da metrics log --since 2026-01-31 --class result-changing
      da metrics log --since v1.2 --rev v1.3 --format markdown
    """
    repository, commit = find_commit(catalog, rev)
    entries = _entries(repository, commit, since, floor, limit)
    cut = next((entry.commit for entry in entries if entry.cut), None)
    entries = [entry for entry in entries if not entry.cut]
    if json or output is LogFormat.json:
        print_json({"complete": cut is None, "entries": [entry.as_dict() for entry in entries]})
    elif output is LogFormat.markdown:
        from agnes.diff.changelog import release_notes

        title = f"Metrics since {since}" if since else "Metrics"
        echo(release_notes(entries, title).rstrip())
    else:
        for line in _log_lines(entries):
            echo(line)
    if cut is not None:
        tell_of_cut(cut)


def _entries(
    repository: Repository, commit: str, since: str | None, floor: ClassName, limit: int | None
) -> list[Entry]:
    from datetime import datetime, time
    from itertools import islice

    from agnes.diff.changelog import log as tell

    start: str | datetime | None = None
    if since is not None and DAY.fullmatch(since):
        start = datetime.combine(parse_day(since), time())
    elif since is not None:
        start = repository.resolve(since)
    with progress("Reading the history") as advance:
        found = tell(repository, commit, since=start, floor=floor.value, progress=advance)
        return list(islice(found, limit))


def _log_lines(entries: Sequence[Entry]) -> Iterator[str]:
    from agnes.diff.history import subject

    if not entries:
        yield "Nothing changed its meaning"
    for number, entry in enumerate(entries):
        if number:
            yield ""
        head = "  ".join((*who(entry.commit), visible(subject(entry.commit))))
        yield style(head, bold=True)
        for kind in MARKS:
            found = [change for change in entry.changes if change.kind == kind]
            yield from map(_change_line, found[:_MOST])
            if len(found) > _MOST:
                yield f"  {MARKS[kind]} and {len(found) - _MOST:,} more {kind}"


def _change_line(change: Change) -> str:
    from agnes.diff.words import in_words

    said = visible(in_words(change, values=True))
    shown = style(change.class_, fg=COLORS[change.class_])
    return f"  {MARKS[change.kind]} {visible(change.id)}  {said}  {shown}"
