"""Rules of the YAML itself. They are found by the loader; agnes/yaml holds the checks."""

from __future__ import annotations

from typing import ClassVar

from agnes.lint.rule import Level, Rule


class SyntaxRule(Rule):
    """A rule that the loader checks."""

    level: ClassVar[Level] = "syntax"


class BrokenYaml(SyntaxRule):
    """The file is not valid YAML.

    A quote that is never closed, a tab in the indentation, a line that is indented like nothing
    before it. Nothing else is said about such a file, since its meaning is not known.

    Bad:

        name: "revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: "revenue"
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG101"


class UnsafeYaml(SyntaxRule):
    """The file uses a part of YAML that the catalog does not take.

    Merge keys, tags, directives, several documents in a file, aliases that unfold to too much, and
    more than 1 MiB or 32 levels. They hide what a file says from its reviewers, or blow up its
    reader.

    Bad:

        name: revenue
        grain: monthly
        notes: !!python/object/apply:os.system [id]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        notes: [Without tax]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG102"


class DuplicateKey(SyntaxRule):
    """A key is there twice.

    Most readers of YAML take the last one in silence.

    Bad:

        name: revenue
        grain: monthly
        unit: USD
        unit: EUR
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        unit: USD
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG103"


class BadCharacters(SyntaxRule):
    """The file is not UTF-8, or holds characters that cannot be printed.

    Control characters and marks that reorder text make a file look like what it is not.

    Bad:

        name: revenue
        grain: monthly
        unit: "USD\\0"
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        unit: "USD"
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG104"


RULES = (BrokenYaml, UnsafeYaml, DuplicateKey, BadCharacters)
