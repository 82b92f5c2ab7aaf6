"""From an older instance's database to version 4, and so to a catalog."""
