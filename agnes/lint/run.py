"""Checking a catalog: every file on its own, then how they fit together, then the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from agnes.git.entry import Entry
from agnes.lint.examined import Examined
from agnes.lint.facts import CatalogFacts, SettingsFacts
from agnes.lint.files import Files
from agnes.lint.flood import stem
from agnes.lint.pool import examine_all
from agnes.lint.results import Results
from agnes.lint.rule import LEVELS, CatalogRule, Finding, Level
from agnes.lint.rules import RULES
from agnes.lint.rules.engine import DoesNotBind, TooCostlyToBind
from agnes.lint.rules.sql import ReachesOutside
from agnes.lint.settings import Judge, is_on
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import printable, survey

if TYPE_CHECKING:
    from agnes.lint.tasks import Task

Found = Diagnostic | Finding
_DOES_NOT_RUN = (DoesNotBind.code, TooCostlyToBind.code, ReachesOutside.code)
Advance = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True)
class Request:
    """What to check.

    Args:
        level: up to where.
        data: a folder of parquet files to run the queries on; None to run nothing.
        results: what earlier runs found.
        severities: of rules, whatever agnes.yml says of them.
    """

    level: Level = "binding"
    data: Path | None = None
    results: Results = field(default_factory=lambda: Results(None))
    advance: Advance = lambda _done, _total: None
    severities: Mapping[str, str] = field(default_factory=dict)

    def reaches(self, level: Level) -> bool:
        """Whether a level is to be checked."""
        return LEVELS.index(level) <= LEVELS.index(self.level)


@dataclass(frozen=True)
class Report:
    """What was found.

    Args:
        files: path to entry of every file that was looked at.
        diagnostics: as they count, by path and position.
    """

    files: dict[str, Entry]
    diagnostics: list[Diagnostic]


def lint(files: Files, request: Request) -> Report:
    """Check all files of a catalog."""
    run = Run(files, request)
    return run.report(run.find())


class Run:
    """One run over a catalog's files: `find`, choose, `report`."""

    def __init__(self, files: Files, request: Request) -> None:
        self.files = files
        self.request = request
        entries = sorted(files.entries(), key=lambda entry: entry.path)
        self.layout = survey((entry.path, entry.kind) for entry in entries)
        self.entries = {entry.path: entry for entry in entries if entry.path in self.layout.slots}
        self.yaml = {e.path: e for e in entries if e.path.endswith((".yml", ".yaml"))}
        self.examined: dict[str, Examined] = {}
        self.settings = SettingsFacts()
        self.done = 0
        self._counting = Lock()  # queries are bound by two threads
        self.total = len(self.entries)

    def find(self) -> list[Found]:
        """Everything that is wrong by a rule that is on, whatever comments say about it."""
        found: list[Found] = list(self.layout.diagnostics)
        slots = self.layout.slots
        work = {path: (slot, self.entries[path]) for path, slot in slots.items()}
        level, results = self.request.level, self.request.results
        self.examined = examine_all(self.files, work, level, results, self._advance)
        found += [finding for item in self.examined.values() for finding in item.diagnostics]
        ids = {slot.id: slot.path for slot in slots.values() if slot.kind == "metric"}
        facts = [item.facts for item in self.examined.values() if item.facts is not None]
        tables = {slot.id: slot.path for slot in slots.values() if slot.kind == "table"}
        catalog = CatalogFacts(facts, ids, tables)
        severities = {**catalog.settings.severities, **self.request.severities}
        self.settings = catalog.settings = replace(catalog.settings, severities=severities)
        if self.request.reaches("binding"):
            from agnes.lint.tasks import Task, tasks

            planned = list(tasks(catalog))
            found += [item for item in planned if isinstance(item, Finding)]
            queries = [item for item in planned if isinstance(item, Task)]
            with ThreadPoolExecutor(1) as meanwhile:  # the engine takes a moment to start
                bound = meanwhile.submit(self._bind, queries)
                found += self._check_references(catalog)
                found += bound.result()
        elif self.request.reaches("references"):
            found += self._check_references(catalog)
        if self.request.data is not None:
            found += self._run_on_data(catalog, self.request.data, _broken(found))
        results.save()
        return list(stem(item for item in found if is_on(item.code, self.settings)))

    def report(self, found: Iterable[Found], only: Callable[[str], bool] | None = None) -> Report:
        """What becomes of findings.

        Args:
            found: all that `find` gave, or some.
            only: whether a file is asked for at all; comments in others are not judged.
        """
        ignores = {printable(path): item.ignores for path, item in self.examined.items()}
        judge = Judge(self.settings, ignores, self.request.level)
        counted = list(judge.judge(self._resolve(found)))
        about = [*judge.unused(files=only is None), *judge.unknown()]
        if only is not None:
            about = [item for item in about if only(item.path)]
        counted += judge.judge(self._resolve(about))
        return Report(self.yaml, sorted(counted))

    def _check_references(self, catalog: CatalogFacts) -> Iterator[Finding]:
        for rule in RULES.values():
            if issubclass(rule, CatalogRule):
                yield from rule().check(catalog)

    def _bind(self, queries: list[Task]) -> list[Finding]:
        results = self.request.results
        results.see(task.key for task in queries)
        fresh = {task.key: task for task in queries if task.key not in results}
        outcomes: dict[str, Any] = {}
        if fresh:
            from agnes.lint.binding import bind

            self.total += len(fresh)
            outcomes = bind(fresh, self._text, self._advance)
            # What took too long here may not elsewhere, so it is tried again.
            lasting = {key: it for key, it in outcomes.items() if not it or it["start"] is not None}
            results.put(lasting)
        known = ((task, outcomes.get(task.key) or results.get(task.key)) for task in queries)
        return [found for task, outcome in known if (found := task.finding(outcome)) is not None]

    def _run_on_data(
        self, catalog: CatalogFacts, folder: Path, broken: set[tuple[str, str]]
    ) -> Iterator[Finding]:
        from agnes.lint.data import run_on_data

        self.total += sum(len(metric.queries) for metric in catalog.metrics.values())
        yield from run_on_data(catalog, folder, self._text, self._validation, self._advance, broken)

    def _text(self, path: str, node: str) -> str:
        return str(self._content(path)[node])

    def _validation(self, path: str) -> object:
        return self._content(path).get("validation")

    def _content(self, path: str) -> dict[str, object]:
        from agnes.model.scalar import core
        from agnes.yaml.loader import load

        content = core(load(self.files.read(self.entries[path])))
        found: dict[str, object] = content[0] if isinstance(content, list) else content
        return found

    def _resolve(self, found: Iterable[Found]) -> Iterator[Diagnostic]:
        """Look up where findings stand; each file is read once if they come file by file."""
        from agnes.lint.locate import Locator

        at, locator = "", Locator(b"")
        for item in sorted(found, key=lambda item: item.path):
            if isinstance(item, Diagnostic):
                yield item
                continue
            if item.path != at:
                entry = self.entries.get(item.path)
                at, locator = item.path, Locator(self.files.read(entry) if entry else b"")
            yield locator.diagnose(item, RULES[item.code].severity)

    def _advance(self, count: int) -> None:
        with self._counting:
            self.done += count
            self.request.advance(self.done, self.total)


def _broken(found: Iterable[Found]) -> set[tuple[str, str]]:
    """The queries, by path and key, of which it is known already that they do not run."""
    return {
        (item.path, str(item.node[0]))
        for item in found
        if isinstance(item, Finding) and item.code in _DOES_NOT_RUN
    }
