"""Backups of instances whose state is in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from tests.auth.conftest import kind, migrated, postgres, url

__all__ = ["kind", "migrated", "postgres", "url"]
