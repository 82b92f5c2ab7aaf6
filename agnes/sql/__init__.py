"""The SQL of metrics, read and never run: what a query is, which tables it reads, what it gives.

sqlglot appears here alone. The pure Python parser is used on purpose: a query that nests too deeply
raises there, where a compiled parser would crash the process.
"""
