"""Why a text is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agnes.sql.query import Place

Kind = Literal["syntax", "statement", "access", "size"]


@dataclass(frozen=True)
class Problem:
    """Why a text is refused.

    Args:
        kind: `syntax`, no SQL; `statement`, not exactly one SELECT; `access`, reaches for what is
            no table; `size`, too long or nested too deeply.
        place: where in the text.
    """

    kind: Kind
    message: str
    hint: str | None
    place: Place


class RefusedSqlError(Exception):
    """Text that the gate refuses, with all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


def refusal(
    kind: Kind,
    message: str,
    hint: str | None = None,
    where: Place = Place(0, 0),  # noqa: B008
) -> RefusedSqlError:
    """A refusal for a single reason."""
    return RefusedSqlError([Problem(kind, message, hint, where)])
