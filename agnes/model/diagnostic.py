"""One finding about the catalog's content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "hint"]

MAX_FINDINGS = 100
"""How many mistakes of a kind are told of one file; the rest is counted."""


@dataclass(frozen=True)
class Diagnostic:
    """What is wrong, where, and what to do.

    Args:
        path: file, relative to the catalog, `/` between parts, unprintable characters escaped.
        line: 1-based, 0 when the whole file is meant.
        column: 1-based, in characters, 0 when unknown.
        code: stable code of the rule, such as AG203; docs/rules.md has a page for each.
        severity: an `error` keeps this version of the file out, the others do not.
        message: one sentence.
        hint: the remedy, if there is an obvious one.
        end_line, end_column: just behind the last character, 1-based, 0 when unknown.
    """

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    message: str
    hint: str | None = None
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        """`path:line:col: error AG203 message`, the form that editors and terminals link."""
        where = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{where}: {self.severity} {self.code} {self.message}"

    def __lt__(self, other: Diagnostic) -> bool:
        """In the order of files and positions."""
        return self._order() < other._order()

    def _order(self) -> tuple[Any, ...]:
        where = (self.path, self.line, self.column, self.code, self.severity, self.message)
        return (*where, self.hint or "", self.end_line, self.end_column)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return asdict(self)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(finding.severity == "error" for finding in diagnostics)
