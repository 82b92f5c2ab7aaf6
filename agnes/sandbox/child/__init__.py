"""What runs in the child process of a sandbox, and the fences around it.

In the order in which they go up:

1. `python -I -S` with an empty environment, in `/`, in its own session, with one socket to the
   parent and /dev/null as output: nothing to inherit, nothing to print into.
2. `database.connect`: an in-memory DuckDB of a single thread.
3. `lockdown`: dies with its parent, gains no privileges, writes no file, opens few, has limited
   address space and, per statement, processor time; and by Landlock, where the kernel has it, it
   reads no file but the parquet files and opens no connection.
4. `database.set_up`: exactly the parquet files can be reached, extensions are off and the
   configuration is locked.
5. `statement`: one SELECT by DuckDB's own parser, of no function or view that looks at anything but
   the tables, wrapped as a subquery.
6. The parent kills the child when its time is over, and after anything out of the ordinary.

The modules import nothing but the standard library, `_duckdb` (the compiled part of DuckDB, a
quarter of the start of `duckdb`), `agnes.sandbox.wire` and the names in `agnes.sql.known`.
"""
