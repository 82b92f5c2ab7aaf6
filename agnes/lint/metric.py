"""A metric with its queries parsed: what the rules about SQL look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from agnes.model.metric import Metric
from agnes.sql.gate import read_query
from agnes.sql.problem import Problem, RefusedSqlError
from agnes.sql.query import Query


@dataclass(frozen=True)
class ReadMetric:
    """A metric that fits the model.

    Args:
        path: its file.
        queries: those that are one SELECT, by their key in the file.
        refused: why the others are not.
        tests: the queries of its tests that are one SELECT, by the test's number.
        refused_tests: why the others are not.
    """

    path: str
    metric: Metric
    queries: dict[str, Query] = field(default_factory=dict)
    refused: dict[str, list[Problem]] = field(default_factory=dict)
    tests: dict[int, Query] = field(default_factory=dict)
    refused_tests: dict[int, list[Problem]] = field(default_factory=dict)


def texts(metric: Metric) -> dict[str, str]:
    """The queries of a metric, by their key in the file."""
    return {"sql": metric.sql} | {f"sql_{key}": sql for key, sql in metric.sql_variants.items()}


def read_metric(path: str, metric: Metric) -> ReadMetric:
    """Parse the queries of a metric."""
    read = ReadMetric(path, metric)
    for node, sql in texts(metric).items():
        try:
            read.queries[node] = read_query(sql, file_names=True)
        except RefusedSqlError as refused:
            read.refused[node] = refused.problems
    for number, test in enumerate(metric.tests):
        if test.sql is not None:
            try:
                read.tests[number] = read_query(test.sql, file_names=True)
            except RefusedSqlError as refused:
                read.refused_tests[number] = refused.problems
    return read
