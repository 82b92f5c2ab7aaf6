"""Three versions of what is said of a column: what was pushed last, ours now, theirs now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["equal", "ours", "theirs", "conflict", "nothing"]


@dataclass(frozen=True)
class Value:
    """What one key of a column is, in three places; None where nothing is said.

    Args:
        column: as the catalog writes it.
        key: `basetype` or `description`.
        base: what was pushed last.
        provider: who says `theirs` there; None is Agnes.
    """

    column: str
    key: str
    ours: str | None
    theirs: str | None
    base: str | None = None
    provider: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Who changed it since it was pushed last.

        A value that is gone from there was not changed by anybody whose word would be lost: ours
        is pushed again. What we say nothing of is left as it is.
        """
        ours, theirs, base = map(plain, (self.ours, self.theirs, self.base))
        if ours is None:
            return "nothing" if theirs in (None, base) else "theirs"
        if ours == theirs:
            return "equal"
        if theirs in (None, base):
            return "ours"
        return "theirs" if ours == base else "conflict"

    def as_dict(self) -> dict[str, str | None]:
        """Plain data."""
        told = {"column": self.column, "key": self.key, "ours": self.ours, "theirs": self.theirs}
        more = {"provider": self.provider} if self.provider else {"base": self.base}
        return told | more


def plain(text: str | None) -> str | None:
    """A value as it is compared: blanks at its ends, and the kind of line ends, do not count."""
    stripped = "\n".join((text or "").splitlines()).strip()
    return stripped or None
