"""Whether an agent was told what it needs, and what that cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agnes.model.scalar import core
from agnes.yaml.loader import load
from benchmarks.agent_eval.agents import Told

_QUESTIONS = Path(__file__).with_name("questions.yml")
_FLAGS = {"absent", "ambiguous", "deprecated", "lapsed", "stale", "draft"}


@dataclass(frozen=True)
class Case:
    """A question, and what must be told."""

    q: str
    kind: str
    expect: tuple[str, ...]
    says: frozenset[str]
    core: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Case:
        """A case of the file."""
        says = frozenset(data.get("says", ()))
        return cls(data["q"], data["kind"], tuple(data["expect"]), says, bool(data.get("core")))


@dataclass(frozen=True)
class Score:
    """What a case came to."""

    case: Case
    told: Told
    rules: list[str]

    @property
    def is_right(self) -> bool:
        """The right metric came first; where there is none, none did, or only as a guess."""
        if self.case.expect:
            return self.told.first in self.case.expect
        return not self.told.first or self.is_guess

    @property
    def shows_rules(self) -> bool:
        """All rules of the metric were shown, and its SQL."""
        return not self.told.first or (self.told.rules == self.rules and bool(self.told.sql))

    @property
    def says_all(self) -> bool:
        """What is wrong was said."""
        said = self.told.says | ({"absent"} if self.is_guess else set())
        return self.case.says <= said

    @property
    def is_guess(self) -> bool:
        """It was said that nothing is called that."""
        return "unsure" in self.told.says

    @property
    def cries_wolf(self) -> bool:
        """Something was said to be wrong that is not."""
        return bool(self.case.expect and (self.told.says & _FLAGS) - self.case.says)


def cases(*, core_only: bool = False) -> list[Case]:
    """The questions."""
    found = [Case.of(it) for it in core(load(_QUESTIONS.read_bytes()))]
    return [case for case in found if case.core or not core_only]


def table(name: str, scores: Sequence[Score]) -> Iterator[str]:
    """The lines of a table, a kind each."""
    kinds: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        kinds[score.case.kind].append(score)
    yield f"{name:<14}  asked  right  rules  said  wolf  calls  tokens"
    for kind, of_kind in [*kinds.items(), ("all", list(scores))]:
        count = len(of_kind)
        marks = [
            sum(getattr(score, what) for score in of_kind)
            for what in ("is_right", "shows_rules", "says_all", "cries_wolf")
        ]
        calls = sum(score.told.calls for score in of_kind) / count
        tokens = sum(score.told.tokens for score in of_kind) / count
        right, rules, said, wolf = marks
        yield (
            f"  {kind:<12}  {count:5}  {right:5}  {rules:5}  {said:4}  {wolf:4}  "
            f"{calls:5.1f}  {tokens:6.0f}"
        )
