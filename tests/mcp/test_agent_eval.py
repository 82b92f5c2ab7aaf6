"""An agent that follows the rule is told what it needs, by the commands and by MCP."""

from __future__ import annotations

import pytest

from benchmarks.agent_eval.__main__ import evaluate
from benchmarks.agent_eval.score import table

TOKENS = {"da commands": 1_600, "mcp": 900}
"""What the search and the reading of a metric may cost on average."""


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    from tests.conftest import own_environment

    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        yield evaluate(tmp_path_factory.mktemp("evaluation"), core_only=True)


@pytest.mark.parametrize("way", TOKENS)
def test_the_core_questions_are_answered_rightly(scores, way):
    told = "\n".join(table(way, scores[way]))

    for score in scores[way]:
        assert score.is_right, f"{score.case.q}: {score.told}\n{told}"
        assert score.shows_rules, score.case.q
        assert score.says_all, f"{score.case.q}: {score.told.says}"
        assert not score.cries_wolf, f"{score.case.q}: {score.told.says}"


@pytest.mark.parametrize("way", TOKENS)
def test_an_answer_costs_two_calls_and_few_tokens(scores, way):
    spent = [score.told for score in scores[way]]

    assert max(told.calls for told in spent) <= 2
    assert sum(told.tokens for told in spent) / len(spent) <= TOKENS[way]
