"""What comes of checking one file on its own, as it is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from agnes.lint.facts import Facts, facts_from_plain, kind_of
from agnes.lint.settings import Ignore
from agnes.model.diagnostic import Diagnostic


@dataclass(frozen=True)
class Examined:
    """One file, checked on its own.

    Args:
        ignores: its comments that ignore rules.
        facts: None for a file of which too little can be read.
    """

    diagnostics: list[Diagnostic]
    ignores: list[Ignore]
    facts: Facts | None

    def to_plain(self) -> dict[str, Any]:
        """As plain data, to be kept."""
        kind = kind_of(self.facts) if self.facts else None
        found = [list(asdict(diagnostic).values()) for diagnostic in self.diagnostics]
        facts = asdict(self.facts) if self.facts else None
        ignores = [list(asdict(ignore).values()) for ignore in self.ignores]
        return {"found": found, "ignores": ignores, "kind": kind, "facts": facts}

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> Examined:
        """The opposite of `to_plain`."""
        facts = facts_from_plain(plain["kind"], plain["facts"]) if plain["kind"] else None
        ignores = [Ignore(*ignore) for ignore in plain["ignores"]]
        return Examined([Diagnostic(*found) for found in plain["found"]], ignores, facts)
