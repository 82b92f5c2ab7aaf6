"""Where data is that is not in parquet files: PostgreSQL, Spark, Trino, BigQuery, Snowflake.

    with open_engine("postgres://ada@db.example.com/warehouse") as engine:
        engine.query("SELECT SUM(amount) FROM orders WHERE day >= $start", {"start": day}).rows

The SQL is DuckDB's and passes the gate; `agnes.sql.transpile` says it in the engine's dialect, or
refuses; Ibis, an extra, connects.
"""

from agnes.engines.engine import IbisEngine, open_engine

__all__ = ["IbisEngine", "open_engine"]
