"""State databases that need no migration: to make the tables takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from agnes.auth.database import default_url
from agnes.auth.state import State

FILE = Path(default_url(Path()).removeprefix("sqlite:///"))


def lay_state(folder: Path) -> str:
    """Put a state without users into a folder, unless it has one; return its address."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_migrated())
    return default_url(folder)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        State.open(default_url(Path(folder))).close()
        return (Path(folder) / FILE).read_bytes()
