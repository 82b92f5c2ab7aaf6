"""What earlier runs found, kept by content: a file that did not change is not checked again.

A disposable SQLite file per set of rules and library versions. Whatever is wrong with it,
validation goes on without.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha1
from importlib.metadata import version
from pathlib import Path
from typing import Any

import agnes

_SCHEMA = "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
_SPARE = 5_000
_WAIT_SECONDS = 1.0
_VERSIONS = 3


def rules_version() -> str:
    """Changes with the code of the rules and the libraries that decide something."""
    parts = [f"{name} {version(name)}" for name in ("agnes", "sqlglot", "duckdb", "pyyaml")]
    package = Path(agnes.__file__).parent
    for folder in ("lint", "load", "model", "sandbox", "sql", "yaml"):
        for file in sorted((package / folder).rglob("*.py")):
            stat = file.stat()
            parts.append(f"{file.name} {stat.st_size} {stat.st_mtime_ns}")
    return sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()[:16]


class Results:
    """Kept results: key to plain data.

    Args:
        folder: where; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / f"{rules_version()}.sqlite" if folder else None
        self.found: dict[str, str] = {}
        self.new: dict[str, str] = {}
        self.seen: set[str] = set()
        if self.path is not None:
            with contextlib.suppress(OSError):
                self._read(self.path)

    def __contains__(self, key: str) -> bool:
        return key in self.found

    def get(self, key: str) -> Any:
        """The result of that key; None when there is none, or none that can be read."""
        text = self.found.get(key, "null")
        try:
            return None if text == "null" else json.loads(text)
        except ValueError:
            return None

    def put(self, results: Mapping[str, Any]) -> None:
        """Keep results, which are plain data; `save` writes them."""
        texts = {key: json.dumps(value, ensure_ascii=False) for key, value in results.items()}
        self.found.update(texts)
        self.new.update(texts)

    def see(self, keys: Iterable[str]) -> None:
        """Note that these keys are still asked for."""
        self.seen.update(keys)

    def save(self) -> None:
        """Write what is new; drop what was not asked for when there is much of it."""
        if self.path is None or not self.new:
            return
        dead = self.found.keys() - self.seen
        with contextlib.suppress(sqlite3.Error, OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open(self.path) as database:
                database.execute(_SCHEMA)
                database.executemany("REPLACE INTO results VALUES (?, ?)", self.new.items())
                if len(dead) > len(self.seen) + _SPARE:
                    drop = ((key,) for key in dead)
                    database.executemany("DELETE FROM results WHERE key = ?", drop)
                database.commit()
            self._drop_older(self.path)
        self.new.clear()

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            with self._open(path) as database:
                self.found = dict(database.execute("SELECT key, value FROM results"))
        except sqlite3.OperationalError:
            pass  # another run writes to it: it is neither waited for nor disturbed
        except sqlite3.Error:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as database:
            yield database

    def _drop_older(self, path: Path) -> None:
        """Keep those of a few versions: an editor, a hook and a shell may each have their own."""
        others = [other for other in path.parent.glob("*.sqlite") if other != path]
        others.sort(key=lambda other: other.stat().st_mtime_ns, reverse=True)
        for other in others[_VERSIONS - 1 :]:
            other.unlink(missing_ok=True)
