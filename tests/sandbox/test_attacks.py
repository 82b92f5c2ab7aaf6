"""Statements that must do no harm, at the door and behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agnes.errors import SandboxError
from agnes.sandbox import Limits, ParquetTable, Sandbox
from agnes.sandbox.process import roots
from tests.sandbox.conftest import CANARY

# {d} is a folder with orders.parquet, which may be read, and secret.*, which may not.
READS = """
FROM read_csv('{d}/secret.csv')
FROM read_text('{d}/secret.txt')
FROM read_blob('{d}/secret.txt')
FROM read_blob('{d}/orders.parquet')
FROM read_json('{d}/secret.json')
FROM read_ndjson_objects('{d}/secret.json')
FROM read_parquet('{d}/secret.parquet')
FROM parquet_scan('{d}/*.parquet')
FROM glob('{d}/*')
FROM glob('/**')
FROM '{d}/secret.csv'
FROM "{d}/secret.parquet"
FROM parquet_metadata('{d}/orders.parquet')
FROM parquet_kv_metadata('{d}/secret.parquet')
FROM parquet_schema('{d}/secret.parquet')
FROM sniff_csv('{d}/secret.csv')
FROM read_text('/proc/self/environ')
FROM read_text('/etc/passwd')
FROM read_csv('/dev/stdin')
FROM read_parquet('https://example.com/x.parquet')
FROM read_csv('s3://bucket/x.csv')
FROM read_duckdb('{d}/secret.parquet', table_name='x')
FROM query('FROM read_text(''{d}/secret.txt'')')
FROM query_table('{d}/secret.parquet')
FROM query_table(['duckdb_views'])
FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''{d}/secret.txt'')'))
SELECT (SELECT content FROM read_text('{d}/secret.txt'))
WITH x AS (FROM read_text('{d}/secret.txt')) SELECT * FROM x
SELECT * FROM orders, LATERAL (SELECT * FROM read_text('{d}/' || 'secret.txt'))
SELECT * FROM orders WHERE EXISTS (FROM "read_text"('{d}/secret.txt'))
SELECT id FROM orders ORDER BY (SELECT count(*) FROM main.read_text('{d}/secret.txt'))
FROM /* a comment */ rEaD_tExT /* another */ ('{d}/secret.txt')
SELECT 1 UNION ALL SELECT size FROM read_text('{d}/secret.txt')
FROM pandas_scan(1)
FROM arrow_scan(1, 2, 3)
FROM duckdb_settings()
FROM duckdb_views()
FROM duckdb_views
FROM "system".main.duckdb_views
FROM pg_views
FROM pg_catalog.pg_views
FROM information_schema.tables
FROM sqlite_master
FROM duckdb_secrets()
FROM duckdb_external_file_cache()
FROM pragma_database_list
FROM pragma_show('orders')
FROM histogram('duckdb_views', view_name)
SELECT current_setting('allowed_paths')
SELECT "current_setting"('allowed_paths')
SELECT main.current_setting('allowed_paths')
SELECT 'allowed_paths'.current_setting()
SELECT error(current_setting('allowed_paths')::VARCHAR)
SELECT json_serialize_plan('SELECT * FROM orders')
SELECT list_transform([1], x -> current_setting('allowed_paths'))
SELECT getvariable('x')
SELECT pg_get_viewdef(1)
"""
WRITES = r"""
COPY orders TO '{d}/orders.parquet'
COPY orders TO '{d}/orders.parquet' (FORMAT csv, USE_TMP_FILE false)
COPY (SELECT 1) TO '{d}/new.csv'
COPY (SELECT 1) TO '/tmp/agnes-attack.csv'
COPY (SELECT 1) TO '/dev/stdout'
COPY orders FROM '{d}/secret.csv'
EXPORT DATABASE '{d}/export'
IMPORT DATABASE '{d}'
ATTACH '{d}/new.duckdb' AS x
ATTACH '{d}/orders.parquet' AS x
ATTACH ':memory:' AS x
INSTALL httpfs
FORCE INSTALL httpfs FROM 'http://127.0.0.1:1'
LOAD httpfs
LOAD '{d}/secret.txt'
CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')
CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')
CREATE TABLE x AS SELECT 1
CREATE TEMP TABLE x AS SELECT 1
CREATE OR REPLACE VIEW orders AS SELECT 1
CREATE MACRO f(x) AS x
CREATE SEQUENCE s
DROP VIEW orders
INSERT INTO orders VALUES (1)
UPDATE orders SET id = 1
DELETE FROM orders
WITH x AS (INSERT INTO orders VALUES (1) RETURNING *) SELECT * FROM x
SELECT * FROM (WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x)
CHECKPOINT
FROM checkpoint()
FROM force_checkpoint()
VACUUM
SELECT nextval('s')
SELECT setseed(0.5)
SELECT write_log('x')
FROM enable_logging('QueryLog', storage => 'file', storage_config => {{'path': '{d}/log'}})
FROM enable_profiling(save_location => '{d}/profile.json')
CALL enable_logging()
CALL pragma_version()
PRAGMA database_list
PRAGMA enable_profiling = 'json'
PRAGMA memory_limit = '99GB'
SET memory_limit = '99GB'
SET enable_external_access = true
SET lock_configuration = false
SET temp_directory = '{d}/tmp'
SET VARIABLE x = 1
RESET memory_limit
RESET ALL
USE memory
BEGIN
EXPLAIN SELECT 1
EXPLAIN ANALYZE SELECT 1
PREPARE p AS SELECT 1
EXECUTE p
SHOW TABLES
SHOW ALL TABLES
DESCRIBE orders
DESC orders
SUMMARIZE orders
SELECT * FROM (SHOW TABLES)
SELECT * FROM (DESCRIBE orders)
SELECT * FROM ( DESC orders)
SELECT * FROM (SUMMARIZE orders)
SELECT 1; SELECT 2
SELECT 1; DROP VIEW orders
SELECT 1) ; DROP VIEW orders; SELECT (1
SELECT 1) UNION (SELECT 2
SELECT 1 /*
SELECT 1 -- ) LIMIT 1; DROP VIEW orders; --\n; DROP VIEW orders
SELECT 1 */ ; DROP VIEW orders /*
"""
ATTACKS = (READS + WRITES).strip().replace("\n\n", "\n").split("\n")
SYNTAX = {sql for sql in ATTACKS if sql.endswith(("(1", "(SELECT 2", " /*", "RESET ALL"))}


@pytest.fixture(scope="module")
def sandbox(data):
    with Sandbox([ParquetTable("orders", [data.orders])], Limits(seconds=5)) as opened:
        yield opened


@pytest.mark.parametrize("template", ATTACKS)
@pytest.mark.parametrize("way", ["query", "describe"])
def test_a_statement_that_is_no_plain_select_is_refused_and_changes_nothing(
    sandbox, data, template, way
):
    before = data.state()
    with pytest.raises(SandboxError) as raised:
        getattr(sandbox, way)(template.replace("\\n", "\n").format(d=data.path))
    assert raised.value.kind == ("failed" if template in SYNTAX else "refused")
    assert CANARY not in raised.value.message
    assert data.state() == before
    assert sandbox.query("SELECT count(*) FROM orders").rows == ((100,),)


def behind_the_door(data, sql: str) -> str:
    """What the database says to a statement that nobody looked at before."""
    request = {"roots": roots(), "files": [str(data.orders)], "sql": sql}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", Path(__file__).with_name("bare.py")],
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        env={},
        cwd="/",
        check=False,
        timeout=20,
    )
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize("template", ATTACKS)
def test_a_statement_that_got_past_the_check_still_reads_and_changes_no_file(data, template):
    before = data.state()
    said = behind_the_door(data, template.replace("\\n", "\n").format(d=data.path))
    if "landlock" not in said and "TO '{d}/orders.parquet'" in template:
        pytest.skip("without Landlock the check is what keeps the table's own file")
    assert CANARY not in said
    assert "root:" not in said
    assert data.state() == before
    assert not Path("/tmp/agnes-attack.csv").exists()
