"""A change of a metric, broken down by one of its dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from agnes.model.fields import MetricType
from agnes.numbers.effects import combine
from agnes.numbers.exact import Number, adds_up, exact, number
from agnes.numbers.ratio import SOURCE, Part, Ratio, Row, part_of, split_ends, split_parts
from agnes.numbers.values import NO_ROW, as_json
from agnes.queries.values import plain

ADDITIVE: frozenset[MetricType] = frozenset({"sum", "count", "derived", "cumulative"})
"""Types of metrics whose parts may add up to the whole; that they do is looked at each time."""
Method = Literal["additive", "ratio", "apart"]
_NOTHING = Part(Fraction(0), Fraction(0))


@dataclass(frozen=True)
class Slice:
    """One period of a metric.

    Args:
        whole: the value of all of it, and the other columns beside it.
        parts: the same by the dimension's values.
    """

    whole: Row
    parts: Mapping[Any, Row]

    def rows(self) -> Iterable[Row]:
        """All of it."""
        return (self.whole, *self.parts.values())

    def value(self, part: Any) -> Any:
        """The value of a part."""
        return self.parts[part][0] if part in self.parts else NO_ROW


@dataclass(frozen=True)
class Contribution:
    """What one part did.

    Args:
        old, new: its own values.
        contribution: its share of the change; None where parts do not add up.
        rate, mix: of a ratio, the two that its contribution is the sum of.
    """

    part: Any
    old: Any
    new: Any
    contribution: Number | None = None
    rate: Number | None = None
    mix: Number | None = None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {
            "part": plain(self.part),
            "old": as_json(self.old),
            "new": as_json(self.new),
            "change": plain(combine((self.old, self.new), (-1, 1))),
            "contribution": plain(self.contribution),
            "rate": plain(self.rate),
            "mix": plain(self.mix),
        }


@dataclass(frozen=True)
class Breakdown:
    """A change by a dimension.

    Args:
        method: `additive`, where the parts' changes are the change; `ratio`, where rates and
            weights are told apart; `apart`, where the parts do not add up.
        parts: the largest first.
        ratio: what the value is made of.
        ends: of a ratio, what numerator and denominator did.
    """

    dimension: str
    method: Method
    parts: tuple[Contribution, ...]
    ratio: Ratio | None = None
    ends: tuple[Number, Number] | None = field(default=None)

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        ratio: dict[str, Any] | None = None
        if self.ratio is not None and self.ends is not None:
            ratio = {
                "numerator": self.ratio.numerator,
                "denominator": self.ratio.denominator,
                "numerator_effect": plain(self.ends[0]),
                "denominator_effect": plain(self.ends[1]),
                "source": SOURCE,
            }
        return {
            "dimension": self.dimension,
            "method": self.method,
            "ratio": ratio,
            "parts": [it.as_dict() for it in self.parts],
        }


def break_down(
    dimension: str, type_: MetricType, ratio: Ratio | None, old: Slice, new: Slice
) -> Breakdown:
    """Tell which parts of a dimension made a change.

    Args:
        type_: the metric's.
        ratio: what its value is made of, if its query shows that.
        old, new: the period before and after.
    """
    names = list(dict.fromkeys([*old.parts, *new.parts]))
    pairs = [(name, old.value(name), new.value(name)) for name in names]
    if type_ in ADDITIVE and _adds_up(old) and _adds_up(new):
        made = [(name, a, b, combine((_zero(a), _zero(b)), (-1, 1))) for name, a, b in pairs]
        return Breakdown(dimension, "additive", _sorted(Contribution(*it) for it in made))
    if ratio is not None and (found := _of_ratio(dimension, ratio, old, new, names)) is not None:
        return found
    return Breakdown(dimension, "apart", _sorted(Contribution(*it) for it in pairs))


def _adds_up(of: Slice) -> bool:
    return adds_up((value for value, _ in of.parts.values()), of.whole[0])


def _zero(value: Any) -> Any:
    """What a part adds to a sum: of no rows, or of NULLs alone, nothing."""
    return 0 if value is NO_ROW or value is None else value


def _of_ratio(
    dimension: str, ratio: Ratio, old: Slice, new: Slice, names: Sequence[Any]
) -> Breakdown | None:
    wholes = [part_of(ratio, it.whole[1]) for it in (old, new)]
    pairs = [(_part(ratio, old, name), _part(ratio, new, name)) for name in names]
    parts = [(a, b) for a, b in pairs if a is not None and b is not None]
    whole_old, whole_new = wholes
    if whole_old is None or whole_new is None or len(parts) < len(pairs):
        return None
    if not (_is_whole(ratio, old) and _is_whole(ratio, new)):
        return None
    if not (whole_old.denominator and whole_new.denominator):
        return None
    like = (old.whole[0], new.whole[0])
    made = [
        Contribution(
            name,
            old.value(name),
            new.value(name),
            number(rate + mix, like),
            number(rate, like),
            number(mix, like),
        )
        for name, (rate, mix) in zip(
            names, split_parts(ratio, (whole_old, whole_new), parts), strict=True
        )
    ]
    above, below = split_ends(ratio, whole_old, whole_new)
    ends = number(above, like), number(below, like)
    return Breakdown(dimension, "ratio", _sorted(made), ratio, ends)


def _part(ratio: Ratio, of: Slice, name: Any) -> Part | None:
    """A part's numerator and denominator; None if they cannot be weighed."""
    if name not in of.parts:
        return _NOTHING
    found = part_of(ratio, of.parts[name][1])
    return None if found and found.numerator and not found.denominator else found


def _is_whole(ratio: Ratio, of: Slice) -> bool:
    """Whether the parts' numerators and denominators add up to those of the whole."""
    return all(
        adds_up((columns[name] for _, columns in of.parts.values()), of.whole[1][name])
        for name in (ratio.numerator, ratio.denominator)
    )


def _sorted(parts: Iterable[Contribution]) -> tuple[Contribution, ...]:
    return tuple(sorted(parts, key=lambda it: (-_size(it), str(it.part))))


def _size(part: Contribution) -> Fraction:
    found = part.contribution
    if found is None:
        found = combine((part.old, part.new), (-1, 1))
    return abs(exact(found) or Fraction(0))
