"""DuckDB's SQL in the words of other engines; `agnes.sql.transpile` is the door.

`portable` lists what is known to mean the same, `rules` rewrites what would not, `kinds` tells
which values an expression gives, on which both depend.
"""
