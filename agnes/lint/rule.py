"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from agnes.model.diagnostic import Severity

if TYPE_CHECKING:
    from agnes.lint.facts import CatalogFacts
    from agnes.lint.metric import ReadMetric
    from agnes.yaml.loader import Path

Level = Literal["syntax", "schema", "references", "binding", "data"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Each builds on the ones before it."""

Hint = str | Callable[[], str | None] | None
"""The remedy, or what finds it: looking for a near name takes long where there are many."""


@dataclass(frozen=True)
class Finding:
    """A mistake, before its place in the file is looked up.

    Args:
        path: the file.
        node: the keys and numbers that lead to the value in it; empty for the whole file.
        start, length: characters within that value's text; None for all of it.
        severity: None for the rule's own.
    """

    code: str
    path: str
    node: Path
    message: str
    hint: Hint = None
    start: int | None = None
    length: int = 1
    at_key: bool = False
    severity: Severity | None = None

    def within(self, start: int, length: int) -> Finding:
        """The same about a part of the value's text."""
        return replace(self, start=start, length=length)


class Rule:
    """One rule. Its docstring is its page in docs/rules.md: a sentence, what it is about, examples.

    A rule without a check of its own is found while a file is read (see agnes/load) or while its
    queries are bound or run.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    on: ClassVar[bool] = True
    """Whether it is checked where agnes.yml says nothing about it."""
    level: ClassVar[Level]
    fixable: ClassVar[bool] = False

    @classmethod
    def find(
        cls,
        path: str,
        node: Path,
        message: str,
        hint: Hint = None,
        *,
        at_key: bool = False,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(cls.code, path, node, message, hint, at_key=at_key, severity=severity)

    @classmethod
    def title(cls) -> str:
        """What it is about, in a sentence."""
        return (cls.__doc__ or "").split("\n")[0].strip()

    @classmethod
    def fixed(cls) -> bool:
        """Whether nobody may soften it: the file cannot be served, or its query must not run."""
        return cls.severity == "error" and cls.level in ("syntax", "schema")


class MetricRule(Rule):
    """A rule about one metric on its own."""

    def check(self, metric: ReadMetric) -> Iterable[Finding]:
        """What is wrong with it."""
        raise NotImplementedError


class CatalogRule(Rule):
    """A rule about how files fit together."""

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """What is wrong with them."""
        raise NotImplementedError
