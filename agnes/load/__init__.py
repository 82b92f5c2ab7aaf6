"""From a source of files (a commit, a folder) to a catalog and its diagnostics."""
