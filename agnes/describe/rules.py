"""Descriptions by rules: of what the name, the values and the metrics say more than the name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agnes.describe.facts import ColumnFacts, Said, TableFacts
from agnes.describe.vocabulary import (
    KINDS,
    PARTICIPLES,
    PLACES,
    UNITS,
    listed,
    plain,
    singular,
)
from agnes.values.hints import Hints
from agnes.values.words import words

_CATEGORIES = 8
"""A text of so few values has them named."""


class Rules:
    """Describes what it knows, and says nothing of the rest."""

    name = "rules"

    def describe(self, table: TableFacts) -> Mapping[str, Said]:
        """See `Describer`."""
        found = {}
        for column in table.wanted_columns():
            said = next(_opinions(table, column), None)
            if said is not None:
                found[column.name] = said
        return found


def _opinions(table: TableFacts, column: ColumnFacts) -> Iterator[Said]:
    """What may be said of a column; the first of it is what is."""
    hints = Hints.of(column.name)
    for rule in (_key, _personal, _flag, _moment, _amount, _quantity, _place, _category):
        yield from rule(table, column, hints)


def _key(table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.is_key:
        yield Said(f"Unique {_row_of(table)}: the key of the table", "high")
    elif column.refers_to:
        other = column.refers_to.rpartition(".")[0]
        role = [word for word in hints.words if word not in _KEY_WORDS]
        name = singular(plain(other))
        whose = " ".join(role)
        subject = f"The {whose}" if whose and whose != name else f"The {name}"
        yield Said(f"{subject}, refers to {other}", "high" if column.refers_surely else "medium")


_KEY_WORDS = frozenset("id ids key fk sk uid guid code no".split())


def _personal(_table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.sensitive not in KINDS:
        return
    what, own = KINDS[column.sensitive]
    whose = [word for word in hints.words if word not in own]
    subject = f"{what} ({' '.join(whose)})" if whose else what
    yield Said(subject, "high")


def _flag(table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.basetype != "BOOLEAN" or not hints.words:
        return
    first, *rest = hints.words
    if first in ("is", "was", "has", "had", "can", "should") and rest:
        yield Said(f"Whether the {_row_of(table)} {first} {' '.join(rest)}", "high")
    if hints.last in ("flag", "ind", "indicator") and rest:
        yield Said(f"Whether the {_row_of(table)} is {' '.join(hints.words[:-1])}", "low")
    if hints.flag and not rest:
        yield Said(f"Whether the {_row_of(table)} is {first}", "medium")


def _moment(table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.basetype not in ("DATE", "TIMESTAMP"):
        return
    when = "Day on which" if column.basetype == "DATE" else "Time at which"
    subject = f"the {_row_of(table)}"
    verb = next((word for word in hints.words if word in PARTICIPLES), None)
    known = [word for word in hints.words if word not in _TIME_WORDS and word != verb]
    if verb is not None:
        if known:
            subject = f"the {' '.join(known)}"
        until = ", empty until then" if column.empty else ""
        yield Said(f"{when} {subject} {PARTICIPLES[verb]}{until}", "medium" if known else "high")
    if not {"birth", "birthdate", "birthday", "dob"}.isdisjoint(hints.words):
        yield Said("Date of birth", "high")
    if column.uses and any(use.role == "time" for use in column.uses):
        yield Said(f"{when.removesuffix(' which')} which {subject} counts in metrics", "low")


_TIME_WORDS = frozenset("at on date time ts timestamp datetime day dt last utc ms epoch".split())


def _amount(table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.basetype not in ("NUMERIC", "FLOAT", "INTEGER") or not (hints.money or hints.minor):
        return
    what = _sentence([word for word in hints.words if word not in _CURRENCY_WORDS])
    if not what or hints.share:
        return
    if hints.minor:
        yield Said(f"{what}, in the smallest unit of the currency", "medium")
    named = next((word for word in hints.words if word in _CURRENCY_WORDS - {"cents"}), None)
    units = {use.unit for use in column.uses if use.role == "measure" and use.unit in _CURRENCIES}
    beside = next((it.name for it in table.columns if "currency" in words(it.name)), None)
    if named:
        yield Said(f"{what} in {named.upper()}", "high")
    elif beside and beside != column.name:
        yield Said(f"{what}, in the currency that {beside} says", "medium")
    elif len(units) == 1:
        yield Said(f"{what} in {units.pop()}", "medium")


_CURRENCIES = frozenset("USD EUR GBP CZK CHF PLN JPY CAD AUD".split())
_CURRENCY_WORDS = frozenset(it.lower() for it in _CURRENCIES) | {"cents", "in"}


def _quantity(_table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if column.basetype not in ("NUMERIC", "FLOAT", "INTEGER") or len(hints.words) < 2:
        return
    unit = UNITS.get(hints.last)
    if unit:
        yield Said(f"{_sentence(hints.words[:-1])} {unit}", "medium")
    elif column.basetype == "INTEGER":
        if hints.last in ("count", "cnt"):
            yield Said(f"Number of {_plural(hints.words[:-1])}", "medium")
        elif hints.words[0] in ("num", "n", "number"):
            rest = [word for word in hints.words[1:] if word != "of"]
            yield Said(f"Number of {_plural(rest)}", "medium")


def _place(_table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    if hints.last in PLACES and column.basetype == "FLOAT":
        yield Said(PLACES[hints.last], "high")
    two = all(len(value) == 2 and value.isupper() for value in column.values)
    three = all(len(value) == 3 and value.isupper() for value in column.values)
    if column.values and two and "country" in hints.words:
        yield Said("Country, as its code of two letters (ISO 3166)", "high")
    if column.values and three and "currency" in hints.words:
        yield Said("Currency, as its code of three letters (ISO 4217)", "high")


def _category(_table: TableFacts, column: ColumnFacts, hints: Hints) -> Iterator[Said]:
    """The values that there are, of a text that has few."""
    if column.basetype != "STRING" or column.sensitive or not hints.words or hints.key:
        return
    known = column.samples
    few = 2 <= column.distinct <= _CATEGORIES and column.distinct * 10 <= column.rows
    if few and len(known) == column.distinct and all(0 < len(it) <= 30 for it in known):
        yield Said(f"{_sentence(hints.words)}: {listed(sorted(known))}", "medium")


def _row_of(table: TableFacts) -> str:
    """What one row of a table is."""
    return singular(plain(table.id.rpartition(".")[2]))


def _sentence(said: Sequence[str]) -> str:
    text = " ".join(said)
    return text[:1].upper() + text[1:]


def _plural(said: Sequence[str]) -> str:
    text = " ".join(said)
    if text.endswith("s"):
        return text
    return f"{text[:-1]}ies" if text.endswith("y") and text[-2:-1] not in "aeiou" else f"{text}s"
