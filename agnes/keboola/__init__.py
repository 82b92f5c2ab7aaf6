"""Keboola: its tables, the rows in them, and telling it what is known of columns."""

from agnes.keboola.client import KeboolaError, Patience, Storage
from agnes.keboola.export import Export, export_table
from agnes.keboola.metadata import Words, push_columns
from agnes.keboola.table import Said, StorageColumn, StorageTable, full_id, list_tables, read_table

__all__ = [
    "Export",
    "KeboolaError",
    "Patience",
    "Said",
    "Storage",
    "StorageColumn",
    "StorageTable",
    "Words",
    "export_table",
    "full_id",
    "list_tables",
    "push_columns",
    "read_table",
]
