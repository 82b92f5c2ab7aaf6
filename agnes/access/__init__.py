"""Who sees what of a snapshot: tables by their own rule, metrics by the tables that they read."""

from agnes.access.access import Access, Audience, Hidden, Rules, read_access

__all__ = ["Access", "Audience", "Hidden", "Rules", "read_access"]
