"""The tests that a catalog's metrics have, and where they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agnes.errors import NotFoundError
from agnes.lint.files import Files
from agnes.load.catalog import read_entry
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import MAX_BYTES, survey
from agnes.model.metric import Metric
from agnes.model.metric_test import MetricTest
from agnes.model.names import nearest
from agnes.yaml.loader import locate

_KEY = b"tests"


@dataclass(frozen=True)
class Case:
    """One test.

    Args:
        path, line: where it begins.
    """

    metric: Metric
    test: MetricTest
    path: str
    line: int


@dataclass(frozen=True)
class Cases:
    """All of a catalog, or of some of its metrics.

    Args:
        found: in the order of files and lines.
        broken: of each file that does not validate, and so hides its tests, the first mistake.
        tables: ids of the registered tables.
    """

    found: list[Case]
    broken: list[tuple[str, Diagnostic]]
    tables: frozenset[str]


def read_cases(files: Files, metric_ids: Collection[str] = ()) -> Cases:
    """Read the tests out of a catalog's files.

    Args:
        metric_ids: of which metrics; all if empty.

    Raises:
        NotFoundError: there is no such metric.
    """
    entries = {entry.path: entry for entry in files.entries()}
    slots = survey((entry.path, entry.kind) for entry in entries.values()).slots
    metrics = {slot.id: slot for slot in slots.values() if slot.kind == "metric"}
    for wanted in metric_ids:
        if wanted not in metrics:
            near = nearest(wanted, sorted(metrics))
            hint = f"did you mean {' or '.join(near)}?" if near else "see da metrics list"
            raise NotFoundError(f"Metric '{wanted}' not found", hint)
    cases: list[Case] = []
    broken: list[tuple[str, Diagnostic]] = []
    for metric_id in sorted(metric_ids or metrics):
        slot = metrics[metric_id]
        entry = entries[slot.path]
        content = files.read(entry) if files.size(entry) <= MAX_BYTES else b""
        if content and _KEY not in content:
            continue
        document = read_entry(files, slot, entry)
        if isinstance(document.value, Metric):
            cases += _cases(document.value, files.shown(slot.path), content)
        else:
            broken.append((metric_id, document.diagnostics[0]))
    return Cases(cases, broken, frozenset(it.id for it in slots.values() if it.kind == "table"))


def _cases(metric: Metric, path: str, content: bytes) -> Iterator[Case]:
    places = locate(content) if metric.tests else None
    for number, test in enumerate(metric.tests):
        assert places is not None
        prefix = (0,) if (0,) in places.values else ()  # a list of one metric, as older files are
        yield Case(metric, test, path, places.of((*prefix, "tests", number))[0])
