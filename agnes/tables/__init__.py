"""Registered tables and their data: where it comes from, when, and where it is kept."""
