"""Telling a table's source what is known of its columns, without writing over what others said."""
