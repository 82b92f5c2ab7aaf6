"""Profiles with what the catalog knows: of the columns, the metrics and the other tables."""
