"""Merging two changes of a file by what they say: field by field, item by item."""
