"""Carrying an older snapshot on to a newer commit, by what differs between their trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from agnes.cache.dates import continued, date_previews, of_files, select
from agnes.cache.digest import Versions, versions
from agnes.cache.produce import Producer
from agnes.cache.store import FORMAT
from agnes.cache.write import Progress, Revision, Writer
from agnes.errors import MissingObjectError
from agnes.git.entry import Entry
from agnes.git.history import file_histories
from agnes.git.repository import Repository
from agnes.model.layout import Layout, claim, stem, survey


class Unsuitable(Exception):  # noqa: N818  (an outcome, not a mistake)
    """An older snapshot that nothing can be carried on from, and why."""


def carry_on(
    repository: Repository,
    revision: Revision,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress | None,
) -> tuple[Versions, Versions]:
    """Bring the copy of an older snapshot to a revision; what was served before, and is now."""
    info = _suitable(connection)
    newer = file_histories(repository, revision.commit, since=info["commit_id"])
    if newer is None:
        raise Unsuitable(
            f"{info['commit_id'][:10]} is not in the history of {revision.commit[:10]}: "
            "it was rewritten, or is another branch's"
        )
    newer = of_files(newer)
    try:
        changed = _changed(repository, info["tree"], revision, newer)
    except MissingObjectError:
        raise Unsuitable(f"the files of {info['commit_id'][:10]} are gone") from None
    histories = continued(connection, changed.paths, newer)
    if not revision.committed:
        histories = date_previews(repository, revision.commit, histories, changed.paths)
    writer = Writer(repository, revision, connection)
    connection.begin()
    before = versions(connection, changed.paths)
    writer.delete(changed.paths)
    with Producer(repository.location, len(changed.paths)) as producer:
        writer.write_files(producer, changed.layout, changed.entries, histories, progress)
    writer.write_history(histories)
    if changed.index:
        entries = {entry.path: entry for entry in repository.entries(revision.tree)}
        writer.write_index(survey((it.path, it.kind) for it in entries.values()), entries)
    writer.write_info(changed.layout, changed.entries)
    after = versions(connection, changed.paths)
    connection.commit()
    connection.execute("CHECKPOINT")
    return before, after


def _suitable(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    [info] = select(connection, "SELECT * FROM snapshot_info") or [{}]
    if not info or info["format"] != FORMAT or info["duckdb_version"] != duckdb.__version__:
        raise Unsuitable("the older snapshot was made by another version of DuckDB")
    if not info["committed"] or info["shallow"]:
        raise Unsuitable("the older snapshot knows only a part of the history")
    return info


@dataclass(frozen=True)
class _Changed:
    """What differs between an older snapshot and a revision.

    Args:
        paths: of files that came, went, changed, or won or lost their id to another file.
        layout, entries: of those that the revision has.
        index: whether the index or the set of metrics differs.
    """

    paths: set[str]
    layout: Layout
    entries: dict[str, Entry]
    index: bool


def _changed(
    repository: Repository, old: str | None, revision: Revision, newer: Iterable[str]
) -> _Changed:
    """Compare the trees; only folders that differ are read.

    Args:
        newer: paths that commits since then changed, perhaps back to what they were.
    """
    changes = {change.path: change for change in repository.changes(old, revision.tree)}
    paths = changes.keys() | set(newer)
    there = {
        entry.path: entry
        for folder in {path.rpartition("/")[0] for path in paths}
        for entry in repository.folder(revision.tree, folder)
    }
    there |= {path: change.new for path, change in changes.items() if change.new is not None}
    claims, stems = {claim(path) for path in paths} - {None}, {stem(path) for path in paths}
    paths |= {path for path in there if stem(path) in stems and claim(path) in claims}
    entries = {path: there[path] for path in sorted(paths & there.keys())}
    layout = survey((entry.path, entry.kind) for entry in entries.values())
    came_or_went = {
        claim(path) for path, it in changes.items() if _is_file(it.old) != _is_file(it.new)
    }
    index = bool(came_or_went - {None}) or "index " in claims
    return _Changed(paths, layout, entries, index)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.kind in ("file", "twice")
