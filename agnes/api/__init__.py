"""The server: the catalog over HTTP."""
