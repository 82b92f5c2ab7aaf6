from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agnes.errors import AgnesError, InvalidError, NotFoundError
from agnes.load.pack import (
    Pack,
    metric_from_fields,
    read_pack,
    table_from_fields,
    with_columns,
)
from agnes.model.layout import survey
from agnes.model.metric import Metric
from agnes.model.table import Column, Table
from agnes.yaml.dump import dump
from agnes.yaml.loader import load
from tests.conftest import metric_yaml


@pytest.fixture
def write(tmp_path):
    def write(files: dict[str, str | bytes]) -> Path:
        for path, content in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def refusal(path: Path) -> InvalidError:
    with pytest.raises(InvalidError) as caught:
        read_pack(path)
    return caught.value


def metric(name: str, category: str | None = None, sql: str = "SELECT 1") -> dict[str, str]:
    fields = {"name": name, "grain": "daily", "sql": sql}
    return fields | ({"category": category} if category else {})


def listed(*metrics: dict[str, str]) -> str:
    return json.dumps(metrics)


def test_one_file_with_one_metric(write):
    root = write({"x.yml": dump(metric("mrr", "revenue"))})

    pack = read_pack(root / "x.yml")

    assert list(pack.metrics) == ["revenue/mrr"]
    assert (pack.tables, pack.index, pack.diagnostics) == ({}, None, [])


def test_one_file_with_several_metrics(write):
    root = write({"x.yml": listed(metric("mrr", "revenue"), metric("dau", "usage"))})

    assert list(read_pack(root / "x.yml").metrics) == ["revenue/mrr", "usage/dau"]


def test_a_plain_folder(write):
    root = write(
        {
            "revenue/mrr.yml": dump(metric("mrr")),
            "usage/anything.yaml": listed(metric("dau"), metric("wau")),
            "usage/README.md": "not read",
        }
    )

    assert sorted(read_pack(root).metrics) == ["revenue/mrr", "usage/dau", "usage/wau"]


def test_a_whole_catalog(write):
    root = write(
        {
            "agnes.yml": "name: Acme\n",
            "metrics/metrics.yml": "categories: [{name: Revenue, folder: revenue, metrics: [x]}]\n",
            "metrics/revenue/mrr.yml": metric_yaml("mrr"),
            "tables/orders.yml": "id: orders\ncolumns: {amount: {basetype: NUMERIC}}\n",
        }
    )

    pack = read_pack(root)

    assert list(pack.metrics) == ["revenue/mrr"]
    assert pack.tables["orders"].columns == {"amount": Column(basetype="NUMERIC")}
    assert pack.index.categories[0].name == "Revenue"
    assert pack.diagnostics == []


def test_an_older_pack_with_lists_of_one(write):
    root = write(
        {
            "metrics.yml": 'version: "2.0"\ncategories:\n- name: revenue\n  metrics: [mrr.yml]\n',
            "revenue/mrr.yml": "- name: mrr\n  category: revenue\n  table: orders\n  sql: x\n",
        }
    )

    pack = read_pack(root)

    assert pack.metrics["revenue/mrr"].table_name == "orders"
    assert [found.code for found in pack.diagnostics] == ["AG209"]


def test_one_bad_file_among_a_hundred_refuses_them_all(write):
    files = {f"revenue/m{n}.yml": dump(metric(f"m{n}")) for n in range(100)}
    root = write({**files, "revenue/m50.yml": "name: m50\nunti: USD\nsynonyms: x\n"})

    error = refusal(root)

    assert "nothing was imported" in error.message
    errors = [found for found in error.diagnostics if found.severity == "error"]
    assert {Path(found.path).name for found in errors} == {"m50.yml"}
    assert [(found.line, found.code) for found in errors] == [
        *((1, "AG201"), (2, "AG202"), (3, "AG203")),
    ]
    assert "3 error" in error.message


def test_the_findings_of_all_bad_files_are_listed(write):
    root = write(
        {
            "metrics/revenue/mrr.yml": "name: [",
            "metrics/revenue/list.yml": listed(metric("A"), metric("b"), {"name": "c"}),
            "metrics/deep/er/x.yml": dump(metric("x")),
            "tables/orders.yml": "id: order\n",
            "agnes.yml": "nmae: x\n",
        }
    )

    found = refusal(root).diagnostics

    assert list(found) == sorted(found)
    assert {(finding.path, finding.code) for finding in found if finding.severity == "error"} == {
        ("agnes.yml", "AG202"),
        ("metrics/deep/er/x.yml", "AG207"),
        ("metrics/revenue/list.yml", "AG201"),
        ("metrics/revenue/list.yml", "AG203"),
        ("metrics/revenue/mrr.yml", "AG101"),
        ("tables/orders.yml", "AG204"),
    }


def test_a_finding_in_a_plain_folder_names_a_file_that_is_there(write):
    root = write({"revenue/mrr.yml": "name: ["})

    [finding] = refusal(root).diagnostics

    assert (root / finding.path).exists()


@pytest.mark.parametrize(
    "files",
    [
        {"revenue/a.yml": dump(metric("mrr")), "revenue/b.yml": dump(metric("mrr"))},
        {"revenue/mrr.yml": dump(metric("mrr")), "revenue/mrr.yaml": dump(metric("mrr"))},
        {"revenue/x.yml": listed(metric("mrr"), metric("arr"), metric("mrr"))},
        {"a/x.yml": dump(metric("mrr", "revenue")), "revenue/mrr.yml": dump(metric("mrr"))},
    ],
    ids=["two names", "two endings", "one list", "two folders"],
)
def test_an_id_that_is_there_twice_is_refused(write, files):
    [finding] = refusal(write(files)).diagnostics

    assert (finding.code, finding.severity) == ("AG206", "error")
    assert "revenue/mrr is there twice" in finding.message
    assert finding.hint


def test_ids_of_tables_that_differ_in_case_only_are_refused(write):
    root = write({"tables/Orders.yml": "id: Orders\n", "tables/orders.yml": "id: orders\n"})

    assert [finding.code for finding in refusal(root).diagnostics] == ["AG206"]


@pytest.mark.parametrize("prefix", ["", "metrics/"])
def test_a_link_is_reported_and_not_left_out_in_silence(write, prefix):
    root = write({f"{prefix}revenue/mrr.yml": dump(metric("mrr")), "real": dump(metric("arr"))})
    (root / prefix / "revenue/arr.yml").symlink_to(root / "real")

    [finding] = refusal(root).diagnostics

    assert (finding.code, Path(finding.path).name) == ("AG207", "arr.yml")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "- a\n", "text", "a: {", b"\xff\xfe", b"\x89PNG\r\n", "a: 1\n---\nb: 2\n", "{}"],
)
def test_a_file_that_holds_no_metric_is_refused_with_its_name(write, content):
    root = write({"x.yml": content})

    error = refusal(root / "x.yml")

    assert "x.yml" in error.message
    assert {finding.path for finding in error.diagnostics} == {"x.yml"}


def test_a_file_without_a_category_is_refused(write):
    root = write({"mrr.yml": dump(metric("mrr"))})

    [finding] = refusal(root / "mrr.yml").diagnostics

    assert (finding.code, finding.message) == ("AG201", "`category` is missing")


def test_a_file_that_is_too_large_is_refused(write):
    root = write({"x.yml": b"#" * (1 << 21)})

    assert [finding.code for finding in refusal(root / "x.yml").diagnostics] == ["AG102"]


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match=r"missing\.yml"):
        read_pack(tmp_path / "missing.yml")


@pytest.mark.parametrize("files", [{}, {"README.md": "x"}, {"agnes.yml": "name: x\n"}])
def test_a_folder_without_metrics_is_an_error_that_says_where_they_are(write, files):
    with pytest.raises(NotFoundError, match="holds no metric") as caught:
        read_pack(write(files))

    assert caught.value.hint == "metrics are looked for in <category>/<name>.yml"


def test_warnings_refuse_nothing(write):
    root = write({"revenue/mrr.yml": "name: mrr\nsql: SELECT 1\n"})

    pack = read_pack(root)

    assert [found.severity for found in pack.diagnostics] == ["warning"]


# An older instance's database

TABLES = """
CREATE TABLE schema_version (version INTEGER);
CREATE TABLE metric_definitions (
  id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, display_name VARCHAR NOT NULL,
  category VARCHAR NOT NULL, description TEXT, type VARCHAR DEFAULT 'sum', unit VARCHAR,
  grain VARCHAR DEFAULT 'monthly', table_name VARCHAR, tables VARCHAR[], expression VARCHAR,
  time_column VARCHAR, dimensions VARCHAR[], filters VARCHAR[], synonyms VARCHAR[],
  notes VARCHAR[], sql TEXT NOT NULL, sql_variants JSON, validation JSON,
  source VARCHAR DEFAULT 'manual', created_at TIMESTAMP DEFAULT now(),
  updated_at TIMESTAMP DEFAULT now()
);
CREATE TABLE column_metadata (
  table_id VARCHAR NOT NULL, column_name VARCHAR NOT NULL, basetype VARCHAR, description VARCHAR,
  confidence VARCHAR DEFAULT 'manual', source VARCHAR DEFAULT 'manual',
  updated_at TIMESTAMP DEFAULT now(), PRIMARY KEY (table_id, column_name)
);
CREATE TABLE table_registry (
  id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, source_type VARCHAR, bucket VARCHAR,
  source_table VARCHAR, sync_strategy VARCHAR DEFAULT 'full_refresh',
  query_mode VARCHAR DEFAULT 'local', sync_schedule VARCHAR,
  profile_after_sync BOOLEAN DEFAULT true, primary_key VARCHAR, folder VARCHAR,
  description TEXT, registered_by VARCHAR, is_public BOOLEAN DEFAULT true,
  registered_at TIMESTAMP DEFAULT now()
);
"""


@pytest.fixture
def database(tmp_path):
    """Makes a system.duckdb of version 4 with rows, then runs `statements`."""

    def database(
        *statements: str,
        metrics: list[dict] = [],  # noqa: B006
        columns: list[dict] = [],  # noqa: B006
        tables: list[dict] = [],  # noqa: B006
        version: object = 4,
    ) -> Path:
        path = tmp_path / "system.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(TABLES)
            connection.execute("INSERT INTO schema_version VALUES (?)", [version])
            for statement in statements:
                connection.execute(statement)
            for table, rows in (
                *(("metric_definitions", metrics), ("column_metadata", columns)),
                ("table_registry", tables),
            ):
                for row in rows:
                    names, marks = ", ".join(row), ", ".join("?" * len(row))
                    connection.execute(
                        f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())
                    )
        return path

    return database


MRR = {
    "id": "revenue/mrr",
    "name": "mrr",
    "display_name": "MRR",
    "category": "revenue",
    "sql": "SELECT 1",
}


def test_a_database_of_version_4_is_read_with_nothing_lost(database):
    path = database(
        metrics=[
            MRR
            | {
                "description": "Recurring: what\ncustomers pay",
                "type": "ratio",
                "unit": "no",
                "grain": "daily",
                "table_name": "subscriptions",
                "tables": ["orders", "in.c-crm.company"],
                "expression": "SUM(x) / 2",
                "time_column": "day",
                "dimensions": ["plan"],
                "filters": ["status = 'paid'"],
                "synonyms": ["1.10", "recurring: revenue"],
                "notes": ["never sum it"],
                "sql": "SELECT 1\nFROM x\n",
                "sql_variants": '{"by_plan": "SELECT 2", "by_country": "SELECT 3"}',
                "validation": '{"method": "x", "result": 1.10, "ok": true}',
                "source": "yaml_import",
            }
        ],
        columns=[
            {"table_id": "orders", "column_name": "id", "basetype": "STRING"},
            {
                "table_id": "orders",
                "column_name": "no",
                "description": "Norway?",
                "confidence": "high",
                "source": "ai_enrichment",
            },
        ],
        tables=[
            {
                "id": "orders",
                "name": "Orders",
                "source_type": "keboola",
                "bucket": "in.c-sales",
                "source_table": "orders",
                "sync_schedule": "every 6h",
                "profile_after_sync": False,
                "primary_key": "id",
                "folder": "sales",
                "description": "One row per order",
                "registered_by": "ada",
                "is_public": False,
            }
        ],
    )

    pack = read_pack(path)

    assert pack.metrics == {
        "revenue/mrr": Metric.model_validate(
            {
                "name": "mrr",
                "category": "revenue",
                "display_name": "MRR",
                "description": "Recurring: what\ncustomers pay",
                "type": "ratio",
                "unit": "no",
                "grain": "daily",
                "table": "subscriptions",
                "tables": ["orders", "in.c-crm.company"],
                "expression": "SUM(x) / 2",
                "time_column": "day",
                "dimensions": ["plan"],
                "filters": ["status = 'paid'"],
                "synonyms": ["1.10", "recurring: revenue"],
                "notes": ["never sum it"],
                "sql": "SELECT 1\nFROM x\n",
                "sql_by_plan": "SELECT 2",
                "sql_by_country": "SELECT 3",
                "validation": {"method": "x", "result": 1.1, "ok": True},
            }
        )
    }
    table = pack.tables["orders"]
    assert (table.name, table.source_type, table.bucket) == ("Orders", "keboola", "in.c-sales")
    assert (table.public, table.profile_after_sync, table.primary_key) == (False, False, "id")
    assert table.columns == {
        "id": Column(basetype="STRING"),
        "no": Column(description="Norway?", confidence="high", source="ai_enrichment"),
    }
    assert pack.diagnostics == []


def test_columns_without_a_value_get_the_defaults(database):
    path = database(metrics=[MRR | {"type": None, "grain": "monthly", "synonyms": [], "unit": ""}])

    [found] = read_pack(path).metrics.values()

    assert (found.type, found.synonyms, found.unit) == ("sum", [], None)


def test_columns_of_an_unregistered_table_are_kept(database):
    path = database(columns=[{"table_id": "in.c-crm.company", "column_name": "id"}])

    assert read_pack(path).tables == {
        "in.c-crm.company": Table(id="in.c-crm.company", columns={"id": Column()})
    }


def test_a_database_with_our_further_columns_is_read(database):
    path = database(
        "ALTER TABLE metric_definitions ADD COLUMN owner VARCHAR",
        "ALTER TABLE metric_definitions ADD COLUMN tags VARCHAR[]",
        "ALTER TABLE metric_definitions ADD COLUMN meta JSON",
        "ALTER TABLE metric_definitions ADD COLUMN stale BOOLEAN",
        "ALTER TABLE column_metadata ADD COLUMN pii BOOLEAN",
        metrics=[MRR | {"owner": "ada", "tags": ["core"], "meta": '{"a": 1}', "stale": False}],
        columns=[{"table_id": "users", "column_name": "email", "pii": True}],
    )

    pack = read_pack(path)

    [found] = pack.metrics.values()
    assert (found.owner, found.tags, found.meta) == ("ada", ["core"], {"a": 1})
    assert pack.tables["users"].columns["email"].pii


@pytest.mark.parametrize("column", ["sql_variants", "validation"])
def test_json_that_is_null_is_nothing(database, column):
    path = database(metrics=[MRR | {column: "null"}])

    assert getattr(read_pack(path).metrics["revenue/mrr"], column) == {}


@pytest.mark.parametrize("column", ["sql_variants", "validation"])
@pytest.mark.parametrize("value", ["[1]", '"text"', "5"])
def test_json_that_is_no_mapping_is_refused_with_the_metrics_id(database, column, value):
    path = database(metrics=[MRR | {column: value}])

    error = refusal(path)

    assert any("revenue/mrr" in finding.path for finding in error.diagnostics)


def test_all_bad_rows_are_listed(database):
    path = database(
        metrics=[
            MRR,
            MRR | {"id": "revenue/ARR", "name": "ARR"},
            MRR | {"id": "revenue/x", "name": "x", "type": "other", "grain": "hourly"},
        ],
        columns=[{"table_id": "orders", "column_name": "id", "basetype": "VARCHAR"}],
        tables=[{"id": "my table", "name": "x"}],
    )

    found = refusal(path).diagnostics

    where = [finding.path.removeprefix("system.duckdb:") for finding in found]
    assert sorted(where) == ["my table", "orders", "revenue/ARR", "revenue/x", "revenue/x"]


def test_findings_of_a_database_speak_like_those_of_files(database):
    path = database(
        columns=[{"table_id": "orders", "column_name": "id", "basetype": "VARCHAR"}],
        tables=[{"id": "my table", "name": "x"}],
    )

    messages = " ".join(finding.message for finding in refusal(path).diagnostics)

    assert "it must be STRING, INTEGER" in messages
    assert "letters, digits, dots, dashes" in messages


def test_findings_of_a_database_have_no_lines(database):
    path = database(metrics=[MRR | {"name": "MRR", "description": "a\nb"}])

    assert {finding.line for finding in refusal(path).diagnostics} == {0}


def test_an_odd_id_is_shown_escaped(database):
    path = database(
        metrics=[MRR | {"id": "a\n\x1b", "name": "X"}], tables=[{"id": "b\n\x1b", "name": "x"}]
    )

    assert all(finding.path.isprintable() for finding in refusal(path).diagnostics)


@pytest.mark.parametrize("text", ["a\0b", "\u202eabc", "x" * (1 << 20)])
def test_text_that_no_file_could_hold_is_refused(database, text):
    path = database(metrics=[MRR | {"description": text}])

    assert len(refusal(path).diagnostics) == 1


@pytest.mark.parametrize("text", ["a\x85b", "a\n\u2028b\n", "\ta\nb", "a\r\nb", " ", "~", "# x\n"])
def test_text_of_a_database_is_kept_as_it_is(database, text):
    path = database(metrics=[MRR | {"description": text}])

    assert read_pack(path).metrics["revenue/mrr"].description == text


def test_a_row_whose_id_is_not_its_category_and_name_is_refused(database):
    path = database(metrics=[MRR | {"id": "finance/net_mrr"}])

    assert any("finance/net_mrr" in str(finding) for finding in refusal(path).diagnostics)


def test_rows_with_the_same_category_and_name_are_refused(database):
    path = database(metrics=[MRR, MRR | {"id": "other", "sql": "SELECT 2"}])

    assert refusal(path).diagnostics


def test_table_ids_that_differ_in_case_only_are_refused(database):
    tables = [{"id": name, "name": name} for name in ("orders", "Orders")]
    path = database(tables=tables)
    assert survey((f"tables/{row['id']}.yml", "file") for row in tables).diagnostics

    assert [finding.code for finding in refusal(path).diagnostics] == ["AG206"]


@pytest.mark.parametrize(
    ("version", "words", "hint"),
    [(1, "version 1, not 4", "version 4"), (3, "version 3", "version 4"), (5, "5", "newer")],
)
def test_a_database_of_another_version_is_refused(database, version, words, hint):
    error = refusal(database(metrics=[MRR], version=version))

    assert words in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE schema_version",
        "DELETE FROM schema_version",
        "INSERT INTO schema_version VALUES (3)",
        "UPDATE schema_version SET version = NULL",
        "CREATE OR REPLACE TABLE schema_version AS SELECT 'v4' AS version",
        "CREATE OR REPLACE TABLE schema_version AS SELECT 4 AS number",
        "DROP TABLE metric_definitions",
        "DROP TABLE column_metadata",
        "DROP TABLE table_registry",
        "CREATE OR REPLACE TABLE metric_definitions AS SELECT 1 AS x",
        "CREATE OR REPLACE TABLE column_metadata AS SELECT 1 AS x",
        "CREATE OR REPLACE TABLE table_registry AS SELECT 1 AS x",
    ],
)
def test_a_database_that_is_none_of_ours_is_refused(database, statement):
    error = refusal(database(statement))

    assert "system.duckdb" in error.message


def test_a_database_without_rows_says_so(database):
    with pytest.raises(NotFoundError, match="holds no metric") as caught:
        read_pack(database())

    assert ".yml" not in (caught.value.hint or "")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: b"not a database" * len(data[:1000]),
        lambda data: data[:5000],
        lambda data: data[:100] + bytes(1000) + data[1100:],
        lambda data: data[:12_288] + bytes(200_000) + data[212_288:],
    ],
    ids=["empty", "text", "cut off", "header", "block"],
)
def test_a_damaged_database_is_refused(database, damage):
    path = database(metrics=[MRR | {"description": "x" * 100_000}])
    path.write_bytes(damage(path.read_bytes()))

    error = refusal(path)

    assert "cannot read" in error.message
    assert "system.duckdb" in error.message
    assert "stop the server" not in error.hint


def test_a_database_that_a_server_has_open_is_refused_with_the_remedy(database):
    path = database(metrics=[MRR])
    script = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1]); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout.readline() == "open\n"
        error = refusal(path)
        server.stdin.close()

    assert error.hint == "stop the server that has it open, or copy the file first"


def test_reading_a_database_leaves_it_as_it_is(database):
    path = database(metrics=[MRR])
    before = path.read_bytes()

    read_pack(path)

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["system.duckdb"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(st.sampled_from(["x.yml", "a/b.yml", "tables/t.yml"]), st.binary(max_size=40))
)
def test_any_folder_is_a_pack_or_an_expected_error(tmp_path_factory, files):
    root = tmp_path_factory.mktemp("pack")
    for path, content in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(content)

    try:
        pack = read_pack(root)
    except AgnesError as error:
        pack = error

    assert isinstance(pack, Pack | InvalidError | NotFoundError)


# A metric from fields

FIELDS = {"name": "mrr", "category": "revenue", "sql": "SELECT 1"}


def test_fields_are_named_as_the_columns():
    made = metric_from_fields(
        {
            **FIELDS,
            "id": "revenue/mrr",
            "table_name": "orders",
            "sql_variants": {"by_plan": "SELECT 2"},
            "unit": None,
        }
    )

    assert (made.id, made.table_name, made.unit) == ("revenue/mrr", "orders", None)
    assert made.sql_variants == {"by_plan": "SELECT 2"}


def test_fields_may_have_the_names_of_yaml():
    made = metric_from_fields({**FIELDS, "table": "orders", "sql_by_plan": "SELECT 2"})

    assert (made.table_name, made.sql_variants) == ("orders", {"by_plan": "SELECT 2"})


def test_an_id_must_be_category_and_name():
    with pytest.raises(InvalidError, match="revenue/arr") as caught:
        metric_from_fields({**FIELDS, "id": "revenue/arr"})

    assert caught.value.hint


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sql": None}, "`sql` is missing"),
        ({"sql": ""}, "`sql` must not be empty"),
        ({"unti": "USD"}, "unknown key `unti`"),
        ({"grain": "hourly"}, "`grain` is 'hourly'; it must be daily"),
        ({"name": "MRR"}, "`name` must be lower-case letters"),
        ({"unit": ["USD"]}, "`unit` must be text"),
        ({"synonyms": "x"}, "`synonyms` must be a list"),
        ({"sql_variants": {"by_x": ""}}, "must not be empty"),
        ({"sql_variants": {"plan": "SELECT 2"}}, "by_<dimension>"),
        ({"sql_variants": [1], "sql_by_x": "SELECT 2"}, "must be a mapping"),
    ],
)
def test_bad_fields_are_refused_in_the_words_of_a_file(fields, words):
    with pytest.raises(InvalidError) as caught:
        metric_from_fields({**FIELDS, **fields})

    assert any(
        words in f"{finding.message} ({finding.hint})" for finding in caught.value.diagnostics
    )


NOT_FOR_FILES = {
    "NUL": {"description": "a\0b"},
    "half a character": {"description": "\ud800"},
    "text that runs backwards": {"synonyms": ["\u202eabc"]},
    "an escape in a mapping": {"meta": {"a": "\x1b"}},
    "no number": {"meta": {"a": float("nan")}},
    "infinity": {"meta": {"a": float("inf")}},
    "no data": {"meta": {"a": object()}},
    "a merge key": {"meta": {"<<": 1}},
    "too much": {"description": "x" * (1 << 21)},
}


@pytest.mark.parametrize("fields", NOT_FOR_FILES.values(), ids=NOT_FOR_FILES.keys())
def test_what_no_file_could_say_is_refused(fields):
    # Else it would be committed, and then nobody could read it.
    with pytest.raises(InvalidError):
        metric_from_fields({**FIELDS, **fields})


# Tables and column metadata


def test_a_table_has_the_keys_of_its_file():
    made = table_from_fields({"id": "orders", "columns": {"a": {"basetype": "DATE"}}})

    assert made == Table(id="orders", columns={"a": Column(basetype="DATE")})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "`id` is missing"),
        ({"id": "my orders"}, "letters, digits, dots, dashes"),
        ({"id": "../orders"}, "letters, digits, dots, dashes"),
        ({"id": "orders", "nmae": "x"}, "unknown key `nmae`"),
        ({"id": "orders", "description": "a\0b"}, "U+0000"),
    ],
)
def test_bad_keys_of_a_table_are_refused_in_the_words_of_a_file(fields, words):
    with pytest.raises(InvalidError) as caught:
        table_from_fields(fields)

    assert any(words in finding.message for finding in caught.value.diagnostics)


def test_what_is_newly_known_of_a_column_replaces_what_was_known():
    table = Table(id="orders", columns={"a": Column(description="old", confidence="low")})

    changed = with_columns(table, {"a": {"basetype": "STRING", "description": None}, "b": {}})

    assert changed.columns == {"a": Column(basetype="STRING"), "b": Column()}
    assert table.columns["a"].description == "old"


def test_personal_data_stays_marked():
    table = Table(id="users", columns={"email": Column(pii=True)})

    assert with_columns(table, {"email": {"basetype": "STRING"}}).columns["email"].pii


def test_a_column_can_be_forgotten():
    table = Table(id="orders", columns={"a": Column(), "b": Column()})

    assert list(with_columns(table, {"a": None, "zz": None}).columns) == ["b"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"basetype": "VARCHAR"}, "it must be STRING, INTEGER"),
        ({"confidence": "sure"}, "it must be high, medium"),
        ({"type": "STRING"}, "unknown key"),
        ({"description": ["x"]}, "must be text"),
    ],
)
def test_bad_metadata_is_refused_in_the_words_of_a_file(fields, words):
    with pytest.raises(InvalidError) as caught:
        with_columns(Table(id="orders"), {"a": fields})

    [finding] = caught.value.diagnostics
    assert finding.path == "tables/orders.yml"
    assert words in finding.message


def test_every_pack_that_is_read_can_be_written(write):
    root = write({"revenue/mrr.yml": metric_yaml("mrr"), "revenue/arr.yml": metric_yaml("arr")})

    for made in read_pack(root).metrics.values():
        assert Metric.model_validate(load(dump(made.to_yaml()))) == made
