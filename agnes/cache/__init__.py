"""Snapshots: one immutable DuckDB file per revision, that nothing but the sync writes."""
