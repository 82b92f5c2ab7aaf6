"""A changed value, split into what the definition did, what the data did, and both together.

The four values of the old and the new definition on the old and the new data give it:

    definition  = new definition on old data - old on old
    data        = old definition on new data - old on old
    interaction = the rest: new on new - new on old - old on new + old on old

They add up to the change exactly, for they are computed as fractions: what comes out of integers
and decimals is exact, what comes out of floats is rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agnes.compute.equal import Alike, compare_values
from agnes.numbers.exact import Number, exact, number
from agnes.numbers.values import as_json
from agnes.queries.values import plain


@dataclass(frozen=True)
class Effects:
    """A value before and after, and what made the difference.

    Args:
        old, new: the values; `NO_ROW` where there is none.
        change, definition, data, interaction: None where a value that it takes is no number.
    """

    old: Any
    new: Any
    change: Number | None
    definition: Number | None
    data: Number | None
    interaction: Number | None

    @property
    def alike(self) -> Alike:
        """Whether it changed at all."""
        return compare_values(self.old, self.new)

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {
            "old": as_json(self.old),
            "new": as_json(self.new),
            "alike": self.alike,
            "change": plain(self.change),
            "definition": plain(self.definition),
            "data": plain(self.data),
            "interaction": plain(self.interaction),
        }


def effects(old: Any, new_definition: Any, new_data: Any, new: Any) -> Effects:
    """Split a change.

    Args:
        old: the value of the old definition on the old data.
        new_definition: of the new definition on the old data.
        new_data: of the old definition on the new data.
        new: of the new definition on the new data.
    """
    values = (old, new_definition, new_data, new)
    return Effects(
        old,
        new,
        combine(values, (-1, 0, 0, 1)),
        combine(values, (-1, 1, 0, 0)),
        combine(values, (-1, 0, 1, 0)),
        combine(values, (1, -1, -1, 1)),
    )


def combine(values: tuple[Any, ...], signs: tuple[int, ...]) -> Number | None:
    """A sum of values with signs; None if one that counts is no number."""
    used = [(value, sign) for value, sign in zip(values, signs, strict=True) if sign]
    terms = [(exact(value), sign) for value, sign in used]
    if any(term is None for term, _ in terms):
        return None
    total = sum((term * sign for term, sign in terms if term is not None), Fraction(0))
    return number(total, (value for value, _ in used))
