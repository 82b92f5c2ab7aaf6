"""Finding what words mean, on the starter pack."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agnes.search.ranking import search
from agnes.sync.reading import open_snapshot

STARTER_PACK = Path(__file__).parent.parent.parent / "catalog_repo"


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starter") / "catalog"
    shutil.copytree(STARTER_PACK, folder)
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Start"]):
        subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)
    with open_snapshot(folder) as snapshot:
        yield snapshot


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("revenue/mrr", "revenue/mrr"),
        ("MRR", "revenue/mrr"),
        ("churn-rates", "revenue/churn_rate"),
        ("Active User", "product_usage/active_users"),
        ("new_customer", "sales/new_customers"),
        ("support resolution times", "operations/support_resolution_time"),
    ],
)
def test_a_name_in_any_spelling_comes_first_with_the_full_score(starter, question, expected):
    best = search(starter, question).hits[0]
    assert (best.id, best.score) == (expected, 1.0)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what is our MRR by region last quarter?", "revenue/mrr"),
        ("how many clients did we lose", "revenue/churn_rate"),
        ("custmer chrun", "revenue/churn_rate"),
        ("cloud bill", "operations/infrastructure_cost"),
        ("attrition", "revenue/churn_rate"),
        ("featureadoption", "product_usage/feature_adoption"),
    ],
)
def test_questions_typos_compounds_and_relatives_find_their_metric(starter, question, expected):
    assert search(starter, question).hits[0].id == expected


@pytest.mark.parametrize(
    "question", ["weather in Prague", "the", "how many", "", "?!", "xyzzy", "DROP TABLE x; --", "'"]
)
def test_what_no_metric_answers_gets_no_answer(starter, question):
    assert search(starter, question).hits == []


def test_every_hit_says_why(starter):
    for hit in search(starter, "recurring revenue").hits:
        assert hit.why
    assert "synonym" in search(starter, "recurring revenue").hits[0].why


def test_the_total_counts_what_the_limit_cuts_off(starter):
    everything = search(starter, "revenue", limit=100)
    two = search(starter, "revenue", limit=2)
    assert len(two.hits) == 2
    assert two.total == everything.total == len(everything.hits)
    assert two.hits == everything.hits[:2]


@given(st.text(max_size=60))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_gets_an_answer_with_ordered_scores(starter, question):
    scores = [hit.score for hit in search(starter, question).hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_deprecated_metric_comes_behind_its_equal(catalog):
    from tests.conftest import metric_yaml

    for name, status in (("old_margin", "deprecated"), ("margin", "active")):
        text = metric_yaml(name, "Gross margin") + f"status: {status}\n"
        catalog.write(f"metrics/revenue/{name}.yml", text)
    catalog.commit()
    with open_snapshot(catalog.path) as snapshot:
        hits = search(snapshot, "gross margin").hits
    assert [hit.id for hit in hits[:2]] == ["revenue/margin", "revenue/old_margin"]
    assert hits[1].status == "deprecated"


def test_the_questions_of_the_benchmark_are_answered_as_well_as_they_were(starter):
    from agnes.yaml.loader import load
    from benchmarks.search import HERE, PlainBM25, Tally

    plain_ranking = PlainBM25(starter)
    ours, plain = Tally(), Tally()
    for item in load((HERE / "questions" / "saas.yml").read_bytes()):
        ours.add(item["expect"], [hit.id for hit in search(starter, item["q"]).hits])
        plain.add(item["expect"], plain_ranking(item["q"]))
    assert ours.hit(5) >= 0.94 > plain.hit(5)
    assert ours.hit(1) >= 0.88
    assert ours.false_answers < plain.false_answers
