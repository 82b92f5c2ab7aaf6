"""What a describer is told of a table, and what it says; no value of a sensitive column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agnes.values.personal import masked
from agnes.values.words import words

if TYPE_CHECKING:
    from agnes.model.fields import Basetype, Confidence

_SAMPLES = 8
_LONGEST = 80
_PERSONS = frozenset(
    """
    first last full given family middle maiden nick user customer contact owner employee author
    person assignee buyer recipient holder sender signer
    """.split()
)
_OF_PERSONS = frozenset(
    "surname lastname firstname fullname username birthdate birthday dob ssn street address "
    "passport nickname vorname nachname prijmeni jmeno strasse".split()
)


@dataclass(frozen=True)
class Use:
    """A metric that reads a column.

    Args:
        role: `measure`, `time` or `dimension`.
    """

    metric: str
    role: str
    unit: str | None = None


@dataclass(frozen=True)
class ColumnFacts:
    """What is known of a column.

    Args:
        type: DuckDB's, in the file.
        description: what the catalog says already.
        sensitive: what it holds that no sample is shown of.
        values: the most frequent of its values; none if it is sensitive.
        distinct, empty, rows: of the sample.
        refers_to: `table.column` that it is a foreign key of.
        refers_surely: its values are there, too.
        uses: the metrics that read it.
    """

    name: str
    type: str
    basetype: Basetype
    description: str | None = None
    sensitive: str | None = None
    values: Sequence[str] = ()
    distinct: int = 0
    empty: int = 0
    rows: int = 0
    is_key: bool = False
    refers_to: str | None = None
    refers_surely: bool = False
    uses: Sequence[Use] = ()

    @property
    def samples(self) -> list[str]:
        """A few of its values, cut off, without what is sensitive in them.

        None of a column that is called like a person's name, address or birth: its values do not
        tell that they are.
        """
        if _names_a_person(self.name):
            return []
        return [_shown(value) for value in self.values[:_SAMPLES]]


@dataclass(frozen=True)
class TableFacts:
    """What is known of a table.

    Args:
        wanted: the columns of which a description is wanted.
    """

    id: str
    description: str | None
    columns: Sequence[ColumnFacts]
    wanted: frozenset[str] = field(default_factory=frozenset)

    def wanted_columns(self) -> list[ColumnFacts]:
        """The columns of which a description is wanted, in the table's order."""
        return [column for column in self.columns if column.name in self.wanted]


@dataclass(frozen=True)
class Said:
    """What a describer says of a column."""

    description: str
    confidence: Confidence


def _names_a_person(name: str) -> bool:
    said = words(name)
    named = said[-1:] == ["name"] and not _PERSONS.isdisjoint(said)
    return named or not _OF_PERSONS.isdisjoint(said) or {"birth", "date"} <= set(said)


def _shown(value: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in masked(value[:500]))
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
