"""Changes of the catalog by the users of a server: commits on the branch, or review branches."""

from agnes.changes.changes import Changed, Changes
from agnes.changes.wishes import Wish

__all__ = ["Changed", "Changes", "Wish"]
