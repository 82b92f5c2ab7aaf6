"""`da metrics history` and `blame`: what a definition meant, and who changed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agnes.cli.diff import COLORS
from agnes.cli.options import (
    CatalogOption,
    IdArgument,
    JsonOption,
    RevisionOption,
    find_commit,
    source,
)
from agnes.cli.output import echo, note, print_json, style, table
from agnes.diff.visible import visible
from agnes.errors import NotFoundError

if TYPE_CHECKING:
    from agnes.diff.history import Event
    from agnes.git.repository import Commit, Repository

_LONGEST = 100
"""Characters of a text in blame."""


def history(
    metric_id: IdArgument,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
) -> None:
    """Tell who changed what a metric means, when, and how; newest first, under all its names.

    An id that a metric had once will do. Tables: tables/orders.

    \b
    Examples:
      da metrics history revenue/mrr
      da metrics history revenue/mrr --json
      da metrics history tables/orders --rev v1.2
    """
    with source(catalog, revision=rev) as asked:
        found = asked.history(metric_id)
    if json:
        print_json(found.as_dict())
    else:
        for line in _event_lines(found.events):
            echo(line)
    if found.cut is not None:
        tell_of_cut(found.cut)


def blame(
    metric_id: IdArgument,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
) -> None:
    """Show for all that a metric says the commit that last changed its meaning.

    Fields, list items and each clause of the SQL. How it is written does not count.

    \b
    Examples:
      da metrics blame revenue/mrr
      da metrics blame revenue/mrr --rev v1.2 --json
    """
    from agnes.diff.blame import blame as ask

    repository, commit = find_commit(catalog, rev)
    found = ask(repository, commit, metric_id)
    if found is None:
        raise _gone(repository, commit, metric_id)
    if json:
        print_json(found.as_dict())
    else:
        rows = [
            (
                *who(line.commit, "^" if line.cut else ""),
                line.fact.field if not line.fact.part else "",
                line.fact.part,
                _shorten(line.fact.text),
            )
            for line in found.lines
        ]
        for line in table(rows, indent=""):
            echo(line)
    if found.stale:
        note("the file does not validate; this is its newest version that does")
    cut = next((line.commit for line in found.lines if line.cut), None)
    if cut is not None:
        tell_of_cut(cut)


def _gone(repository: Repository, commit: str, name: str) -> NotFoundError:
    from agnes.diff.history import history as tell
    from agnes.diff.ids import never_there

    events = tell(repository, commit, name).events
    if not events:
        return never_there(repository, commit, name)
    change, at = events[0].change, events[0].commit
    if change.kind == "renamed" and change.from_ == name:
        hint = f"it is called {change.id} now: da metrics blame {change.id}"
        return NotFoundError(f"Metric '{name}' was renamed in {at.id[:10]}", hint)
    if change.kind == "removed":
        hint = f"look at it as it was: da metrics blame {name} --rev {at.id[:10]}^"
        return NotFoundError(f"Metric '{name}' was removed in {at.id[:10]}", hint)
    hint = f"look at what happened: da metrics history {name}"
    return NotFoundError(f"Metric '{name}' never was valid", hint)


def tell_of_cut(commit: Commit) -> None:
    """Note that a shallow clone ends at a commit."""
    note(
        f"this clone is shallow: it ends at {commit.id[:10]} of {commit.time:%Y-%m-%d}; "
        "fetch what was before with: git fetch --unshallow"
    )


def who(commit: Commit, mark: str = "") -> tuple[str, str, str]:
    """A commit's day, its id, short and after a mark, and its author."""
    return f"{commit.time:%Y-%m-%d}", f"{mark}{commit.id[:10]}", visible(commit.author)


def _event_lines(events: Sequence[Event]) -> Iterator[str]:
    from agnes.diff.words import in_words

    names = max((len(visible(event.commit.author)) for event in events), default=0)
    classes = max((len(event.change.class_) for event in events), default=0)
    for event in events:
        day, commit, author = who(event.commit)
        class_ = event.change.class_
        shown = style(class_.ljust(classes), fg=COLORS[class_])
        said = visible(in_words(event.change, values=True))
        yield f"{day}  {commit}  {author.ljust(names)}  {shown}  {said}"


def _shorten(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
