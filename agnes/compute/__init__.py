"""Numbers: the SQL of metrics, run where the data is.

    with DuckDB(tables) as engine:
        numbers(engine, metric).values  # {(date(2025, 1, 1),): Decimal("1234.50"), ...}

An `Engine` runs SQL; `numbers` says what came out of a metric's query.
"""
