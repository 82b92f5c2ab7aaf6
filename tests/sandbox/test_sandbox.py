"""What a sandbox gives back, what it refuses, and that it comes back."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from threading import Thread
from uuid import UUID

import duckdb
import pytest

from agnes.errors import SandboxError, UsageError
from agnes.sandbox import Column, EmptyTable, Limits, ParquetTable, Sandbox, process

ORDERS = EmptyTable(
    "orders",
    {"id": "INTEGER", "month": "DATE", "amount": "DECIMAL(10,2)", "größe": "INT", "k": None},
)


@pytest.fixture(scope="module")
def sandbox(data):
    with Sandbox([ORDERS, ParquetTable("facts", [data.orders])], Limits(seconds=5)) as opened:
        yield opened


@pytest.fixture
def tight():
    with Sandbox(limits=Limits(seconds=0.5, memory_mb=256)) as opened:
        opened.query("SELECT 1")
        yield opened


def error_of(sandbox: Sandbox, sql: str, way: str = "query") -> SandboxError:
    with pytest.raises(SandboxError) as raised:
        getattr(sandbox, way)(sql)
    return raised.value


def child_of(sandbox: Sandbox) -> int:
    assert sandbox._child is not None
    return sandbox._child._process.pid


# Binding


def test_describe_gives_the_names_and_types_of_the_columns(sandbox):
    assert sandbox.describe("SELECT month, sum(amount) AS total FROM orders GROUP BY ALL") == [
        Column("month", "DATE"),
        Column("total", "DECIMAL(38,2)"),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1;",
        " ;;SELECT 1 ; ; \n",
        "SELECT 1 -- and a comment",
        "SELECT 1 /* ; */",
        "(SELECT 1)",
        "VALUES (1)",
        "FROM orders",
        "TABLE orders",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x WHERE a < 3) FROM x",
        "SELECT 1 AS a, 2 AS a",
        "SELECT id, amount FROM orders ORDER BY amount DESC LIMIT 3",
        "SELECT * FROM (PIVOT orders ON id IN (1, 2) USING sum(amount))",
        "SELECT unnest([1, 2]), * FROM range(3), generate_series(1, 2)",
        "WITH columns AS (SELECT 1), tables AS (SELECT 2) SELECT * FROM columns, tables",
        "SELECT version() AS query, 'current_setting' AS platform, repeat('x', 3) AS pragma",
        "SELECT 'SHOW TABLES; DROP TABLE orders' AS \"update\" -- FROM read_csv('x')",
        "SELECT 'a' GLOB 'b', histogram(id) FROM orders",
        "SELECT now(), random(), uuid(), current_date",
    ],
)
def test_what_a_metric_may_contain_can_be_bound_and_run(sandbox, sql):
    assert sandbox.describe(sql.lstrip(" ;")) == list(sandbox.query(sql.lstrip(" ;")).columns)


@pytest.mark.parametrize(
    "expression",
    [
        "k + 1", "k * 1.5", "k / id", "month - k", "upper(k)", "k || 'x'", "k::DATE", "k > 5",
        "k = 'x'", "k = month", "k BETWEEN month AND now()", "k IN (1, 2)", "k IN ('a')",
        "coalesce(k, 'x')",
        "CASE WHEN k THEN id END", "date_diff('day', k, month)", "strftime(k, '%Y')", "NOT k",
        "sum(k)", "avg(k) / count(DISTINCT k)", "median(k)", "round(sum(k) * 100.0 / sum(id), 2)",
        "sum(k) FILTER (k IS NOT NULL)", "string_agg(k, ',')", "list(k)", "count_if(k)",
        "sum(k) OVER (ORDER BY k)", "k.x", "k[1]", "k->>'x'", "unnest(k)",
    ],
)  # fmt: skip
def test_a_column_of_unknown_type_fits_nearly_everywhere(sandbox, expression):
    assert len(sandbox.describe(f"SELECT {expression} FROM orders")) == 1


def test_where_a_column_of_unknown_type_does_not_fit_duckdb_says_that_it_cannot_choose(sandbox):
    error = error_of(sandbox, "SELECT date_trunc('month', k) FROM orders", "describe")
    assert error.message.startswith("Could not choose a best candidate function")
    assert (error.position, error.length) == (7, 22)


@pytest.mark.parametrize("way", ["describe", "query"])
@pytest.mark.parametrize(
    ("sql", "subtype", "wrong", "candidates"),
    [
        ("SELECT 'é€😀', amuont FROM orders", "COLUMN_NOT_FOUND", "amuont", ("amount", "month")),
        ("SELECT 'é€😀', grösse FROM orders", "COLUMN_NOT_FOUND", "grösse", ("größe",)),
        ("SELECT *\nFROM oders", "MISSING_ENTRY", "oders", ("orders",)),
        ("SELECT 'é', sums(id) FROM orders", "MISSING_ENTRY", "sums(id)", ("sum",)),
        ("SELECT 'é' FORM orders x", "SYNTAX_ERROR", "orders", ()),
        (
            "SELECT sum(month) FROM orders",
            "NO_MATCHING_FUNCTION",
            "sum(month)",
            ("sum(arg DECIMAL) -> DECIMAL",),
        ),
        ("SELECT 'é', current_setting('é')", None, "current_setting('é')", ()),
        ("SELECT 'é' FROM duckdb_settings()", None, "duckdb_settings()", ()),
    ],
)
def test_an_error_says_where_it_is_and_what_was_meant(
    sandbox, way, sql, subtype, wrong, candidates
):
    error = error_of(sandbox, sql, way)
    assert error.position is not None
    assert error.length is not None
    assert sql[error.position : error.position + error.length] == wrong
    assert error.subtype == subtype
    assert error.candidates[: len(candidates)] == candidates
    assert "{" not in error.message
    assert "Candidate functions" not in error.message


def test_a_place_behind_the_end_is_the_end(sandbox):
    sql = "SELECT 'é"
    assert 0 <= (error_of(sandbox, sql).position or 0) <= len(sql)


def test_binding_does_not_run_the_query(tight):
    assert tight.describe("SELECT count(*) FROM range(100_000_000_000) a, range(9) b") == [
        Column("count_star()", "BIGINT")
    ]


# Running


def test_values_come_back_as_the_types_of_python(sandbox):
    sql = """SELECT true, 1::TINYINT, 1::HUGEINT << 100, 1.5::DOUBLE, 'NaN'::DOUBLE <> 0, 1.50,
        'é' || chr(10), NULL, DATE '2026-01-31', TIMESTAMP '2026-01-31 12:00:00.5',
        TIMESTAMPTZ '2026-07-31 12:00:00+02', TIME '12:30:00', INTERVAL 36 HOUR,
        '6ec57f84-c680-4d3a-b778-000000000001'::UUID, '\\x00\\xFF'::BLOB, [1, NULL],
        {'a': DATE '2026-01-31', 'date': [{'b': 1}]}, MAP {DATE '2026-01-31': 2.5},
        [TIMESTAMPTZ '2026-01-01 00:00:00+00'], '{"a": 1}'::JSON, 'x'::ENUM ('x')"""
    assert sandbox.query(sql).rows == (
        (
            True,
            1,
            1 << 100,
            1.5,
            True,
            Decimal("1.50"),
            "é\n",
            None,
            date(2026, 1, 31),
            datetime(2026, 1, 31, 12, 0, 0, 500_000),  # noqa: DTZ001
            datetime(2026, 7, 31, 10, tzinfo=UTC),
            clock(12, 30),
            timedelta(hours=36),
            UUID("6ec57f84-c680-4d3a-b778-000000000001"),
            b"\x00\xff",
            [1, None],
            {"a": date(2026, 1, 31), "date": [{"b": 1}]},
            {date(2026, 1, 31): Decimal("2.5")},
            [datetime(2026, 1, 1, tzinfo=UTC)],
            '{"a": 1}',
            "x",
        ),
    )


def test_what_python_has_no_value_for_is_text(sandbox):
    assert sandbox.query("SELECT DATE '99999-01-01', '1' || repeat('0', 30)").rows == (
        ("99999-01-01", "1" + "0" * 30),
    )


def test_the_rows_keep_the_order_of_the_query(sandbox):
    rows = sandbox.query("SELECT id FROM facts ORDER BY hash(id)").rows
    assert rows != tuple(sorted(rows))
    assert sandbox.query("SELECT id FROM facts ORDER BY hash(id)", limit=7).rows == rows[:7]


@pytest.mark.parametrize(
    ("limit", "count", "truncated"),
    [(None, 100, False), (0, 0, True), (1, 1, True), (99, 99, True), (100, 100, False)],
)
def test_a_limit_leaves_rows_out_and_says_so(sandbox, limit, count, truncated):
    result = sandbox.query("FROM facts", limit)
    assert (len(result.rows), result.truncated) == (count, truncated)
    assert [column.name for column in result.columns] == ["id", "day", "name", "amount"]


def test_a_limit_below_zero_makes_no_sense(sandbox):
    with pytest.raises(UsageError):
        sandbox.query("SELECT 1", -1)


def test_a_caller_cannot_lift_the_limit_of_the_sandbox():
    with Sandbox(limits=Limits(rows=3)) as sandbox:
        assert len(sandbox.query("FROM range(9)", 5).rows) == 3


def test_a_hundred_million_rows_are_truncated(sandbox):
    result = sandbox.query("FROM range(100_000_000)")
    assert len(result.rows) == 10_000
    assert result.truncated


def test_wide_rows_are_truncated_by_their_bytes(sandbox):
    result = sandbox.query("SELECT repeat('x', 5_000_000) FROM range(30)")
    assert len(result.rows) == 6
    assert result.truncated


def test_results_do_not_depend_on_the_time_zone_of_the_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with Sandbox() as sandbox:
        rows = sandbox.query("SELECT TIMESTAMPTZ '2026-01-01 00:00:00'::VARCHAR").rows
    assert rows == (("2026-01-01 00:00:00+00",),)


# Tables


def test_several_files_are_one_table_and_their_names_may_be_anything(data, tmp_path):
    files = [tmp_path / name for name in ('it\'s [1] "a" *.parquet', "größe=3 .parquet")]
    for file in files:
        shutil.copy(data.orders, file)
    with Sandbox([ParquetTable('my "orders"', files)]) as sandbox:
        assert sandbox.query('SELECT count(*) FROM "my ""orders"""').rows == ((200,),)
        assert len(sandbox.describe('FROM "my ""orders"""')) == 4


def test_a_table_that_cannot_be_set_up_is_an_error_of_those_who_use_it(tmp_path):
    (tmp_path / "text.parquet").write_text("no parquet")
    tables = [
        EmptyTable("wrong", {"a": "INTEGER", "b": "NOTYPE"}),
        EmptyTable("sly", {"a": "INTEGER); DROP TABLE fine; CREATE TABLE x (a INTEGER"}),
        ParquetTable("Missing", [tmp_path / "missing.parquet"]),
        ParquetTable("text", [tmp_path / "text.parquet"]),
        EmptyTable("fine", {"a": "INTEGER"}),
    ]
    with Sandbox(tables) as sandbox:
        assert sandbox.describe("FROM fine") == [Column("a", "INTEGER")]
        assert "NOTYPE" in error_of(sandbox, "FROM wrong").message
        assert "table sly" in error_of(sandbox, "FROM sly").message
        for name in ("missing", "text"):
            error = error_of(sandbox, f"FROM {name}")
            assert f"{name}.parquet" in error.message
            assert str(tmp_path) not in error.message


def test_a_replaced_file_is_read_by_the_next_query(data, tmp_path):
    file, other = tmp_path / "x.parquet", tmp_path / "other.parquet"
    shutil.copy(data.orders, file)
    with Sandbox([ParquetTable("x", [file])]) as sandbox:
        assert sandbox.query("SELECT count(*) FROM x").rows == ((100,),)
        duckdb.sql(f"COPY (SELECT 1 AS a) TO '{other}'")
        other.replace(file)
        assert sandbox.query("FROM x").rows == ((1,),)


# Limits


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))",
        "SELECT sum(length(lpad('x', 500000 + i::INT, 'ab'))) FROM range(100000) t(i)",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1",
        "WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT max(i) FROM x",
    ],
)
def test_a_query_that_takes_too_long_is_killed_in_time(tight, sql):
    started = time.monotonic()
    assert error_of(tight, sql).kind == "timeout"
    assert time.monotonic() - started < 10
    assert tight.query("SELECT 1").rows == ((1,),)


def test_a_statement_of_many_branches_is_killed_while_it_is_bound(tight):
    with Sandbox(limits=Limits(seconds=0.5, memory_mb=256, sql_bytes=1 << 20)) as sandbox:
        sql = " UNION ALL ".join(["SELECT 1"] * 20_000)
        assert error_of(sandbox, sql, "describe").kind in {"timeout", "memory"}
        assert sandbox.describe("SELECT 1")


def test_what_takes_too_much_memory_fails_and_the_next_statement_runs(tight):
    sql = "SELECT length(repeat('x', 4_000_000_000))"
    assert tight.describe(sql)
    assert error_of(tight, sql).kind == "memory"
    assert tight.query("SELECT 1").rows == ((1,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 1_000_000_000)",
        "SELECT repeat('x', 35_000_000)",
        "SELECT format('{:>2000000000}', 'x')",
        "SELECT list(i) FROM range(1_000_000_000) t(i)",
        "SELECT count(*) FROM (SELECT DISTINCT i FROM range(1_000_000_000) t(i))",
    ],
)
def test_a_value_or_a_table_that_does_not_fit_is_an_error_of_memory(sql):
    with Sandbox(limits=Limits(memory_mb=256)) as sandbox:
        assert error_of(sandbox, sql).kind == "memory"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "[" * 30_000 + "]" * 30_000,
        "SELECT " + "NOT " * 15_000 + "true",
        "SELECT " + "CASE WHEN true THEN " * 2_000 + "1" + " END" * 2_000,
        "SELECT * FROM " + "(SELECT * FROM " * 3_000 + "orders" + ")" * 3_000,
        "SELECT version()" + "+ 1" * 20_000,
        "SELECT " + "[" * 900 + "version()" + "]" * 900,
    ],
    ids=lambda sql: sql[7:30],
)
def test_deep_nesting_is_an_error_and_the_next_statement_runs(tight, sql):
    assert error_of(tight, sql).message
    assert tight.query("SELECT 1").rows == ((1,),)


def test_sql_that_is_too_long_is_refused():
    with Sandbox(limits=Limits(sql_bytes=22)) as sandbox:
        assert sandbox.query("SELECT 'é' --12345678").rows == (("é",),)
        assert error_of(sandbox, "SELECT 'é' --123456789").kind == "refused"


@pytest.mark.parametrize("sql", ["", "  \n", ";", "-- only a comment", "/* x */"])
def test_nothing_to_run_is_refused(sandbox, sql):
    assert error_of(sandbox, sql).message == "there is no statement"


def test_text_that_is_not_unicode_is_refused(sandbox):
    error = error_of(sandbox, "SELECT '\ud800'")
    assert (error.kind, error.position) == ("refused", 8)


# The child


def test_the_child_has_no_environment_no_files_and_one_thread(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    with Sandbox() as own:
        own.query("SELECT 1")
        proc = Path(f"/proc/{child_of(own)}")
        assert (proc / "environ").read_bytes() == b""
        assert (proc / "cwd").readlink() == Path("/")
        assert len(list((proc / "task").iterdir())) == 1, "Landlock would not hold for the others"
        opened = {str(file.readlink()).split(":")[0] for file in (proc / "fd").iterdir()}
        assert opened == {"/dev/null", "socket"}


def test_a_child_that_was_killed_between_two_statements_is_replaced(sandbox):
    first = child_of(sandbox)
    os.kill(first, signal.SIGKILL)
    time.sleep(0.1)
    assert sandbox.query("SELECT count(*) FROM facts").rows == ((100,),)
    assert child_of(sandbox) != first


def test_a_child_that_dies_while_it_runs_is_a_crash_and_is_replaced(sandbox):
    sandbox.query("SELECT 1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sandbox.query, "SELECT count(*) FROM range(1_000_000_000_000)")
        time.sleep(0.2)
        os.kill(child_of(sandbox), signal.SIGSEGV)
        with pytest.raises(SandboxError) as raised:
            running.result()
    assert raised.value.kind == "crashed"
    assert sandbox.query("SELECT count(*) FROM facts").rows == ((100,),)


@pytest.mark.parametrize(
    "says",
    [
        r"b'\xff' * 100",
        r"b'\0\0\0\2{'",
        r"b'\0\0\0\2{}' + b'\0\0\0\2{{'",
        r"b'\0\0\0\2{}' + b'\0\0\0\1['",
        r"b'\0\0\0\2{}' * 2",
        r"b'\0\0\0\2{}' + b'\0\0\0\1' + b'1'",
        r"b'\0\0\0\2{}' + b'\0\0\0\x0c' + b'{\"kind\": \"x\"}'[:12]",
    ],
)
def test_a_child_that_talks_nonsense_has_crashed(monkeypatch, says):
    monkeypatch.setattr(process, "_BOOT", f"import os; os.write(0, {says}); os.read(0, 1 << 20)")
    with Sandbox() as sandbox:
        assert error_of(sandbox, "SELECT 1").kind == "crashed"


def test_a_closed_sandbox_has_no_child_and_opens_again(data):
    sandbox = Sandbox([ParquetTable("facts", [data.orders])])
    sandbox.start()
    child = child_of(sandbox)
    sandbox.close()
    sandbox.close()
    assert not Path(f"/proc/{child}").exists()
    assert sandbox.query("SELECT count(*) FROM facts").rows == ((100,),)
    sandbox.close()


def test_sandboxes_in_several_threads_do_not_disturb_each_other():
    def run(number: int) -> list[tuple[tuple[int, ...], ...]]:
        with Sandbox() as sandbox:
            return [sandbox.query(f"SELECT {number}, {i}").rows for i in range(20)]

    with ThreadPoolExecutor(4) as pool:
        for number, rows in enumerate(pool.map(run, range(8))):
            assert rows == [((number, i),) for i in range(20)]


def test_a_sandbox_may_outlive_the_thread_that_opened_it():
    opened: list[Sandbox] = []
    thread = Thread(target=lambda: opened.append(Sandbox()))
    thread.start()
    thread.join()
    with opened[0] as sandbox:
        assert sandbox.query("SELECT 1").rows == ((1,),)


def test_a_killed_parent_leaves_no_child_behind():
    code = (
        "from agnes.sandbox import Sandbox; sandbox = Sandbox(); sandbox.query('SELECT 1');"
        "print(sandbox._child._process.pid, flush=True);"
        "sandbox.query('SELECT count(*) FROM range(1_000_000_000_000)')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _runs(child)
        parent.kill()
    deadline = time.monotonic() + 5
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def test_a_parameter_is_bound_and_never_part_of_the_text():
    with Sandbox([EmptyTable("t", {"d": "DATE"})]) as sandbox:
        text = "'; DROP TABLE t; --"
        found = sandbox.query(
            "SELECT $a AS a, $b AS b", parameters={"a": text, "b": date(2025, 1, 9)}
        )
        assert found.rows == ((text, date(2025, 1, 9)),)
        assert [column.type for column in found.columns] == ["VARCHAR", "DATE"]
        with pytest.raises(SandboxError, match="not provided"):
            sandbox.query("SELECT $a")


@pytest.mark.parametrize(
    ("limit", "most"),
    [(resource.RLIMIT_CPU, 60), (resource.RLIMIT_AS, 8 << 30), (resource.RLIMIT_NOFILE, 256)],
)
def test_a_process_that_is_limited_already_runs_queries(limit, most):
    code = (
        "import resource, sys; resource.setrlimit(int(sys.argv[1]), (int(sys.argv[2]),) * 2)\n"
        "from agnes.sandbox import Limits, Sandbox\n"
        "with Sandbox(limits=Limits(seconds=300, memory_mb=16384)) as sandbox:\n"
        "    print(sandbox.query('SELECT 42').rows)"
    )
    command = [sys.executable, "-c", code, str(limit), str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("((42,),)\n", "")
