"""A metric's `expression`: an aggregate, or a calculation over aggregates."""

from __future__ import annotations

from sqlglot import exp

from agnes.sql.gate import read_query
from agnes.sql.problem import Problem, RefusedSqlError
from agnes.sql.query import Place, place

_PREFIX = "SELECT "

AGGREGATES = frozenset(
    """
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
    arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg
    bit_and bit_or bit_xor bitstring_agg bool_and bool_or combine_aggr corr count count_if
    count_star countif covar_pop covar_samp decimal_average entropy favg first fsum geomean
    geometric_mean group_concat histogram histogram_exact json_group_array json_group_object
    json_group_structure kahan_sum kurtosis kurtosis_pop last list listagg lttb mad max max_by
    mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile
    sem skewness stddev stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop
    var_samp variance variant_group_array variant_group_object wavg weighted_avg
    """.split()
)
"""The names of DuckDB's aggregate functions, and of its macros that aggregate."""
_WINDOW_FUNCTIONS = frozenset(
    """
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank
    rank_dense row_number
    """.split()
)
"""Those that make nothing of many rows, though sqlglot takes some for aggregates."""


def check_expression(text: str) -> list[Problem]:
    """What is wrong with an expression; nothing when it is a calculation over aggregates.

    Args:
        text: such as `SUM(amount) / COUNT(DISTINCT order_id)`.
    """
    try:
        tree = read_query(f"{_PREFIX}{text}").tree
    except RefusedSqlError as refused:
        return [_shifted(problem) for problem in refused.problems]
    whole = Place(0, len(text))
    if not isinstance(tree, exp.Select) or set(_parts(tree)) - {"expressions"}:
        return [Problem("statement", "it is a query, not an expression", _WRITE, whole)]
    if len(tree.expressions) != 1:
        return [Problem("statement", f"it has {len(tree.expressions)} columns", _WRITE, whole)]
    if isinstance(tree.expressions[0], exp.Alias):
        return [Problem("statement", "it names its column", "leave the name out", whole)]
    aggregates = [node for node in tree.find_all(exp.Func, exp.Filter) if is_aggregate(node)]
    if not aggregates:
        return [Problem("statement", "it aggregates nothing", _WRITE, whole)]
    return [
        Problem("statement", f"the column {column.name} is outside of an aggregate", _WRITE, where)
        for column in tree.find_all(exp.Column)
        if not _within(column)
        for where in [_shift(place(column))]
    ]


def is_made_of(text: str, inputs: list[str]) -> bool:
    """Whether an expression calculates with a metric's inputs alone."""
    names = {metric_id.partition("/")[2] for metric_id in inputs}
    try:
        columns = read_query(f"{_PREFIX}{text}").columns if names else set()
    except RefusedSqlError:
        return False
    return bool(columns) and columns <= names


def names_alone(text: str) -> set[str] | None:
    """The columns of an expression in lower case; None when one is a certain table's."""
    query = read_query(f"{_PREFIX}{text}")
    if any(column.table for column in query.tree.find_all(exp.Column)):
        return None
    return query.columns


_WRITE = "write an aggregate such as SUM(amount), or a calculation over aggregates"


def _parts(tree: exp.Select) -> list[str]:
    return [name for name, value in tree.args.items() if value]


def is_aggregate(node: exp.Expr) -> bool:
    """Whether it makes one value of many rows."""
    if isinstance(node, exp.Filter | exp.WithinGroup):
        return True
    name = node.name if isinstance(node, exp.Anonymous) else getattr(node, "sql_name", str)()
    name = str(name).casefold()
    return name in AGGREGATES or (isinstance(node, exp.AggFunc) and name not in _WINDOW_FUNCTIONS)


def _within(column: exp.Expr) -> bool:
    at = column.parent
    while at is not None:
        if is_aggregate(at) or isinstance(at, exp.Window):
            return True
        at = at.parent
    return False


def _shift(where: Place) -> Place:
    return Place(max(0, where.start - len(_PREFIX)), where.length)


def _shifted(problem: Problem) -> Problem:
    where = _shift(problem.place)
    return Problem(problem.kind, problem.message, problem.hint, where)
