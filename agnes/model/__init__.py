"""What a catalog says: metrics, tables, the index, settings, diagnostics. No I/O here."""
