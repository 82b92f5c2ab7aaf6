"""Pushing: what we say of columns goes to Keboola where nobody else changed it there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agnes.errors import AgnesError
from agnes.git.refs import Location
from agnes.keboola import KeboolaError, Storage, push_columns, read_table
from agnes.model.layout import printable
from agnes.publishing.columns import KEYS, Described
from agnes.publishing.compare import compare
from agnes.publishing.names import their_names
from agnes.publishing.outcome import Outcome, Pushed
from agnes.publishing.receipt import PushedColumn, Receipt, Record, read_receipts
from agnes.publishing.three_way import Value

Advance = Callable[[int, int], None]
Keep = Callable[[Record], tuple[str | None, str | None]]
"""Commits a record; the commit, and the branch where it waits for a review, if it does."""
_UNAUTHORIZED = 401


def push_tables(
    storage: Storage,
    location: Location,
    commit: str,
    tables: Sequence[Described],
    keep: Keep,
    *,
    force: bool = False,
    dry_run: bool = False,
    advance: Advance = lambda _done, _total: None,
) -> Pushed:
    """Push what is known of the columns of tables, and record what both sides then say.

    A table that fails does not stop the others, unless they would fail as well.

    Args:
        commit: what the tables are of; it has the receipts of the last push too.
        keep: commits the record. Where that fails, the next push finds both sides equal.
        force: ours takes the place of what was changed there, too.
        dry_run: nothing is sent, and nothing recorded.
    """
    outcomes = [Outcome(table.table_id, table.address) for table in tables]
    receipts: dict[str, Receipt] = {}
    for number, (table, outcome) in enumerate(zip(tables, outcomes, strict=True), 1):
        try:
            last = read_receipts(location, commit, [table.table_id]).get(table.table_id)
            _push(storage, table, last, outcome, force=force, dry_run=dry_run)
        except AgnesError as error:
            outcome.errors.append(error.message)
            if isinstance(error, KeboolaError) and error.status in (None, _UNAUTHORIZED):
                for later in outcomes[number:]:
                    later.errors.append("not tried, after what came before")
                break
        if outcome.known:
            told = {name: PushedColumn(**values) for name, values in outcome.known.items()}
            receipt = Receipt(stack=storage.url, table=table.address, columns=told)
            if last is None or last.plus(receipt) != last:
                receipts[table.table_id] = receipt
        advance(number, len(tables))
    if dry_run or not receipts:
        return Pushed(outcomes, dry_run)
    try:
        made, branch = keep(Record(receipts=receipts))
    except AgnesError as error:
        return Pushed(outcomes, unrecorded=error.message)
    return Pushed(outcomes, commit=made, branch=branch)


def _push(
    storage: Storage,
    table: Described,
    last: Receipt | None,
    outcome: Outcome,
    *,
    force: bool,
    dry_run: bool,
) -> None:
    if not table.said:
        outcome.message = "No column metadata to push"
        return
    theirs = read_table(storage, table.address)
    names, unknown = their_names(table.said, theirs.columns)
    base = last if last and last.is_of(storage.url, table.address) else None
    values = compare(table, theirs, names, base)
    words = _sort(values, outcome, force=force)
    outcome.equal = len(names.keys() - outcome.differing - words.keys())
    refused = {}
    if not dry_run:
        told = {
            names[column]: {KEYS[key]: text for key, text in said.items()}
            for column, said in words.items()
        }
        refused = push_columns(storage, table.address, told)
    for column, said in words.items():
        if (reason := refused.get(names[column])) is not None:
            unknown[column] = reason
        else:
            outcome.sent[column] = said
            outcome.known.setdefault(column, {}).update(said)
    outcome.errors += [f"{printable(column)}: {reason}" for column, reason in unknown.items()]


def _sort(values: Iterable[Value], outcome: Outcome, *, force: bool) -> dict[str, dict[str, str]]:
    """Put each value where it belongs.

    Returns:
        By column, what is to be sent.
    """
    words: dict[str, dict[str, str]] = {}
    for value in values:
        verdict = value.verdict
        if force and value.ours and value.provider is None and verdict != "equal":
            verdict = "ours"
        if verdict == "equal":
            outcome.known.setdefault(value.column, {})[value.key] = value.ours or ""
        elif verdict == "ours":
            words.setdefault(value.column, {})[value.key] = value.ours or ""
        elif verdict == "theirs":
            outcome.theirs.append(value)
        elif verdict == "conflict":
            outcome.conflicts.append(value)
    return words
