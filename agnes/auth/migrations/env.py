"""Run by alembic: the connection, and its transaction, are those of `Database`."""

from __future__ import annotations

from alembic import context

from agnes.auth.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
