"""Which columns of a proposal a reviewer means: `high`, `orders`, `orders.id`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from agnes.errors import NotFoundError, UsageError
from agnes.model.fields import Confidence
from agnes.model.layout import printable
from agnes.model.names import nearest
from agnes.proposals.review import SAID, Item, Review
from agnes.proposals.store import Key

ALL = "all"
_FIELDS = (*SAID, "pii")
_BOOLEANS = {"true": True, "false": False}


class Selector:
    """Finds columns by the names that people give them.

    Names may hold dots, blanks and quotes, so they are looked up among those that there are.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._columns: dict[str, list[Key]] = {}
        for item in items:
            table, name = item.key
            spelled = {f"{table}.{name}", f'{table}."{name}"'}
            for spelling in spelled | {printable(text) for text in spelled}:
                self._columns.setdefault(spelling, []).append(item.key)

    def wide(self, word: str) -> list[Key] | None:
        """The columns that `all`, a confidence or a table names; None if it is another word."""
        if word == ALL or word in get_args(Confidence):
            return [it.key for it in self._items if word in (ALL, it.proposed.confidence)]
        return [item.key for item in self._items if item.table_id == word] or None

    def column(self, name: str) -> Key:
        """The column that `orders.id` names.

        Raises:
            NotFoundError: there is none; the nearest are its hint.
            UsageError: it may be two.
        """
        found = self._columns.get(name)
        if found is None:
            tables = dict.fromkeys(item.table_id for item in self._items)
            shown = [printable(spelling) for spelling in self._columns if '."' not in spelling]
            near = nearest(name, [*dict.fromkeys(shown), *tables])
            hint = f"did you mean: {', '.join(near)}" if near else f"tables: {', '.join(tables)}"
            raise NotFoundError(f"{printable(name)} is not in the proposal", hint)
        if len(found) > 1:
            both = " or ".join(f'{table}."{column}"' for table, column in found)
            raise UsageError(f"{printable(name)} may be two columns", f"write {printable(both)}")
        return found[0]

    def assignment(self, text: str) -> tuple[Key, dict[str, Any]]:
        """The column and what `orders.id.description=Unique order` says of it.

        Raises:
            UsageError: it is no such assignment.
            NotFoundError: there is no such column.
        """
        ends = [at for at, char in enumerate(text) if char == "="]
        parts = [(text[:at].rpartition("."), text[at + 1 :]) for at in ends]
        parts = [part for part in parts if part[0][2] in _FIELDS]
        if not parts:
            fields = ", ".join(_FIELDS)
            raise UsageError(
                f"{printable(text)} sets nothing",
                f"write TABLE.COLUMN.FIELD=VALUE; FIELD: {fields}",
            )
        # A name may hold `=` too: the first one that there is.
        known = [part for part in parts if part[0][0] in self._columns]
        (name, _, field), value = (known or parts)[0]
        key = self.column(name)
        if field != "pii":
            return key, {field: value}
        if value not in _BOOLEANS:
            raise UsageError(f"pii is {printable(value)!r}", "write true or false")
        return key, {field: _BOOLEANS[value]}


def decide(
    review: Review, accept: Iterable[str], reject: Iterable[str], assign: Iterable[str]
) -> list[Item]:
    """Carry out what options say; what names a column wins over what names many.

    Args:
        accept, reject: `all`, a confidence, a table or a column.
        assign: `orders.id.description=...`.

    Returns:
        The columns that were left alone, since a person wrote something else, and only a word
        for many columns named them.

    Raises:
        UsageError, NotFoundError, InvalidError: nothing was decided.
    """
    selector = Selector(review.items)
    edits: dict[Key, dict[str, Any]] = {}
    for text in assign:
        key, said = selector.assignment(text)
        edits.setdefault(key, {}).update(said)
    taken, many = _split(selector, accept)
    refused, many_refused = _split(selector, reject)
    if both := [key for key in refused if key in taken or key in edits]:
        name = review.item(both[0]).shown
        raise UsageError(f"{name} is both accepted and rejected", "say one of the two")
    named = {*taken, *refused, *edits}
    for key in many_refused - named:
        review.reject(key)
    for key in refused:
        review.reject(key)
    for key, said in edits.items():
        review.edit(key, **said)
    for key in taken:
        review.accept(key)
    order = [item.key for item in review.items if item.key in many - named]
    return review.accept_all(order)


def _split(selector: Selector, words: Iterable[str]) -> tuple[list[Key], set[Key]]:
    """The columns that words name, and those that they name among many."""
    columns: list[Key] = []
    many: set[Key] = set()
    for word in words:
        found = selector.wide(word)
        if found is None:
            columns.append(selector.column(word))
        else:
            many.update(found)
    return columns, many
