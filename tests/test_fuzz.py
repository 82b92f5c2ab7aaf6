"""Mutations of the starter pack through all of validation but the engine: nothing but diagnostics.

The tests of this module get as many inputs together as one test of the loader or the gate.
"""

from __future__ import annotations

import json
import re
from hashlib import sha1
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agnes.git.entry import Entry
from agnes.lint import render
from agnes.lint.results import Results
from agnes.lint.rules import RULES
from agnes.lint.run import Report, Request, lint
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import printable
from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.loader import load
from tests.conftest import FUZZ

PACK = Path(__file__).parent.parent / "catalog_repo"
FILES = {
    path.relative_to(PACK).as_posix(): path.read_bytes()
    for path in sorted(PACK.rglob("*.yml"))
    if "schemas" not in path.parts
}
DATA = {path: core(load(data)) for path, data in FILES.items()}
often = settings(
    max_examples=max(1, FUZZ // 4),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Memory:
    """A catalog that is nowhere but here."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def entries(self) -> list[Entry]:
        return [Entry(path, self._id(data), "file") for path, data in self.files.items()]

    def digest(self, entry: Entry) -> str:
        return entry.blob

    def size(self, entry: Entry) -> int:
        return len(self.files[entry.path])

    def read(self, entry: Entry) -> bytes:
        return self.files[entry.path]

    def shown(self, finding: Any) -> Any:
        return finding

    @staticmethod
    def _id(data: bytes) -> str:
        return sha1(data, usedforsecurity=False).hexdigest()


PACK_RESULTS = Results(None)
"""What came of the files that are as they were."""
lint(Memory(FILES), Request("references", results=PACK_RESULTS))


def linted(files: dict[str, bytes]) -> Report:
    results = Results(None)
    results.found.update(PACK_RESULTS.found)
    return lint(Memory(files), Request("references", results=results))


def check(changed: dict[str, bytes]) -> Report:
    """Lint the pack with some files changed; every finding must be a good one."""
    files = FILES | changed
    report = linted(files)

    names = {printable(path): data for path, data in files.items()}
    for found in report.diagnostics:
        assert isinstance(found, Diagnostic)
        assert found.code in RULES
        assert found.severity in ("error", "warning", "hint")
        assert found.message.isprintable()
        assert found.hint is None or found.hint.isprintable()
        assert_inside(found, names[found.path])
    assert report.diagnostics == sorted(report.diagnostics)
    assert_renders(report.diagnostics)
    assert linted(files).diagnostics == report.diagnostics
    return report


def assert_inside(found: Diagnostic, data: bytes) -> None:
    lines = re.split(r"\r\n|\r|\n", data.decode("utf-8-sig", "replace"))
    assert 0 <= found.line <= len(lines)
    assert found.line or not found.column
    if found.line:
        assert 1 <= found.column <= len(lines[found.line - 1]) + 1
    if found.end_line:
        assert (found.line, found.column) <= (found.end_line, found.end_column)
        assert found.end_line <= len(lines) + 1


def assert_renders(diagnostics: list[Diagnostic]) -> None:
    json.dumps([found.as_dict() for found in diagnostics]).encode()
    for line in render.github(diagnostics):
        assert "\n" not in line
    json.loads(render.gitlab(diagnostics))
    json.loads(render.sarif(diagnostics))


# Mutations of data

WORDS = st.sampled_from(
    """
    no on 012 1:30 1.10 2026-01-31 ~ null true .inf 0x1F 1e400 <<
    ../../etc/passwd /etc/passwd revenue/mrr revenue/nothing orders ORDERS subscriptions
    daily monthly sum ratio deprecated public error AG301 AG999 **
    """.split()
)
ODD = st.sampled_from(
    [
        *("", " ", "\n", "a: b", "- a", "# x", "'", '"', "{", "[", "|", "%", "@", "\\", "a\nb\n"),
        *("\u0430", "\u200b", "\u202e", "\x00", "\x85", "\u2028", "\ufeff", "\ud7ff", "é", "😀"),
        *("x" * 300, "9" * 500, "1:" * 50, "*a", "&a", "!!str", "# agnes: ignore[AG301]"),
    ]
)
SQL = st.sampled_from(
    [
        *("", ";", "SELECT 1", "DROP TABLE orders", "SELECT 1; SELECT 2", "((((", "'", "/*", "--"),
        *("SELECT * FROM read_csv('x')", "FROM orders", "WITH a AS (SELECT 1)", "SELECT ?"),
        *("SELECT SUM(total_amount) FROM orders", "SELECT * FROM '/etc/passwd'", "SELECT é FROM ü"),
        *("SELECT 1 FROM orders, users", "SELECT region FROM orders ORDER BY 1 LIMIT 5", "\n\n"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | ODD | SQL | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | ODD | st.text(), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(data: Any, path: tuple = ()) -> list[tuple]:
    """The paths of everything in data."""
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    return [path, *(inner for key, value in items for inner in places(value, (*path, key)))]


def changed_data(data: Any, path: tuple, change: Any) -> Any:
    """Data with the value at a path replaced by what `change` makes of it; DROP takes it away."""
    if not path:
        return change(data)
    first, *rest = path
    if isinstance(data, list):
        made = [
            changed_data(item, tuple(rest), change) if at == first else item
            for at, item in enumerate(data)
        ]
        return [item for item in made if item is not DROP]
    made = {
        key: changed_data(item, tuple(rest), change) if key == first else item
        for key, item in data.items()
    }
    return {key: item for key, item in made.items() if item is not DROP}


DROP = object()


@st.composite
def mutated_data(draw) -> tuple[str, bytes]:
    """A file of the pack with some values replaced, dropped, renamed or taken from elsewhere."""
    path = draw(st.sampled_from(list(DATA)))
    data = DATA[path]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(data)))
        kind = draw(st.sampled_from(["replace", "drop", "wrap", "other", "add", "rename", "sql"]))
        other = DATA[draw(st.sampled_from(list(DATA)))]
        value, key = draw(VALUES), draw(WORDS | ODD)

        def change(old: Any, kind=kind, value=value, key=key, other=other) -> Any:  # noqa: PLR0911
            if kind == "replace":
                return value
            if kind == "drop":
                return DROP
            if kind == "wrap":
                return [old]
            if kind == "other":
                return other
            if isinstance(old, dict):
                if kind == "add":
                    return old | {key: value}
                if kind == "rename" and old:
                    first = next(iter(old))
                    return {(name[:-1] if name == first else name): it for name, it in old.items()}
            if kind == "sql" and isinstance(old, str):
                return old.replace("FROM", str(value), 1)
            return value

        data = changed_data(data, place, change)
        if data is DROP or not isinstance(data, dict | list):
            break
    written = data if isinstance(data, dict) and _plain(data) else None
    if written is not None and draw(st.booleans()):
        return path, dump(written)
    text = json.dumps(None if data is DROP else data, default=str, ensure_ascii=draw(st.booleans()))
    return path, text.encode("utf-8", "surrogatepass")


def _plain(data: Any) -> bool:
    try:
        json.dumps(data, allow_nan=False).encode()
    except ValueError:
        return False
    return True


@often
@given(mutated_data())
def test_changed_values_give_diagnostics(mutation):
    path, data = mutation

    check({path: data})


# Mutations of text

PIECES = st.one_of(
    WORDS, ODD, SQL, st.sampled_from(["\t", "\r", "\r\n", ": ", "- ", "\n  ", "? ", "<<: *a"])
)


@st.composite
def mutated_text(draw) -> tuple[str, bytes]:
    """A file of the pack with lines and characters moved, cut, doubled or put in."""
    path = draw(st.sampled_from(list(FILES)))
    text = FILES[path].decode()
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(
            st.sampled_from(["cut", "double", "swap", "indent", "put", "end", "splice", "case"])
        )
        piece = draw(PIECES)
        column = draw(st.integers(0, len(lines[at])))
        if kind == "cut":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "indent":
            lines[at] = draw(st.sampled_from(["", " ", "  ", "      ", "\t"])) + lines[at].lstrip()
        elif kind == "put":
            lines[at] = lines[at][:column] + piece + lines[at][column:]
        elif kind == "end":
            lines = [*lines[:at], lines[at][:column]]
        elif kind == "splice":
            lines[at:at] = FILES[draw(st.sampled_from(list(FILES)))].decode().split("\n")[at:]
        else:
            lines[at] = lines[at].swapcase()
        text = "\n".join(lines) or "\n"
    encoding = draw(
        st.sampled_from(["utf-8"] * 9 + ["utf-8-sig", "utf-16", "latin-1", "crlf", "cr"])
    )
    if encoding in ("crlf", "cr"):
        return path, text.replace("\n", {"crlf": "\r\n", "cr": "\r"}[encoding]).encode()
    return path, text.encode(encoding, "replace")


@often
@given(mutated_text())
def test_changed_text_gives_diagnostics(mutation):
    path, data = mutation

    check({path: data})


@settings(often, max_examples=max(1, FUZZ // 20))
@given(st.one_of(mutated_data(), mutated_text()), st.one_of(mutated_data(), mutated_text()))
def test_two_changed_files_give_diagnostics(first, second):
    check(dict([first, second]))


NAMES = st.sampled_from(
    ["metrics", "tables", "revenue", "mrr", "MRR", "orders", "..", ".git", "-rf"]
)
PARTS = st.one_of(NAMES, NAMES, ODD, st.text(min_size=1)).map(
    lambda part: part.replace("/", "-") or "x"
)


@settings(often, max_examples=max(1, FUZZ // 20))
@given(
    st.lists(PARTS, min_size=0, max_size=3),
    st.sampled_from(["metrics/", "tables/", "metrics/revenue/", ""]),
    st.sampled_from([".yml", ".yaml", ".YML", "", ".yml.yml"]),
    st.sampled_from(list(FILES)),
)
def test_files_anywhere_give_diagnostics(parts, folder, ending, path):
    name = f"{folder}{'/'.join(parts) or 'x'}{ending}"

    check({name: FILES[path]})
