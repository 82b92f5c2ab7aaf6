"""What is thought of a column, how sure one is, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from agnes.model.fields import Basetype, Confidence

_LEVELS: tuple[Confidence, ...] = ("low", "medium", "high")


@dataclass(frozen=True)
class Guess:
    """A base type for a column.

    Args:
        evidence: what speaks for it, in words and without a value.
    """

    basetype: Basetype
    confidence: Confidence
    evidence: tuple[str, ...]

    def at_most(self, confidence: Confidence, because: str = "") -> Self:
        """The same, no surer than that.

        Args:
            because: what is added to the evidence.
        """
        least = min(self.confidence, confidence, key=_LEVELS.index)
        more = (because,) if because else ()
        return replace(self, confidence=least, evidence=self.evidence + more)


def counted(part: int, whole: int, what: str) -> str:
    """Evidence: `all 500 values are dates`, `498 of 500 values are dates`."""
    if part == whole:
        return f"all {whole} values are {what}" if whole > 1 else f"the one value is {what}"
    return f"{part} of {whole} values are {what}"
