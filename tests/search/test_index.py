"""What search keeps of a metric."""

from __future__ import annotations

from agnes.model.metric import Metric
from agnes.search.index import key_rows, term_rows


def metric(**fields) -> Metric:
    return Metric(name="mrr", category="revenue", sql="SELECT 1", **fields)


def weights(found: Metric) -> dict[str, float]:
    return {term: weight for term, _, weight, _, _ in term_rows(found)}


def test_a_word_in_a_name_weighs_more_than_in_a_note():
    found = weights(metric(display_name="Churn", notes=["about refunds"]))
    assert found["churn"] > 3 * found["refund"]


def test_a_word_in_two_fields_weighs_their_sum():
    one = weights(metric(description="churn of all"))["churn"]
    two = weights(metric(description="churn of all", notes=["churn"]))["churn"]
    assert two > one


def test_a_term_says_where_it_stands_and_how_it_is_written():
    rows = {row[0]: row[3:] for row in term_rows(metric(synonyms=["Subscriptions"]))}
    assert rows["subscript"] == ("synonym", "subscriptions")


def test_filler_is_not_kept():
    assert "the" not in weights(metric(description="The revenue of the month"))


def test_names_and_synonyms_are_keys_as_a_whole():
    rows = {(row[0], row[2]) for row in key_rows(metric(synonyms=["Recurring revenues"]))}
    assert {("mrr", "name"), ("recur revenu", "synonym"), ("revenu mrr", "id")} <= rows


def test_initials_are_keys_unless_they_are_a_name():
    rows = {
        row[0]: row[2:] for row in key_rows(metric(synonyms=["time to resolution", "monthly r r"]))
    }
    assert rows["ttr"] == ("abbreviation", "time to resolution")
    assert rows["mrr"][0] == "name"
