"""Rules about ignoring rules."""

from __future__ import annotations

from typing import ClassVar

from agnes.lint.rule import Level, Rule
from agnes.model.diagnostic import Severity


class UnusedIgnore(Rule):
    """An ignore hits nothing: the mistake is gone, or it never was one.

    `# agnes: ignore[AG301]` at the end of a line, or `-- agnes: ignore[AG301]` within a query,
    covers findings on its line; `lint: {ignores: {"metrics/legacy/**": [AG301]}}` in agnes.yml
    covers files. What no longer hits is taken out, so that it cannot hide the next mistake.

    Bad:

        name: revenue
        grain: monthly  # agnes: ignore[AG209]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG901"
    level: ClassVar[Level] = "syntax"
    severity: ClassVar[Severity] = "warning"


class UnknownRule(Rule):
    """A rule that does not exist, or that cannot be softened, is named.

    Errors of syntax and of the model stay errors: such a file cannot be served, whatever agnes.yml
    says. So do AG401 to AG404: a query that is not one SELECT of tables must not run.

    Bad:

        # agnes.yml
        lint:
          severities: {AG101: warning}

    Good:

        # agnes.yml
        lint:
          severities: {AG209: error}
    """

    code = "AG902"
    level: ClassVar[Level] = "syntax"


RULES = (UnusedIgnore, UnknownRule)
