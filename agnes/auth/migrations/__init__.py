"""The versions of the state database; alembic runs them when it is opened."""
