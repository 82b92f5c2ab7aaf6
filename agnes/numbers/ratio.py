"""A changed ratio, split by its parts: how much their own ratios did, and how much their weights.

The method is Kitagawa's: E. M. Kitagawa, "Components of a Difference Between Two Rates", Journal of
the American Statistical Association 50 (272), 1955, 1168-1194. With a part's ratio r and its share
w of the denominator, each taken before (0) and after (1),

    rate effect of a part = (r1 - r0) * (w0 + w1) / 2
    mix effect of a part  = (w1 - w0) * ((r0 + r1) / 2 - R)

which add up to the change of the whole ratio. R, the mean of the whole ratio before and after,
changes no sum, since the shares always give 1; it makes a part's mix effect say what the part did:
that a part with a higher ratio than the whole grew raises it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

from agnes.numbers.exact import TOLERANCE, exact

SOURCE = (
    "E. M. Kitagawa, Components of a Difference Between Two Rates,"
    " J. Am. Stat. Assoc. 50 (272), 1955, 1168-1194, doi:10.1080/01621459.1955.10501299"
)
_SCALES = (Fraction(1), Fraction(100), Fraction(1000))
_EVIDENCE = 2
"""Rows that must show that a column is the numerator and another the denominator."""

Row = tuple[Any, Mapping[str, Any]]
"""A value, and the other columns beside it."""


@dataclass(frozen=True)
class Ratio:
    """What a metric's value is made of: scale * numerator / denominator.

    Args:
        numerator, denominator: columns of the query.
        scale: 100 for a percentage.
    """

    numerator: str
    denominator: str
    scale: Fraction


@dataclass(frozen=True)
class Part:
    """A numerator and a denominator, before or after."""

    numerator: Fraction
    denominator: Fraction

    def of(self, scale: Fraction) -> Fraction | None:
        """The ratio."""
        return scale * self.numerator / self.denominator if self.denominator else None


def find_ratio(rows: Sequence[Row]) -> Ratio | None:
    """Which two columns give the value, in every row; None if none do."""
    if not rows:
        return None
    names = [name for name in rows[0][1] if all(name in columns for _, columns in rows)]
    for numerator, denominator in permutations(names, 2):
        for scale in _SCALES:
            ratio = Ratio(numerator, denominator, scale)
            if _holds(ratio, rows):
                return ratio
    return None


def _holds(ratio: Ratio, rows: Iterable[Row]) -> bool:
    seen = 0
    for value, columns in rows:
        part = part_of(ratio, columns)
        if part is None:
            if value is not None:
                return False
            continue
        wanted = part.of(ratio.scale)
        given = exact(value)
        if wanted is None or given is None:
            if wanted is not None or value is not None:
                return False
            continue
        if abs(wanted - given) > Fraction(TOLERANCE) * max(abs(wanted), abs(given)):
            return False
        seen += wanted != 0
    return seen >= _EVIDENCE


def part_of(ratio: Ratio, columns: Mapping[str, Any]) -> Part | None:
    """The two columns of a row; None if one is no number."""
    numerator, denominator = (exact(columns[it]) for it in (ratio.numerator, ratio.denominator))
    if numerator is None or denominator is None:
        return None
    return Part(numerator, denominator)


def split_ends(ratio: Ratio, old: Part, new: Part) -> tuple[Fraction, Fraction]:
    """How much the numerator did and how much the denominator, the other at its mean."""
    inverse_old, inverse_new = 1 / old.denominator, 1 / new.denominator
    return (
        ratio.scale * (new.numerator - old.numerator) * (inverse_old + inverse_new) / 2,
        ratio.scale * (new.numerator + old.numerator) / 2 * (inverse_new - inverse_old),
    )


def split_parts(
    ratio: Ratio, whole: tuple[Part, Part], parts: Sequence[tuple[Part, Part]]
) -> list[tuple[Fraction, Fraction]]:
    """The rate effect and the mix effect of each part.

    A part that has no denominator on a side, and so no ratio, keeps the one of the other side: that
    it came or went is all mix.

    Args:
        whole: the sums of the parts before and after, with denominators that are not 0.
        parts: before and after; what is not there has 0 in both.
    """
    mean = sum((it.numerator / it.denominator for it in whole), Fraction(0)) * ratio.scale / 2
    found = []
    for old, new in parts:
        share_old, share_new = (
            part.denominator / total.denominator
            for part, total in zip((old, new), whole, strict=True)
        )
        rate_old, rate_new = old.of(ratio.scale), new.of(ratio.scale)
        rate_old = rate_new if rate_old is None else rate_old
        rate_new = rate_old if rate_new is None else rate_new
        if rate_old is None or rate_new is None:
            found.append((Fraction(0), Fraction(0)))
            continue
        rate = (rate_new - rate_old) * (share_old + share_new) / 2
        mix = (share_new - share_old) * ((rate_old + rate_new) / 2 - mean)
        found.append((rate, mix))
    return found
