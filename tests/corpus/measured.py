"""`da metrics validate` in a process whose time and memory are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.corpus import HERE

DA = Path(sys.executable).parent / "da"


@dataclass(frozen=True)
class Measured:
    """What a run printed, and what it took, in seconds and megabytes."""

    out: str
    err: str
    code: int
    seconds: float
    processor_seconds: float
    megabytes: float


def measured(folder: Path, *arguments: str) -> Measured:
    """Validate in a folder, which gets a home and a place for temporary files."""
    launcher = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(folder / "measured.json")]
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    done = subprocess.run(
        [*launcher, str(DA), "metrics", "validate", *arguments],
        cwd=folder,
        env=os.environ | {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Measured(done.stdout, done.stderr, **json.loads((folder / "measured.json").read_text()))
