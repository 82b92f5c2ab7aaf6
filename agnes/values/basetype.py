"""The base type of a column, from its values; its name decides only what they leave open.

    guess("zip", "VARCHAR", ["01067", "80331"])  # STRING, high: leading zeros
    guess("paid", "BIGINT", ["0", "1", "1"])     # BOOLEAN, medium

How sure it is, is measured: see tests/values/corpus and benchmarks/basetypes.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from agnes.values.booleans import LETTERS, NUMBERS, PAIRS, STATES, pair_of
from agnes.values.dates import Days, read_days
from agnes.values.guess import Guess, counted
from agnes.values.hints import Hints
from agnes.values.kinds import is_quantity, kind_of
from agnes.values.numbers import read_number
from agnes.values.quantities import guess_numbers
from agnes.values.words import present

MOST = 0.9
"""The share of a column's values that must be of a type; the rest is taken for mistakes."""
_SURE = 0.97
_FEW = 8
"""So few values leave more open."""
_INTEGERS = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")


def guess(name: str, type_: str, values: Sequence[str | None]) -> Guess:
    """What base type a column has.

    Args:
        name: of the column.
        type_: DuckDB's type of it, in the file that it comes from.
        values: some of its values, as DuckDB casts them to text.
    """
    hints, there = Hints.of(name), present(values)
    decided = _by_type(type_)
    if decided is not None:
        return decided
    if not there:
        return _without_values(type_)
    if type_ == "VARCHAR":
        found = _of_text(hints, there, len(values))
    else:
        found = _of_numbers(hints, type_, there)
    return found.at_most("medium", f"only {len(there)} values") if len(there) < _FEW else found


def _by_type(type_: str) -> Guess | None:
    """What the file's own type decides, whatever the values are."""
    said = f"its type in the file is {type_ if len(type_) < 40 else type_[:39] + '…'}"
    if type_ in ("BOOLEAN", "DATE"):
        return Guess("BOOLEAN" if type_ == "BOOLEAN" else "DATE", "high", (said,))
    if type_.startswith("TIMESTAMP"):
        return Guess("TIMESTAMP", "high", (said,))
    decimal = _DECIMAL.fullmatch(type_)
    if decimal and int(decimal[1]):
        return Guess("NUMERIC", "high", (said,))
    if decimal or type_ in ("VARCHAR", "FLOAT", "DOUBLE") or _INTEGERS.fullmatch(type_):
        return None
    return Guess("STRING", "high", (said,))


def _without_values(type_: str) -> Guess:
    said = "no value in the sample"
    if type_ == "VARCHAR":
        return Guess("STRING", "low", (said,))
    if type_ in ("FLOAT", "DOUBLE"):
        return Guess("FLOAT", "low", (said, f"its type in the file is {type_}"))
    return Guess("INTEGER", "low", (said, f"its type in the file is {type_}"))


def _of_numbers(hints: Hints, type_: str, there: Sequence[str]) -> Guess:
    """A column that holds numbers in the file."""
    flag = _boolean(hints, there, len(there))
    if flag is not None:
        return flag
    numbers = [number for text in there if (number := read_number(text)) is not None]
    if not numbers:
        return Guess("FLOAT", "low", ("no number but infinity and the like",))
    return guess_numbers(hints, numbers, len(numbers), type_)


def _of_text(hints: Hints, there: Sequence[str], rows: int) -> Guess:
    """A column that holds text in the file."""
    flag = _boolean(hints, there, rows)
    if flag is not None:
        return flag
    days = read_days(there)
    if days is not None and days.read >= MOST * len(there):
        return _day(hints, days, len(there))
    numbers = [number for text in there if (number := read_number(text)) is not None]
    share = len(numbers) / len(there)
    if share >= MOST:
        found = guess_numbers(hints, numbers, len(there), "VARCHAR")
        return found if share >= _SURE else found.at_most("medium")
    return _string(there, len(numbers), days)


def _string(there: Sequence[str], numbers: int, days: Days | None) -> Guess:
    kind = kind_of(there)
    if kind is not None:
        return Guess("STRING", "high", (kind,))
    if days is not None:
        said = counted(days.read, len(there), "dates")
        return Guess("STRING", "low", (f"only {said}",))
    if numbers * 10 > len(there):
        said = counted(numbers, len(there), "numbers, the others are not")
        # Many of one and few of the other: codes, or numbers with mistakes.
        return Guess("STRING", "medium" if numbers * 4 < 3 * len(there) else "low", (said,))
    quantities = sum(map(is_quantity, there))
    if quantities >= MOST * len(there):
        said = counted(quantities, len(there), "numbers with a unit")
        return Guess("STRING", "medium", (said,))
    return Guess("STRING", "high", ("text",))


def _day(hints: Hints, days: Days, count: int) -> Guess:
    evidence = [counted(days.read, count, f"dates, written {days.form}")]
    timed = days.timed * 2 > days.read
    if timed and not days.midnight:
        evidence.append("with a time of day")
        found = Guess("TIMESTAMP", "high", tuple(evidence))
    elif timed:
        evidence.append("the time of day is always midnight")
        basetype = "DATE" if hints.day else "TIMESTAMP"
        found = Guess("DATE" if basetype == "DATE" else "TIMESTAMP", "medium", tuple(evidence))
    else:
        found = Guess("DATE", "high", tuple(evidence))
    if days.unsure:
        found = found.at_most("medium", "no day is above 12: the day or the month may come first")
    if days.short or days.read < _SURE * count:
        found = found.at_most("medium")
    return found


def _boolean(hints: Hints, there: Sequence[str], rows: int) -> Guess | None:
    """A yes or no; None where it is something else."""
    counts = Counter(text.lower() for text in there)
    # What is said once in a hundred is a mistake.
    frequent = [(word, n) for word, n in counts.most_common(3) if n * 50 > len(there)]
    spellings = frozenset(word for word, _ in frequent)
    garbage = len(there) - sum(n for _, n in frequent)
    pair = pair_of(spellings) if garbage * 20 < len(there) else None
    if pair is None:
        return _one_sided(hints, spellings, len(there), rows) if garbage * 20 < rows else None
    said = (counted(len(there) - garbage, len(there), f"{pair[0]} or {pair[1]}"),)
    if pair in NUMBERS:
        return _zero_one(hints, said, len(there))
    if pair in STATES:
        return Guess("BOOLEAN", "low", said)
    if pair in LETTERS and not hints.flag and pair != ("y", "n"):
        return Guess("BOOLEAN", "medium", said)
    return Guess("BOOLEAN", "high", said)


def _zero_one(hints: Hints, said: tuple[str, ...], count: int) -> Guess | None:
    if hints.count or hints.key or hints.money or hints.measure:
        return None if hints.flag is False else Guess("BOOLEAN", "low", said)
    if hints.flag:
        return Guess("BOOLEAN", "high", (*said, "the name is a flag's"))
    if hints.code or hints.maybe_code:
        return None
    return Guess("BOOLEAN", "medium" if count >= _FEW else "low", said)


def _one_sided(hints: Hints, spellings: frozenset[str], count: int, rows: int) -> Guess | None:
    """A column that only ever says yes, or only no."""
    if len(spellings) != 1:
        return None
    (word,) = spellings
    if word in ("true", "false"):
        return Guess("BOOLEAN", "high" if count >= _FEW else "medium", (f"always {word}",))
    known = {spelling for pair in PAIRS for spelling in pair}
    if word in known and hints.flag:
        return Guess("BOOLEAN", "medium", (f"always {word}", "the name is a flag's"))
    if word == "x" and count < rows:
        return Guess("BOOLEAN", "medium" if hints.flag else "low", ("a cross, or nothing",))
    return None
