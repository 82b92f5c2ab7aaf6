"""Descriptions of columns, from rules, from a file that an agent fills in, or from a model.

A describer says something, or nothing: an empty description is better than "the foo of the bar".
"""

from agnes.describe.facts import ColumnFacts, Said, TableFacts
from agnes.describe.protocol import Describer
from agnes.describe.rules import Rules

__all__ = ["ColumnFacts", "Describer", "Rules", "Said", "TableFacts"]
