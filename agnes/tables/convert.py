"""Data files of others, read by a DuckDB that sees nothing else, in a process of its own.

What DuckDB may do with a hostile file (crash, or take all memory) ends that process alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agnes.errors import UnavailableError, UsageError
from agnes.sandbox.process import roots

Format = Literal["csv", "parquet"]
SECONDS = 3600
MEMORY_MB = 1024
_BOOT = (
    "import sys; sys.path += sys.argv[1:];"
    " from agnes.tables.child import main; main()"
)  # fmt: skip
_PATTERN = "*?["


@dataclass(frozen=True)
class Described:
    """What is in files.

    Args:
        columns: name to DuckDB type.
        rows: how many there are.
    """

    columns: dict[str, str]
    rows: int


def describe(files: Sequence[Path], kind: Format) -> Described:
    """The columns of files, with the types that their values have.

    Raises:
        UsageError: they cannot be read as that.
        UnavailableError: it takes too long, or more memory than there is for it.
    """
    return _ask({"files": _paths(files), "format": kind})


def convert(
    files: Sequence[Path],
    kind: Format,
    target: Path,
    basetypes: Mapping[str, str | None],
    names: Sequence[str] | None = None,
    *,
    plain: bool = False,
) -> Described:
    """Write the rows of files into one parquet file; the same rows give the same bytes.

    Args:
        target: it is made.
        basetypes: what columns are to be; the others become what their values look like.
        names: of the columns, where the files do not say them.
        plain: the files are CSV as RFC 4180 has it, so that nothing has to be guessed, and
            columns without a base type are text.

    Raises:
        UsageError: the files cannot be read as that, or a value does not fit its type.
        UnavailableError: the target cannot be written, or it takes too much time or memory.
    """
    wanted = {name: kind_ for name, kind_ in basetypes.items() if kind_}
    return _ask(
        {
            "files": _paths(files),
            "format": kind,
            "target": str(target.absolute()),
            "basetypes": wanted,
            "names": list(names) if names is not None else None,
            "plain": plain,
        }
    )


def _paths(files: Sequence[Path]) -> list[str]:
    for path in files:
        if any(char in str(path) for char in _PATTERN):
            raise UsageError(
                f"{path.name}: DuckDB takes {' '.join(_PATTERN)} in a path for a pattern"
            )
    return [str(path.absolute()) for path in files]


def _ask(request: Mapping[str, Any]) -> Described:
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT, *roots()]
    content = json.dumps({**request, "memory_mb": MEMORY_MB}).encode()
    try:
        done = subprocess.run(
            command,
            check=False,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=SECONDS,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"reading the data took longer than {SECONDS} seconds") from None
    except ValueError:
        raise UnavailableError(
            "reading the data ended in a crash, or took too much memory"
        ) from None
    if "error" not in answer:
        return Described(dict(answer["columns"]), answer["rows"])
    message = answer["error"]
    for path in [*request["files"], request.get("target", "")]:
        message = message.replace(path, Path(path).name) if path else message
    if answer["ours"]:
        raise UnavailableError(message)
    raise UsageError(message)
