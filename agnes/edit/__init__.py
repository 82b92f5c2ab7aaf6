"""Changes of the catalog: planned as data, applied as one commit. The only way to write to git."""

from agnes.edit.editor import Editor
from agnes.edit.plan import Plan, subject

__all__ = ["Editor", "Plan", "subject"]
