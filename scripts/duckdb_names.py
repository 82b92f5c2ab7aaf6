"""`make lock`: write down what the locked DuckDB has; see `agnes.sandbox.child.names`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).parent.parent / "agnes/sql/known.py"
_HEAD = '''"""What one build of DuckDB has. `make lock` writes this, by scripts/duckdb_names.py."""

from __future__ import annotations
'''


def main() -> None:
    """Ask DuckDB and write the module."""
    # The module that is written is not there yet, or is of another build.
    sys.modules["agnes.sql.known"] = ModuleType("known")
    from agnes.sandbox.child.database import connect
    from agnes.sandbox.child.names import ask, build_of

    with connect(256) as connection:
        names = ask(connection)
        lines = [_HEAD, f"BUILD = {build_of(connection)!r}".replace("'", '"')]
    lines += [_written(field.upper(), value) for field, value in names._asdict().items()]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _written(name: str, words: Iterable[str]) -> str:
    text = textwrap.fill(
        " ".join(sorted(words)), 96, break_long_words=False, break_on_hyphens=False
    )
    return f'{name} = frozenset(\n    """\n{textwrap.indent(text, "    ")}\n    """.split()\n)'


if __name__ == "__main__":
    main()
