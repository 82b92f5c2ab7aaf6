"""Numbers as people and programs write them."""

from __future__ import annotations

import re
from typing import NamedTuple

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_PLAIN = re.compile(r"[+-]?(\d+\.\d*|\.\d+)", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}", re.ASCII)
_CURRENCY = (
    r"[$€£¥₹₽₺₩]|(?:US|C|A|NZ|HK|R)\$|Kč|zł|kr\.?|Fr\.?|"
    r"USD|EUR|GBP|CZK|CHF|PLN|JPY|CAD|AUD|SEK|NOK|DKK|HUF|INR|CNY|BRL|MXN"
)
_DECORATED = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?\s?(?P<before>{_CURRENCY})?\s?(?P<sign2>-)?"
    r"(?P<digits>\d[\d.,'\s\u00a0\u202f]*|\.\d+)\s?"
    rf"(?P<after>{_CURRENCY}|%)?(?P<sign3>-)?(?(open)\))",
)
_BLANKS = re.compile(r"['\s\u00a0\u202f]")


class Number(NamedTuple):
    """A number that a text says.

    Args:
        digits: before the point, as they are written, without separators.
        scale: digits behind the point.
        marks: how it is written: any of `currency`, `percent`, `grouped`, `comma`, `parentheses`,
            `exponent`; and `unsure`, where `1.234` may be 1234 as well.
    """

    value: float
    digits: str
    scale: int
    marks: frozenset[str]

    @property
    def padded(self) -> bool:
        """Whether it has leading zeros."""
        return len(self.digits) > 1 and self.digits[0] == "0"


_NONE: frozenset[str] = frozenset()
_EXPONENT = frozenset(["exponent"])


def read_number(text: str) -> Number | None:
    """The number that a text is; None if it is none."""
    if _WHOLE.fullmatch(text):
        return Number(float(text[:300]), text.lstrip("+-"), 0, _NONE)
    if _PLAIN.fullmatch(text):
        digits, _, fraction = text.lstrip("+-").partition(".")
        return Number(float(text[:300]), digits, len(fraction), _NONE)
    if len(text) > 40 or not any(map(str.isdigit, text)):
        return None
    if _SCIENTIFIC.fullmatch(text):
        return Number(float(text), text.partition("e")[0], 1, _EXPONENT)
    return _decorated(text)


def _decorated(text: str) -> Number | None:
    found = _DECORATED.fullmatch(text)
    if found is None:
        return None
    body = _separated(_BLANKS.sub("'", found["digits"].strip("\u00a0\u202f ")))
    if body is None:
        return None
    digits, fraction, marks = body
    signs = [found["sign"], found["sign2"], found["sign3"]]
    negative = "-" in signs or bool(found["open"])
    for mark, holds in (
        ("percent", found["after"] == "%"),
        ("currency", found["before"] or (found["after"] or "%") != "%"),
        ("parentheses", found["open"]),
    ):
        marks |= {mark} if holds else set()
    value = float(f"{digits}.{fraction or 0}")
    return Number(-value if negative else value, digits, len(fraction), frozenset(marks))


_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,'])\d{3})(?:(?P=mark)\d{3})*")
_INDIAN = re.compile(r"\d{1,2}(,\d\d)+,\d{3}")


def _separated(text: str) -> tuple[str, str, set[str]] | None:
    """Digits before and behind the point of a number with separators."""
    point = max(text.rfind("."), text.rfind(","))
    head, fraction = (text[:point], text[point + 1 :]) if point >= 0 else (text, "")
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        marks = {"grouped"}
        if text.count(grouped["mark"]) == 1 and grouped["mark"] != "'":
            marks.add("unsure")
        return re.sub(r"\D", "", text), "", marks
    if _INDIAN.fullmatch(text):
        return text.replace(",", ""), "", {"grouped"}
    if point < 0 or not head or not fraction.isdigit():
        return (text, "", set()) if text.isdigit() else None
    marks = {"comma"} if text[point] == "," else set()
    if head.isdigit():
        return head, fraction, marks
    inner = _GROUPED.fullmatch(head)
    if (inner and inner["mark"] != text[point]) or _INDIAN.fullmatch(head):
        return re.sub(r"\D", "", head), fraction, marks | {"grouped"}
    return None
