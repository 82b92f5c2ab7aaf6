"""The gate and the sandbox agree: two parsers, two lists, one verdict.

The gate decides on sqlglot's tree, the sandbox on DuckDB's own. What only one of them refuses is
either a query that nobody can use, or a hole in the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest

from agnes.errors import SandboxError, YamlError
from agnes.lint.binding import TYPES
from agnes.model.scalar import core
from agnes.sandbox import EmptyTable, Limits, ParquetTable, Sandbox
from agnes.sql.gate import read_query
from agnes.sql.names import is_file_name
from agnes.sql.problem import RefusedSqlError
from agnes.yaml.loader import load
from tests.corpus import HERE, filed
from tests.sandbox.conftest import CANARY
from tests.sandbox.test_attacks import READS, WRITES

LIMITS = Limits(seconds=5, memory_mb=512, rows=100)

# What the gate refuses and the sandbox runs, since it can do no harm.
HARMLESS = {
    "sql_literal_name": "a text in the place of a table: the sandbox knows only one such table",
}


def queries() -> Iterator[tuple[str, str, str]]:
    """Verdict, name and SQL of every metric of the corpus that can be read as YAML."""
    for case in filed():
        if case.path.startswith("metrics/sales/"):
            try:
                content = core(load(case.make()))
            except YamlError:
                continue
            for key, sql in content.items() if isinstance(content, dict) else ():
                if str(key).startswith("sql") and isinstance(sql, str) and sql.strip():
                    unbound = "AG501" in case.codes and not case.name.startswith("expression_")
                    verdict = "unbound" if unbound else case.verdict
                    yield verdict, f"{case.name}-{key}" if key != "sql" else case.name, sql


@cache
def tables() -> dict[str, dict[str, str | None]]:
    """The columns of the corpus's tables, in DuckDB's types."""
    found = {}
    for file in sorted((HERE / "base" / "tables").iterdir()):
        table = core(load(file.read_bytes()))
        found[table["id"]] = {
            name: TYPES[column["basetype"]] for name, column in table["columns"].items()
        }
    return found


def refusal(sql: str) -> set[str]:
    """The kinds of the gate's reasons; none for what it lets through."""
    try:
        read = read_query(sql, file_names=True).reads
    except RefusedSqlError as refused:
        return {problem.kind for problem in refused.problems}
    files = [table for table in read if is_file_name(table.name) and table.name not in tables()]
    return {"access"} if files else set()


QUERIES = list(queries())
ATTACKS = [line for line in (READS + WRITES).strip().split("\n") if line]


@pytest.fixture(scope="module")
def empty() -> Iterator[Sandbox]:
    """Tables of columns alone."""
    shapes = tables()
    shapes["company"] = shapes["in.c-crm.company"]
    made = [EmptyTable(name, columns) for name, columns in shapes.items()]
    with Sandbox(made, LIMITS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder with the tables, and a file that nobody may read."""
    folder = tmp_path_factory.mktemp("agreement")
    with duckdb.connect() as connection:
        for name, columns in tables().items():
            listed = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
            connection.execute(f"COPY (SELECT {listed}) TO '{folder}/{name}.parquet'")
        connection.execute(f"COPY (SELECT '{CANARY}' AS x) TO '{folder}/secret.parquet'")
    for name in ("secret.csv", "secret.txt", "secret.json"):
        (folder / name).write_text(f'{{"x": "{CANARY}"}}\n')
    return folder


@pytest.fixture(scope="module")
def full(files) -> Iterator[Sandbox]:
    """Tables with a row each."""
    made = [ParquetTable(name, [files / f"{name}.parquet"]) for name in tables()]
    with Sandbox(made, LIMITS) as sandbox:
        yield sandbox


def outcome(sandbox: Sandbox, sql: str) -> tuple[str, str]:
    try:
        return "done", str(sandbox.query(sql))
    except SandboxError as error:
        return error.kind, str(error)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


REFUSED = [(name, sql) for _, name, sql in QUERIES if refusal(sql) & {"statement", "access"}]


@pytest.mark.parametrize(("name", "sql"), REFUSED, ids=[name for name, _ in REFUSED])
def test_what_the_gate_refuses_the_sandbox_refuses(name, sql, full, files):
    before = contents(files)

    kind, said = outcome(full, sql)

    assert kind in (("done",) if name in HARMLESS else ("refused", "failed")), said
    assert CANARY not in said
    assert contents(files) == before
    assert full.query("SELECT COUNT(*) FROM orders").rows == ((1,),)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_attacks_the_sandbox_the_gate_refuses(attack, files):
    sql = attack.replace("\\n", "\n").format(d=files)

    assert refusal(sql) & {"statement", "access", "syntax"}


ACCEPTED = [
    pytest.param(sql, id=name)
    for verdict, name, sql in QUERIES
    if verdict in ("accepted", "warned")
]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_the_gate_accepts_the_sandbox_describes(sql, empty):
    assert refusal(sql) == set()

    assert empty.describe(sql)


BROKEN = [(name, sql) for _, name, sql in QUERIES if refusal(sql) == {"syntax"}]


@pytest.mark.parametrize(("name", "sql"), BROKEN, ids=[name for name, _ in BROKEN])
def test_what_is_no_sql_for_the_gate_is_none_for_the_engine(name, sql, empty):
    with pytest.raises(SandboxError) as caught:
        empty.describe(sql)

    assert caught.value.kind in ("refused", "failed")


UNBOUND = [(name, sql) for verdict, name, sql in QUERIES if verdict == "unbound"]


@pytest.mark.parametrize(("name", "sql"), UNBOUND, ids=[name for name, _ in UNBOUND])
def test_what_does_not_bind_is_left_to_the_engine(name, sql, empty):
    assert refusal(sql) == set()

    with pytest.raises(SandboxError):
        empty.describe(sql)
