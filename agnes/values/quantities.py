"""What a column of numbers is: a count, a key, money, a measure, a code, or a time in disguise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agnes.values.dates import read_compact
from agnes.values.guess import Guess, counted
from agnes.values.hints import Hints
from agnes.values.numbers import Number

_SURE = 0.97
_NOW = (1e9, 2.2e9)
"""Seconds since 1970: from 2001 to 2039."""
_EPOCHS = {"seconds": 1, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
_SPREADSHEET = (29_220, 58_440)
"""Days since the end of 1899: from 1980 to 2059."""
_GREATEST = "9223372036854775807"
"""That 64 bits hold."""
_EXACT = 2.0**53
"""Above it, floating point has whole numbers only."""


def guess_numbers(hints: Hints, numbers: Sequence[Number], count: int, type_: str) -> Guess:
    """What base type some numbers have.

    Args:
        hints: of the column's name.
        numbers: at least one.
        count: of the values; some may be no numbers.
        type_: the column's in its file.
    """
    said = [counted(len(numbers), count, "numbers")]
    for mark, words in _MARKS.items():
        if sum(mark in number.marks for number in numbers) * 20 > len(numbers):
            said.append(words)
    column = _Column(hints, numbers, type_ == "VARCHAR", type_ in ("FLOAT", "DOUBLE"), said)
    return column.guess()


_MARKS = {
    "currency": "with a currency",
    "percent": "with a percent sign",
    "grouped": "thousands are grouped",
    "comma": "with a decimal comma",
    "parentheses": "negative ones in parentheses",
    "exponent": "in scientific notation",
}


class _Column:
    """A column of numbers.

    Args:
        text, real: it is text, or floating point, in the file.
        said: the evidence so far.
    """

    def __init__(
        self, hints: Hints, numbers: Sequence[Number], text: bool, real: bool, said: list[str]
    ) -> None:
        self._hints = hints
        self._numbers = numbers
        self._text = text
        self._real = real
        self._said = tuple(said)
        self._digits = [number.digits for number in numbers]
        self._scales = [number.scale for number in numbers]
        self._is_whole = all(
            not number.scale or number.value.is_integer()
            for number in numbers
            if abs(number.value) < _EXACT
        )

    def guess(self) -> Guess:
        """What it is: of the opinions about it, the first."""
        opinions = (self._by_marks, self._disguised, self._codes, self._whole, self._decimal)
        return next(found for opinion in opinions for found in opinion())

    def _by_marks(self) -> Iterator[Guess]:
        """What is told by how they are written."""
        if self._marked("currency") or self._marked("parentheses"):
            yield self._of("NUMERIC", "high")
        if self._marked("exponent") and not self._real:
            yield self._of("FLOAT", "high")
        if self._marked("percent"):
            yield self._of("NUMERIC" if self._hints.money else "FLOAT", "low")

    def _marked(self, mark: str) -> bool:
        return sum(mark in number.marks for number in self._numbers) * 20 > len(self._numbers)

    def _of(self, basetype: str, confidence: str, *why: str) -> Guess:
        return Guess(basetype, confidence, (*self._said, *why))  # type: ignore[arg-type]

    def _share(self, low: float, high: float) -> float:
        inside = sum(low <= number.value < high for number in self._numbers)
        return inside / len(self._numbers)

    def _disguised(self) -> Iterator[Guess]:
        """A day or a time that is written as a number."""
        hints = self._hints
        for unit, factor in _EPOCHS.items():
            if self._share(_NOW[0] * factor, _NOW[1] * factor) >= _SURE:
                why = f"{unit} since 1970, all from 2001 to 2039"
                if hints.time:
                    yield self._of("TIMESTAMP", "high", why)
                elif not (hints.key or hints.code or hints.maybe_code or hints.count):
                    yield from () if hints.money else (self._of("TIMESTAMP", "low", why),)
                return
        days = None
        if self._is_whole and len(self._digits[0]) in (8, 12, 14):
            days = read_compact(self._digits)
        if days is not None and days.read >= _SURE * len(self._numbers):
            sure = (hints.time or len(self._numbers) > 20) and not hints.key
            basetype = "TIMESTAMP" if days.timed and not days.midnight else "DATE"
            yield self._of(basetype, "high" if sure else "medium", f"all are dates: {days.form}")
        elif hints.time and self._share(*_SPREADSHEET) >= _SURE:
            fraction = sum(bool(number.value % 1) for number in self._numbers) * 2
            basetype = "TIMESTAMP" if fraction > len(self._numbers) else "DATE"
            yield self._of(basetype, "medium", "a spreadsheet's days since 1900, 1980 to 2059")

    def _codes(self) -> Iterator[Guess]:
        """Digits that nobody adds up."""
        hints = self._hints
        if hints.version and (self._text or self._real):
            yield self._of("STRING", "high" if self._text else "medium", "the name is a version's")
        if not self._is_whole:
            if hints.key and self._text:
                yield self._of("STRING", "medium", "a key with a point in it")
            return
        padded = sum(number.padded for number in self._numbers)
        if self._text and padded > 1 and padded * 200 > len(self._numbers):
            yield self._of("STRING", "high", f"{padded} have leading zeros")
        if hints.code and not self._real:
            yield self._of("STRING", "high", "the name is that of a code, which nobody adds up")
        if any((len(it), it) > (len(_GREATEST), _GREATEST) for it in self._digits):
            why = "more digits than an integer holds"
            yield self._of("STRING" if self._text else "NUMERIC", "medium", why)

    def _whole(self) -> Iterator[Guess]:
        """Whole numbers."""
        if not self._is_whole:
            return
        hints = self._hints
        if hints.minor:
            yield self._of("INTEGER", "high", "an amount in the smallest coin")
        if hints.money:
            level = "medium" if self._text or self._real else "low"
            yield self._of("NUMERIC", level, "the name is an amount's")
        if any(self._scales):
            yield self._whole_with_point()
        if self._marked("grouped"):
            yield self._of(
                "INTEGER", "medium" if self._marked("unsure") and not hints.count else "high"
            )
        if hints.year or hints.key or hints.count:
            yield self._of("INTEGER", "high")
        lengths = set(map(len, self._digits))
        if hints.maybe_code and self._text:
            long = len(lengths) == 1 and len(self._digits[0]) >= 6
            yield self._of("STRING" if long else "INTEGER", "low", "digits that may be a code")
        if hints.maybe_code and lengths <= set(range(6, 19)):
            yield self._of("INTEGER", "low", "digits that may be a code")
        if self._text and min(lengths) >= 9 and not hints.time:
            yield self._of("INTEGER", "low", "long digits that may be a code")
        unsure = hints.maybe_money or hints.share
        yield self._of("INTEGER", "medium" if unsure else self._plainly_whole(lengths))

    def _plainly_whole(self, lengths: set[int]) -> str:
        """How sure whole numbers are integers where the name says nothing: codes look alike."""
        longest, alike = max(lengths), len(lengths) == 1
        if self._text:
            return "high" if longest <= 2 else "low" if alike and longest > 3 else "medium"
        return "medium" if alike and longest > 4 else "high"

    def _whole_with_point(self) -> Guess:
        hints, why = self._hints, "all are whole, though written with a point"
        if hints.key or hints.count or hints.year or hints.code:
            return self._of("STRING" if hints.code else "INTEGER", "medium", why)
        if hints.measure or hints.maybe_money:
            return self._of("FLOAT", "low", why)
        return self._of("INTEGER", "low", why)

    def _decimal(self) -> Iterator[Guess]:
        """Numbers with decimals."""
        hints, scale = self._hints, max(self._scales)
        maybe_money = hints.maybe_money and scale <= 2 and not hints.measure
        if hints.position:
            yield self._of("FLOAT", "high", "a place on the globe")
        if hints.money:
            sure = scale <= 2 or (self._text and scale <= 6)
            yield self._of("NUMERIC", "high" if sure else "medium", "the name is an amount's")
        if maybe_money:
            yield self._of("NUMERIC", "low" if self._real else "medium", "at most two decimals")
        if self._real:
            sure = (scale > 2 or hints.measure) and not hints.maybe_money
            yield self._of("FLOAT", "high" if sure else "low")
        if scale > 6:
            yield self._of("FLOAT", "high" if hints.measure else "medium", f"{scale} decimals")
        if hints.measure:
            yield self._of("FLOAT", "medium", "the name is that of something measured")
        if set(self._scales) == {2}:
            yield self._of("NUMERIC", "low", "always two decimals")
        yield self._of("FLOAT", "low")
