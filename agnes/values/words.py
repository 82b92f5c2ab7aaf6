"""The words in a column's name, and the ways in which exports say that there is no value."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(
    r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z][^\W\d_]*",
)
BLANKS = frozenset(
    """
    n/a na n.a. #n/a null none nil nan \\n - -- ? unknown undefined missing (null) (blank) #ref!
    #value!
    """.split()
)
"""In lower case."""


def words(name: str) -> list[str]:
    """The words of a name, in lower case: `userEmail`, `user-email` and `USER_EMAIL` have two."""
    return [word.lower() for word in _WORD.findall(name)]


def present(values: Iterable[str | None]) -> list[str]:
    """The values that are there, without blanks around them."""
    stripped = (value.strip() for value in values if value is not None)
    return [value for value in stripped if value and value.lower() not in BLANKS]
