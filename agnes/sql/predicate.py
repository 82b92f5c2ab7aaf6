"""A condition on rows, from whoever asks: an expression over columns, or it is refused."""

from __future__ import annotations

from sqlglot import exp

from agnes.errors import NotDerivableError
from agnes.sql.expression import is_aggregate
from agnes.sql.gate import read_query
from agnes.sql.problem import RefusedSqlError
from agnes.sql.writing import survives

MAX_CHARACTERS = 4_000
_PREFIX = "SELECT "
_CHANGING = (exp.Rand, exp.Randn, exp.Uuid, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp)
_CHANGING_NAMES = frozenset(
    """
    now today random uuid uuidv4 uuidv7 gen_random_uuid transaction_timestamp current_localtime
    current_localtimestamp get_current_time get_current_timestamp txid_current version
    current_user current_role session_user user current_catalog current_database current_schema
    current_schemas
    """.split()
)
_EXAMPLE = "write a condition on columns, such as region = 'EU'"


def read_predicate(text: str) -> exp.Expr:
    """Read a condition.

    Args:
        text: such as `region = 'EU' AND amount > 100`, in DuckDB's dialect.

    Returns:
        Its tree, in which columns are as they were written.

    Raises:
        NotDerivableError: it is no expression over columns of one row, or changes by itself.
    """
    if len(text) > MAX_CHARACTERS:
        raise _refused(f"it has {len(text):,} characters", f"at most {MAX_CHARACTERS:,}")
    try:
        query = read_query(f"{_PREFIX}{text}")
    except RefusedSqlError as refused:
        problem = refused.problems[0]
        raise _refused(problem.message, problem.hint or _EXAMPLE) from None
    tree = query.tree
    parts = {name for name, value in tree.args.items() if value}
    if not isinstance(tree, exp.Select) or parts != {"expressions"} or len(tree.expressions) != 1:
        raise _refused("it is more than one expression", _EXAMPLE)
    condition: exp.Expr = tree.expressions[0]
    if isinstance(condition, exp.Alias) or condition.is_star:
        raise _refused("it is a column of a SELECT", _EXAMPLE)
    for node in condition.walk():
        if isinstance(node, exp.Query | exp.Subquery | exp.Table):
            raise _refused("it holds a query", _EXAMPLE)
        if isinstance(node, exp.Window) or is_aggregate(node):
            raise _refused("it looks at more than one row", "write a condition on one row")
        if isinstance(node, exp.Star | exp.Columns):
            raise _refused("it holds a star", _EXAMPLE)
        if isinstance(node, _CHANGING) or (
            isinstance(node, exp.Anonymous) and node.name.casefold() in _CHANGING_NAMES
        ):
            raise _refused(
                f"{node.sql(dialect='duckdb')} is not the same tomorrow", "write the value itself"
            )
    if condition.find(exp.Column) is None:
        raise _refused("it speaks of no column", _EXAMPLE)
    if not survives(query):
        raise _refused("it has a sign or function that would be lost", "write it in other words")
    condition.pop()
    return condition


def _refused(reason: str, hint: str) -> NotDerivableError:
    return NotDerivableError(f"the condition is refused: {reason}", hint)
