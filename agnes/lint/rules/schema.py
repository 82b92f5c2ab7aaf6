"""Rules of the model: keys, values, names and places. Most are found by agnes/load."""

from __future__ import annotations

from typing import ClassVar

from agnes.lint.rule import Level, Rule
from agnes.model.diagnostic import Severity


class SchemaRule(Rule):
    """A rule that is checked while a file becomes a model."""

    level: ClassVar[Level] = "schema"


class MissingKey(SchemaRule):
    """A required key is missing.

    A metric needs `name` and `sql`, a table needs `id`.

    Bad:

        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG201"


class UnknownKey(SchemaRule):
    """A key that the catalog does not know.

    It is most often misspelt, and what it says would be lost. `--fix` corrects a key that is like
    exactly one known key.

    Bad:

        name: revenue
        grain: monthly
        synonims: [turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        synonyms: [turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG202"
    fixable = True


class WrongValue(SchemaRule):
    """A value of the wrong kind, or none of those that are possible.

    Bad:

        name: revenue
        grain: montly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG203"


class NameIsNotFileName(SchemaRule):
    """The name or id in the file is not the file's name.

    A reader of the id must find the file, and the file must say the id.

    Bad:

        # metrics/sales/revenue.yml
        name: total_revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/total_revenue.yml
        name: total_revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG204"


class CategoryIsNotFolder(SchemaRule):
    """The category in the file is not the folder's name.

    Bad:

        # metrics/sales/revenue.yml
        name: revenue
        category: finance
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/revenue.yml
        name: revenue
        category: sales
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG205"


class SameId(SchemaRule):
    """Two files define the same id. Case does not count, nor does the ending .yml or .yaml.

    Bad:

        # tables/customers.yml
        id: customers

        # tables/Customers.yml
        id: Customers

    Good:

        # tables/customers.yml
        id: customers
    """

    code = "AG206"


class WrongPlace(SchemaRule):
    """A file where none is read: too deep, misnamed, a symbolic link, a submodule.

    Metrics are `metrics/<category>/<name>.yml`, tables are `tables/<table_id>.yml`.

    Bad:

        # metrics/sales/emea/revenue.yml
        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG207"


class NoGrain(SchemaRule):
    """A metric does not say which period one row of its SQL covers.

    Monthly is assumed, which may be wrong.

    Bad:

        name: revenue
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG209"
    severity: ClassVar[Severity] = "warning"


class NoMapping(SchemaRule):
    """The file holds a list, a text or nothing, where keys and values belong.

    Bad:

        - revenue
        - costs

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG210"


RULES = (
    MissingKey,
    UnknownKey,
    WrongValue,
    NameIsNotFileName,
    CategoryIsNotFolder,
    SameId,
    WrongPlace,
    NoGrain,
    NoMapping,
)
