"""The check on what texts for agents show is itself checked."""

from __future__ import annotations

import pytest

from tests.cli.commands import all_problems, problem


@pytest.mark.parametrize(
    "line",
    [
        "da metrics show revenue/mrr --json",
        "da query - --json < query.sql",
        "da metrics search who leaves   # a comment",
        "da --version",
    ],
)
def test_a_command_that_is_there_is_no_problem(line):
    assert problem(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "da metrics shwo revenue/mrr",
        "da metrics show revenue/mrr --jsn",
        "da metrics show",
        "da metrics",
        "da query 'SELECT 1' --limit many",
    ],
)
def test_one_that_is_not_is(line):
    assert problem(line) is not None


def test_a_sentence_may_leave_arguments_out_but_not_make_options_up():
    assert all_problems("Ask `da metrics show --json`, or `da metrics`.") == []
    assert all_problems("Ask `da metrics show --jsn`.") != []
