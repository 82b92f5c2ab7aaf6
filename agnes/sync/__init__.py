"""Keeping the cache equal to the branch: on demand, before a read, and while watching."""
