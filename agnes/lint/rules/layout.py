"""Rules about how a file is written; `--fix` mends them."""

from __future__ import annotations

from typing import ClassVar

from agnes.lint.rule import Level, Rule
from agnes.model.diagnostic import Severity


class LayoutRule(Rule):
    """A rule that is checked by writing the file anew and comparing; see agnes/lint/fix.py."""

    level: ClassVar[Level] = "schema"
    severity: ClassVar[Severity] = "hint"
    fixable = True


class KeyOrder(LayoutRule):
    """The keys are not in the canonical order. Off by default; `--fix` sorts them all the same.

    Who reads many definitions finds things where they always are: names, then type, unit and grain,
    then tables, the description, lists, and the queries last.

    Bad:

        sql: SELECT SUM(amount) AS revenue FROM orders
        name: revenue
        grain: monthly

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG211"
    on = False


class BlockStyle(LayoutRule):
    """A list, a mapping or a text of several lines is not in block style. Off by default.

    A line that changes should be a line of the diff. `--fix` writes them so, where they hold no
    comment.

    Bad:

        name: revenue
        grain: monthly
        sql: "SELECT SUM(amount) AS revenue\\nFROM orders"

    Good:

        name: revenue
        grain: monthly
        sql: |
          SELECT SUM(amount) AS revenue
          FROM orders
    """

    code = "AG212"
    on = False


class UntidySynonyms(LayoutRule):
    """A synonym is there twice, or has blanks around it.

    Bad:

        name: revenue
        grain: monthly
        synonyms: [turnover, Turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        synonyms: [turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG213"


RULES = (KeyOrder, BlockStyle, UntidySynonyms)
