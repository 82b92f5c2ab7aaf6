"""What the columns of the corpus are made of."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

Make = Callable[[Random, int], str | None]
_FIRST = (
    "Ada Grace Alan Edsger Barbara Donald Frances José Zoë Björn Łukasz Jiří Mei Olu Noor".split()
)
_LAST = "Lovelace Hopper Turing Dijkstra Liskov Knuth Allen Núñez Müller Novák Chen Okafor".split()
_WORDS = """
the customer asked for a refund of order because package arrived late and box was damaged
please call back tomorrow new contract signed with legal
waiting on budget approval meeting moved to next week
""".split()
_START = datetime(2021, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    """A column: its label, and how a value is made from the random numbers and the row.

    Args:
        mess: blanks, garbage and stray spaces may come in.
    """

    name: str
    label: str
    make: Make
    type: str = "VARCHAR"
    mess: bool = True


def serial(start: int = 1, step: int = 1, form: str = "{}") -> Make:
    return lambda _random, row: form.format(start + row * step)


def jumps(start: int, most: int) -> Make:
    """Numbers that grow by different steps."""
    return lambda random, row: str(start + row * most + random.randrange(most))


def whole(low: int, high: int, form: str = "{}") -> Make:
    return lambda random, _row: form.format(random.randint(low, high))


def real(low: float, high: float, form: str = "{:.2f}") -> Make:
    return lambda random, _row: form.format(random.uniform(low, high))


def bell(mean: float, deviation: float, form: str = "{}") -> Make:
    return lambda random, _row: form.format(random.gauss(mean, deviation))


def skewed(scale: float, form: str = "{:.2f}") -> Make:
    """Amounts: many small ones, few large ones."""
    return lambda random, _row: form.format(random.paretovariate(1.2) * scale)


def european(scale: float, form: str = "{}") -> Make:
    def make(random: Random, _row: int) -> str:
        text = f"{random.paretovariate(1.2) * scale:,.2f}"
        return form.format(text.translate(str.maketrans(",.", ".,")))

    return make


def accounting(scale: float) -> Make:
    """Negative amounts in parentheses."""

    def make(random: Random, _row: int) -> str:
        text = f"{random.paretovariate(1.2) * scale:,.2f}"
        return f"({text})" if random.random() < 0.3 else text

    return make


def choice(*words: str | None) -> Make:
    return lambda random, _row: random.choice(words)


def mostly(word: str | None, *others: str | None, share: float = 0.9) -> Make:
    return lambda random, _row: word if random.random() < share else random.choice(others)


def pattern(text: str) -> Make:
    """`#` a digit, `@` a capital, `?` a small letter, `^` a hex digit, `*` any of base 62."""
    sets = {
        "#": "0123456789",
        "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "?": "abcdefghijklmnopqrstuvwxyz",
        "^": "0123456789abcdef",
        "*": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    }
    return lambda random, _row: "".join(
        random.choice(sets[it]) if it in sets else it for it in text
    )


def either(*makes: Make) -> Make:
    return lambda random, row: random.choice(makes)(random, row)


def moment(form: str, days: int = 1500) -> Make:
    """A time in `strftime`'s format."""
    return lambda random, _row: _moment(random, days).strftime(form)


def day(form: str, days: int = 1500) -> Make:
    return moment(form, days)


def epoch(factor: int = 1, form: str = "{}") -> Make:
    def make(random: Random, _row: int) -> str:
        return form.format(int(_moment(random, 1500).timestamp() * factor))

    return make


def excel(fraction: bool = False) -> Make:
    """The days since the end of 1899, as a spreadsheet exports a date."""

    def make(random: Random, _row: int) -> str:
        days = random.uniform(44197, 45658)
        return f"{days:.5f}" if fraction else str(int(days))

    return make


def _moment(random: Random, days: int) -> datetime:
    return _START + timedelta(
        seconds=random.randrange(days * 86400), microseconds=random.randrange(10**6)
    )


def person() -> Make:
    return lambda random, _row: f"{random.choice(_FIRST)} {random.choice(_LAST)}"


def first() -> Make:
    return choice(*_FIRST)


def last() -> Make:
    return choice(*_LAST)


def email() -> Make:
    return lambda random, row: (
        f"{random.choice('abcdefgh')}.{row}@{random.choice(('example.com', 'example.org'))}"
    )


def sentence(most: int = 12) -> Make:
    return lambda random, _row: " ".join(random.choices(_WORDS, k=random.randint(2, most)))


def uuids() -> Make:
    return lambda random, _row: str(uuid.UUID(int=random.getrandbits(128), version=4))


def url() -> Make:
    return lambda random, _row: (
        f"https://example.com/{random.choice(_WORDS)}/{random.randrange(999)}?ref={random.choice(_WORDS)}"
    )


def mapping() -> Make:
    return lambda random, row: json.dumps(
        {"id": row, "tags": random.sample(_WORDS, 2), "ok": random.random() < 0.5}
    )


def ip() -> Make:
    return lambda random, _row: ".".join(str(random.randint(1, 254)) for _ in range(4))


def never() -> Make:
    return lambda _random, _row: None
