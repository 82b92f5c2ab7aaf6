"""SQL of users over the data of the tables that they may see.

    queries = Queries(Limits(seconds=30), workers=2)
    queries.run("SELECT count(*) FROM orders", {"orders": [path]}).rows

Two parsers decide whether it is one SELECT that reads tables and nothing else: the gate here, and
DuckDB's own in the sandbox, where it runs.
"""

from agnes.queries.queries import Queries, Running
from agnes.queries.tables import Tables, tables_in

__all__ = ["Queries", "Running", "Tables", "tables_in"]
