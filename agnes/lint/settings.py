"""What agnes.yml and comments say about findings: how grave they are, and which do not count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from agnes.lint.facts import SettingsFacts
from agnes.lint.rule import LEVELS, Finding, Level, MetricRule, Rule
from agnes.lint.rules import RULES
from agnes.lint.rules.ignores import UnknownRule, UnusedIgnore
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import SETTINGS


@dataclass(frozen=True)
class Ignore:
    """A comment that ignores rules on its line: `# agnes: ignore[AG301]`.

    Args:
        line, column, end_column: 1-based, in characters.
    """

    line: int
    column: int
    end_column: int
    codes: list[str]

    def diagnose(self, rule: type[Rule], path: str, message: str, hint: str) -> Diagnostic:
        """A finding about the comment itself."""
        where = (path, self.line, self.column, rule.code, rule.severity)
        return Diagnostic(*where, message, hint, self.line, self.end_column)


def is_on(code: str, settings: SettingsFacts) -> bool:
    """Whether a rule is checked at all."""
    rule = RULES[code]
    given = None if rule.fixed() else settings.severities.get(code)
    return rule.on if given is None else given != "off"


class Judge:
    """Decides what becomes of each finding, and notices which ignores hit nothing.

    Args:
        settings: the lint section of agnes.yml.
        ignores: the comments of the files that are looked at.
        level: up to where rules were checked; an ignore of a rule beyond it may yet hit.
    """

    def __init__(
        self, settings: SettingsFacts, ignores: Mapping[str, Iterable[Ignore]], level: Level
    ) -> None:
        self.settings = settings
        self.level = level
        self.comments = {
            (path, ignore.line): ignore for path, found in ignores.items() for ignore in found
        }
        self.used: set[tuple[str, int | str, str]] = set()
        self.broken: set[str] = set()

    def judge(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Findings as they count: those that are switched off or ignored are left out."""
        for found in diagnostics:
            rule = RULES[found.code]
            if LEVELS.index(rule.level) > LEVELS.index(self.level):
                continue
            if not is_on(found.code, self.settings):
                continue
            given = None if rule.fixed() else self.settings.severities.get(found.code)
            if not rule.fixed() and self._is_ignored(found):
                continue
            severity: Any = given or found.severity
            if severity == "error":
                self.broken.add(found.path)
            yield found if severity == found.severity else replace(found, severity=severity)

    def unused(self, *, files: bool) -> Iterator[Finding | Diagnostic]:
        """Ignores that hit nothing; call it after all findings were judged.

        A file with an error is not judged: it may hide what the ignore is about.

        Args:
            files: whether every file was looked at, so that those of agnes.yml can be judged too.
        """
        for (path, line), ignore in self.comments.items():
            for code in ignore.codes if path not in self.broken else ():
                if self._is_due(code) and (path, line, code) not in self.used:
                    message = f"{code} does not occur on this line"
                    yield ignore.diagnose(UnusedIgnore, path, message, "delete the ignore")
        for pattern, codes in self.settings.ignores.items() if files else ():
            if any(_matches(pattern, path) for path in self.broken):
                continue
            for number, code in enumerate(codes):
                if self._is_due(code) and (SETTINGS, pattern, code) not in self.used:
                    message = f"{code} does not occur in {pattern}"
                    node = ("lint", "ignores", pattern, number)
                    yield UnusedIgnore.find(SETTINGS, node, message, "delete the ignore")

    def unknown(self) -> Iterator[Finding | Diagnostic]:
        """Rules that are named and do not exist, or that cannot be changed."""
        for code in self.settings.severities:
            for wrong in _wrong(code):
                yield UnknownRule.find(SETTINGS, ("lint", "severities", code), *wrong, at_key=True)
        for pattern, codes in self.settings.ignores.items():
            for number, code in enumerate(codes):
                for wrong in _wrong(code):
                    yield UnknownRule.find(SETTINGS, ("lint", "ignores", pattern, number), *wrong)
        for (path, _), ignore in self.comments.items():
            for code in ignore.codes:
                for wrong in _wrong(code):
                    yield ignore.diagnose(UnknownRule, path, *wrong)

    def _is_due(self, code: str) -> bool:
        rule = RULES.get(code)
        if rule is None or rule.fixed():
            return False
        if self.settings.severities.get(code, "on" if rule.on else "off") == "off":
            return False
        return LEVELS.index(rule.level) <= LEVELS.index(self.level)

    def _is_ignored(self, found: Diagnostic) -> bool:
        ignored = False
        comment = self.comments.get((found.path, found.line))
        if comment is not None and found.code in comment.codes:
            self.used.add((found.path, found.line, found.code))
            ignored = True
        for pattern, codes in self.settings.ignores.items():
            if found.code in codes and _matches(pattern, found.path):
                self.used.add((SETTINGS, pattern, found.code))
                ignored = True
        return ignored


def _wrong(code: str) -> Iterator[tuple[str, str]]:
    """What is wrong with naming a rule: message and hint."""
    rule = RULES.get(code)
    if rule is None:
        near = get_close_matches(code, list(RULES), 1, 0.7)
        hint = f"did you mean {near[0]}?" if near else "docs/rules.md lists them"
        yield f"there is no rule {code}", hint
    elif rule.fixed() or rule is UnknownRule:
        query = issubclass(rule, MetricRule)
        why = "such a query must not run" if query else "such a file cannot be served"
        yield f"{code} cannot be softened: {why}", f"mend the {'query' if query else 'file'}"


_WILDCARD = re.compile(r"(\*\*/?|\*|\?)")


def _matches(pattern: str, path: str) -> bool:
    """Whether a path fits: `*` within a name, `**` across folders, `folder/` for all that is in it.

    It follows all ways at once: a regular expression would take ages for a hostile pattern.
    """
    if pattern.endswith("/"):
        pattern += "**"
    ends = {0}
    for part in _WILDCARD.split(pattern):
        if not ends:
            return False
        rest = range(min(ends), len(path))
        match part:
            case "**":
                ends = {*rest, len(path)}
            case "**/":
                ends |= {at + 1 for at in rest if path[at] == "/"}
            case "*":
                for at in rest:
                    if at in ends and path[at] != "/":
                        ends.add(at + 1)
            case "?":
                ends = {at + 1 for at in ends if path[at : at + 1] not in ("", "/")}
            case _:
                ends = {at + len(part) for at in ends if path.startswith(part, at)}
    return len(path) in ends
