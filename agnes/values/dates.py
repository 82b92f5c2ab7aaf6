"""Days and times as people and programs write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_CLOCK = (
    r"(?P<clock>(?:T|,? +| at )(?P<time>[0-2]?\d[:.][0-5]\d(?:[:.][0-5]\d(?:[.,]\d{1,9})?)?)"
    r"(?P<half> ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|CET|CEST|[ECMP][SD]T|[+-]\d\d(?::?\d\d)?))?)?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar leden",
            "feb february februar",
            "mar march märz mär mrz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december dez dezember",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = r"(?P<word>[A-Za-zä]{3,9})\.?"
_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?,? )?"
_FORMS = {
    "year-month-day": re.compile(rf"(?P<y>\d{{4}})([-/.])(?P<m>\d\d?)\2(?P<d>\d\d?){_CLOCK}"),
    "numbers": re.compile(rf"(?P<a>\d\d?)([-/.]) ?(?P<b>\d\d?)\2 ?(?P<y>\d{{4}}|\d\d){_CLOCK}"),
    "day month year": re.compile(
        rf"{_WEEKDAY}(?P<d>\d\d?)(?:st|nd|rd|th|\.)?[ -]{_MONTH}[ -](?P<y>\d{{4}}|\d\d){_CLOCK}"
    ),
    "month day, year": re.compile(
        rf"{_WEEKDAY}{_MONTH} (?P<d>\d\d?)(?:st|nd|rd|th)?,? (?P<y>\d{{4}}){_CLOCK}"
    ),
}
_COMPACT = re.compile(
    r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"
    r"(?P<clock>T?(?P<time>[0-2]\d[0-5]\d(?:[0-5]\d)?)Z?)?"
)
_MIDNIGHT = re.compile(r"[0:.,]+")
_LAST_YEAR = 9999
_PROBE = 40
"""So many texts tell whether the others are worth a look."""


@dataclass(frozen=True)
class Days:
    """How some texts write days.

    Args:
        read: how many of them are days.
        form: how, in words.
        timed: how many have a time of the day.
        midnight: whether that is always the beginning of the day.
        unsure: it may be the day or the month that comes first.
        short: years have two digits.
    """

    read: int
    form: str
    timed: int
    midnight: bool
    unsure: bool = False
    short: bool = False


def read_days(texts: Sequence[str]) -> Days | None:
    """How texts write days; None if hardly any does."""
    probe = texts[:: len(texts) // _PROBE + 1]
    if sum(_read(text) is not None for text in probe) * 4 < len(probe):
        return None
    found = [_read(text) for text in texts]
    days = [it for it in found if it is not None]
    if len(days) * 2 < len(texts):
        return None
    timed = [it for it in days if it[1]["clock"]]
    midnight = all(_MIDNIGHT.fullmatch(it[1]["time"]) for it in timed)
    form = Counter(it[0] for it in days).most_common(1)[0][0]
    if form != "numbers":
        return Days(len(days), form, len(timed), midnight)
    return _ordered([it for it in days if it[0] == form], len(timed), midnight)


def read_compact(digits: Sequence[str]) -> Days | None:
    """How digits alone say days, as `20240131` or `202401311530`; None if hardly any does."""
    found = [_COMPACT.fullmatch(text) for text in digits]
    days = [it for it in found if it and _is_day(it["y"], it["m"], it["d"])]
    if len(days) * 2 < len(digits):
        return None
    timed = [it for it in days if it["clock"]]
    midnight = all(_MIDNIGHT.fullmatch(it["time"]) for it in timed)
    return Days(len(days), "year, month and day in digits", len(timed), midnight)


_Found = tuple[str, re.Match[str]]


def _read(text: str) -> _Found | None:
    if not 6 <= len(text) <= 48 or not any(map(str.isdigit, text)):
        return None
    for form, pattern in _FORMS.items():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        if form == "numbers":
            return (form, found) if _is_some_day(found) else None
        month = found.groupdict().get("m") or _MONTHS.get(found["word"].lower())
        return (form, found) if month and _is_day(found["y"], month, found["d"]) else None
    if text.isdigit() or text[:8].isdigit():
        compact = _COMPACT.fullmatch(text)
        if compact and not text.isdigit() and _is_day(compact["y"], compact["m"], compact["d"]):
            return "year, month and day in digits", compact
    return None


def _is_some_day(found: re.Match[str]) -> bool:
    if len(found["y"]) == 2 and found[2] == "." and len(found["a"] + found["b"]) < 4:
        return False  # a version
    return _is_day(found["y"], found["b"], found["a"]) or _is_day(
        found["y"], found["a"], found["b"]
    )


def _is_day(year: str | int, month: str | int, day: str | int) -> bool:
    try:
        date(min(int(year), _LAST_YEAR) or 2000, int(month), int(day))
    except ValueError:
        return False
    return True


def _ordered(days: Sequence[_Found], timed: int, midnight: bool) -> Days:
    """Whether the day or the month comes first, which the days above 12 tell."""
    first = sum(int(found["a"]) > 12 for _, found in days)
    second = sum(int(found["b"]) > 12 for _, found in days)
    count = len(days) - min(first, second)  # those of the other order are no days
    dotted = days[0][1][2] == "."
    form = "month/day/year" if second > first else "day/month/year"
    if dotted:
        form = form.replace("/", ".")
    short = any(len(found["y"]) == 2 for _, found in days)
    return Days(count, form, timed, midnight, not dotted and first == second == 0, short)
