"""A whole catalog: every file's document, and what is served of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agnes.git.entry import Entry
from agnes.git.history import earlier_versions
from agnes.git.repository import Repository
from agnes.load.document import Document, read_document
from agnes.model.catalog import Index, Settings
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import MAX_BYTES, Slot, printable, survey
from agnes.model.metric import Metric
from agnes.model.table import Table
from agnes.yaml.loader import UNSAFE


class Source(Protocol):
    """Where files come from: a commit's tree or a folder."""

    def size(self, entry: Entry) -> int:
        """A file's size in bytes."""

    def read(self, entry: Entry) -> bytes:
        """A file's content."""


@dataclass(frozen=True)
class Served:
    """A file, and what is served of it.

    Args:
        document: the file as it is in the revision, with its diagnostics.
        value: the document's value, or that of the newest earlier version that validates; None
            when there never was one.
        entry: the version that `value` comes from.
    """

    document: Document
    value: Settings | Index | Metric | Table | None
    entry: Entry

    @property
    def stale(self) -> bool:
        """Whether an earlier version is served."""
        return self.value is not None and self.document.value is None


@dataclass(frozen=True)
class Catalog:
    """What a source of files says."""

    settings: Settings
    index: Index
    metrics: dict[str, Metric]
    tables: dict[str, Table]
    diagnostics: list[Diagnostic]


def load_catalog(source: Source, entries: Iterable[Entry]) -> Catalog:
    """Read all files of a source; what does not validate is left out and among the diagnostics."""
    entries = sorted(entries, key=lambda entry: entry.path)
    layout = survey((entry.path, entry.kind) for entry in entries)
    diagnostics = list(layout.diagnostics)
    settings, index = Settings(), Index()
    index_is_read = True
    metrics: dict[str, Metric] = {}
    tables: dict[str, Table] = {}
    for entry in entries:
        slot = layout.slots.get(entry.path)
        if slot is None:
            continue
        document = read_entry(source, slot, entry)
        diagnostics.extend(document.diagnostics)
        index_is_read = index_is_read and not (slot.kind == "index" and document.value is None)
        match document.value:
            case Metric() as metric:
                metrics[metric.id] = metric
            case Table() as table:
                tables[table.id] = table
            case Settings():
                settings = document.value
            case Index():
                index = document.value
    if index_is_read:
        diagnostics.extend(check_index(index, layout.slots))
    return Catalog(settings, index, metrics, tables, sorted(diagnostics))


def read_entry(source: Source, slot: Slot, entry: Entry) -> Document:
    """Read one file; one that is too large is refused before it is read."""
    if (size := source.size(entry)) > MAX_BYTES:
        message = f"the file has {size:,} bytes; the limit is {MAX_BYTES:,}"
        finding = Diagnostic(printable(slot.path), 0, 0, UNSAFE, "error", message)
        return Document(slot, None, (finding,))
    return read_document(slot, source.read(entry))


def serve(
    repository: Repository,
    commit_id: str,
    slots: Mapping[str, Slot],
    entries: Iterable[Entry],
    *,
    committed: bool = True,
) -> list[Served]:
    """Read files of a revision, and for each that does not validate find the version to serve.

    Args:
        commit_id: the revision; earlier versions are looked for on its first-parent history.
        entries: the files to read; those without a slot are passed over.
        committed: False when they are not `commit_id`'s but those of a working tree upon it.
    """
    documents = [
        (read_entry(repository, slots[entry.path], entry), entry)
        for entry in entries
        if entry.path in slots
    ]
    served = [Served(document, document.value, entry) for document, entry in documents]
    broken = [item for item in served if item.value is None]
    whole = [item for item in served if item.value is not None]
    whole += find_earlier(repository, commit_id, broken, committed=committed)
    return sorted(whole, key=lambda item: item.entry.path)


def find_earlier(
    repository: Repository, commit_id: str, broken: Iterable[Served], *, committed: bool = True
) -> list[Served]:
    """For files that do not validate, the newest earlier version that does, if there is one.

    Args:
        broken: files of `commit_id`, or of a working tree upon it when it is not `committed`.
    """
    found = {item.entry.path: item for item in broken}
    wanted = set(found)
    for earlier in earlier_versions(repository, commit_id, wanted, own=not committed):
        if earlier.kind != "file" or earlier.path not in wanted:
            continue
        document = found[earlier.path].document
        value = read_entry(repository, document.slot, earlier).value
        if value is not None:
            found[earlier.path] = Served(document, value, earlier)
            wanted.discard(earlier.path)
    return [found[path] for path in sorted(found)]


def check_index(index: Index, slots: Mapping[str, Slot]) -> list[Diagnostic]:
    """Where metrics/metrics.yml and the files disagree; nothing when there is no index."""
    path = next((path for path, slot in slots.items() if slot.kind == "index"), None)
    if path is None:
        return []
    listed = {
        f"{category.category}/{name}" for category in index.categories for name in category.metrics
    }
    there = {slot.id for slot in slots.values() if slot.kind == "metric"}
    missing = [
        (f"{metric_id} is listed, but has no file", "delete the entry, or add the file")
        for metric_id in sorted(listed - there)
    ]
    unlisted = [
        (f"{metric_id} is not listed", "add it to its category's metrics")
        for metric_id in sorted(there - listed)
    ]
    return [
        Diagnostic(path, 0, 0, "AG208", "warning", message, hint)
        for message, hint in missing + unlisted
    ]
