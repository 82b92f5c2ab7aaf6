"""Checking many files on their own: those that changed, on all cores when there are many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from agnes.git.entry import Entry
from agnes.lint.examined import Examined
from agnes.lint.files import Files
from agnes.lint.results import Results
from agnes.lint.rules.syntax import UnsafeYaml
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import MAX_BYTES, Slot, printable

if TYPE_CHECKING:
    from agnes.lint.rule import Level

WORTH_PROCESSES = 300
_CHUNK = 50


def examine_all(
    files: Files,
    work: Mapping[str, tuple[Slot, Entry]],
    level: Level,
    results: Results,
    advance: Callable[[int], None],
) -> dict[str, Examined]:
    """Check files on their own, as far as no kept result says what comes of it.

    Args:
        work: path to place and entry.
        advance: told how many more are done.
    """
    keys = {path: f"file {files.digest(entry)} {path}" for path, (_, entry) in work.items()}
    examined: dict[str, Examined] = {}
    for path, key in keys.items():
        kept = results.get(key)
        if kept is not None:
            examined[path] = Examined.from_plain(kept)
    advance(len(examined))
    missing = []
    for path in work:
        if path in examined:
            continue
        large = _too_large(path, files.size(work[path][1]))
        if large is None:
            missing.append(path)
        else:
            examined[path] = Examined([large], [], None)
            advance(1)
    new: dict[str, Any] = {}
    for path, plain in _examine(files, [work[path] for path in missing], level):
        examined[path] = Examined.from_plain(plain)
        new[keys[path]] = plain
        advance(1)
    results.see(keys.values())
    if level not in ("syntax", "schema"):
        results.put(new)
    return examined


def _too_large(path: str, size: int) -> Diagnostic | None:
    if size <= MAX_BYTES:
        return None
    message = f"the file has {size:,} bytes; the limit is {MAX_BYTES:,}"
    where = (printable(path), 0, 0)
    return Diagnostic(*where, UnsafeYaml.code, "error", message, "split it up")


def _examine(
    files: Files, work: Sequence[tuple[Slot, Entry]], level: Level
) -> Iterator[tuple[str, Any]]:
    jobs = ((slot, files.read(entry), level) for slot, entry in work)
    paths = [slot.path for slot, _ in work]
    if len(work) < WORTH_PROCESSES:
        yield from zip(paths, map(_examine_one, jobs), strict=True)
        return
    workers = min(os.cpu_count() or 1, 8)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = pool.map(_examine_one, jobs, chunksize=_CHUNK)
        yield from zip(paths, done, strict=True)


def _examine_one(job: tuple[Slot, bytes, Level]) -> Any:
    """In a process of its own for many, so it takes and gives what travels well."""
    from agnes.lint.examine import examine

    return examine(*job).to_plain()
