"""Catalogs of a few lines, and what is found in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agnes.lint.files import folder_files
from agnes.lint.page import BASE
from agnes.lint.rules import RULES
from agnes.lint.run import Request, lint
from agnes.model.diagnostic import Diagnostic

REVENUE = "metrics/sales/revenue.yml"
SQL = "SELECT SUM(amount) AS revenue FROM orders"

Files = Mapping[str, str | bytes]
Find = Callable[..., list[Diagnostic]]


def write(root: Path, files: Files) -> Path:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def metric(name: str = "revenue", **keys: str) -> str:
    """A metric on orders; `keys` change and add lines, None takes one out."""
    lines = {"name": name, "grain": "monthly", "table": "orders", "sql": SQL} | keys
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)


def table(id_: str, **columns: str | None) -> str:
    """A table's file; a column of None has no basetype."""
    lines = [
        f"  {name}: {{basetype: {basetype}}}\n" if basetype else f"  {name}: {{}}\n"
        for name, basetype in columns.items()
    ]
    return f"id: {id_}\n" + ("columns:\n" + "".join(lines) if lines else "")


def queries(text: str) -> list[str]:
    """Queries between semicolons, a line each."""
    return [" ".join(query.split()) for query in text.split(";") if query.strip()]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Lay files over the catalog of orders and customers; return what is found.

    Returns the diagnostics; with `only` those of one code, as far as it takes to find them.
    """

    def find(
        files: Files, request: Request | None = None, *, base: Files = BASE, only: str = ""
    ) -> list[Diagnostic]:
        root = write(tmp_path, {**base, **files})
        request = request or Request(RULES[only].level if only else "binding")
        found = lint(folder_files(root), request).diagnostics
        return [item for item in found if not only or item.code == only]

    return find


def codes(found: list[Diagnostic]) -> list[str]:
    return [item.code for item in found]


def marked(found: Diagnostic, text: str | bytes) -> str:
    """The characters of the file that a finding is about, on its first line."""
    source = text if isinstance(text, str) else text.decode("utf-8-sig")
    line = source.replace("\r\n", "\n").split("\n")[found.line - 1]
    end = found.end_column - 1 if found.end_line == found.line else len(line)
    return line[found.column - 1 : end]
