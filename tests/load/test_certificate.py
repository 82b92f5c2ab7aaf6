from __future__ import annotations

import sys
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.load import certificate
from agnes.load.certificate import certification, definition, meaning
from agnes.load.document import read_document
from agnes.model.example import EXAMPLES
from agnes.model.layout import Slot
from agnes.model.metric import Certificate, Metric
from agnes.yaml.dump import dump

SQL = "SELECT month, SUM(o.amount) AS mrr FROM orders AS o WHERE o.paid AND o.eu GROUP BY month"
BY_PLAN = "SELECT plan, SUM(amount) AS mrr FROM orders GROUP BY plan"
FULL = {
    "name": "mrr",
    "category": "revenue",
    "grain": "monthly",
    "type": "ratio",
    "unit": "USD",
    "expression": "SUM(amount) / COUNT(*)",
    "filters": ["paid", "in the EU"],
    "inputs": ["revenue/arr", "sales/orders"],
    "sql": SQL,
    "sql_by_plan": BY_PLAN,
}


def metric(**changed: object) -> Metric:
    data = {key: value for key, value in (FULL | changed).items() if value is not None}
    return Metric.model_validate(data)


def certified(found: Metric) -> dict[str, str]:
    return {"by": "ada@example.com", "on": "2026-07-29", "definition": definition(found)}


def state(**changed: object) -> str | None:
    return certification(metric(**changed, certified=certified(metric())))


SAME = {
    "sql": [
        SQL.lower().replace("orders as o", "orders x -- paid\n").replace("o.", "x."),
        "SELECT month, SUM(o.amount) mrr\nFROM orders o WHERE (o.eu) AND o.paid GROUP BY month",
        f"  {SQL}\n",
    ],
    "sql_by_plan": ["SELECT plan,\n  SUM( amount ) AS mrr\nFROM orders\nGROUP BY plan"],
    "expression": ["sum(amount)/count(*)", " SUM(amount) / COUNT(*)\n"],
    "filters": [["in the EU", "paid"], ["paid", " in the EU "], ["paid", "in the EU", "paid"]],
    "unit": ["USD", "USD\n"],
    "display_name": ["MRR", None],
    "description": ["What it means", "Größe 🎉\nin two lines"],
    "synonyms": [["a", "b"], []],
    "notes": [["A note"]],
    "owner": ["Finance"],
    "tags": [["board"]],
    "status": ["draft", "deprecated"],
    "meta": [{"a": 1}],
    "validation": [{"method": "none"}],
    "tests": [[{"period": "2025-03", "equals": 5}]],
}
OTHER = {
    "sql": [
        SQL.replace("AND", "OR"),
        SQL.replace("SUM", "AVG"),
        SQL.replace("orders AS", "refunds AS"),
        SQL.replace(" AND o.eu", ""),
        f"{SQL} HAVING COUNT(*) > 1",
        "no query",
    ],
    "sql_by_plan": [None, BY_PLAN.replace("plan", "region"), f"{BY_PLAN} LIMIT 3"],
    "sql_by_region": [BY_PLAN],
    "expression": [None, "SUM(amount)", "COUNT(*) / SUM(amount)"],
    "filters": [None, ["paid"], ["paid", "in the EU", "new"], ["paid", "In the EU"]],
    "inputs": [None, ["sales/orders", "revenue/arr"], ["revenue/arr"]],
    "unit": [None, "EUR", "usd"],
    "grain": ["weekly"],
    "type": ["sum", None],
}


def choices(offers: dict[str, list[object]]) -> list[tuple[str, object]]:
    return [(key, value) for key, values in offers.items() for value in values]


@pytest.mark.parametrize(("key", "value"), choices(SAME))
def test_layout_and_documentation_keep_a_certificate(key, value):
    assert state(**{key: value}) == "certified"


@pytest.mark.parametrize(("key", "value"), choices(OTHER))
def test_a_change_of_meaning_lets_it_lapse(key, value):
    assert state(**{key: value}) == "lapsed"


@st.composite
def rewritten(draw) -> dict[str, object]:
    keys = draw(st.lists(st.sampled_from(sorted(SAME)), unique=True))
    return {key: draw(st.sampled_from(SAME[key])) for key in keys}


@settings(max_examples=150, deadline=None)
@given(rewritten(), st.permutations(sorted(FULL)))
def test_any_rewriting_of_a_file_keeps_its_certificate(changed, order):
    data = {key: (FULL | changed).get(key) for key in [*order, *(changed.keys() - FULL.keys())]}
    data |= {"certified": certified(metric())}
    written = dump({key: value for key, value in data.items() if value is not None})
    read = read_document(Slot("metrics/revenue/mrr.yml", "metric", "revenue/mrr"), written).value

    assert certification(read) == "certified"


@settings(max_examples=150, deadline=None)
@given(rewritten(), st.sampled_from(choices(OTHER)))
def test_any_change_of_meaning_among_others_lets_it_lapse(changed, other):
    assert state(**changed | dict([other])) == "lapsed"


def test_a_metric_without_a_certificate_has_no_state():
    assert certification(metric()) is None


def test_another_way_of_writing_the_canonical_form_lets_nothing_lapse_that_did_not_change(
    monkeypatch,
):
    given_ = certified(metric())
    monkeypatch.setattr("agnes.sql.canonical.canonical", lambda sql: f"new form of {sql}")

    assert meaning(metric()) != given_["definition"].partition("-")[2]
    assert certification(metric(certified=given_, notes=["A note"])) == "certified"


def test_no_query_is_parsed_where_nothing_changed(monkeypatch):
    given_ = certified(metric())
    monkeypatch.setattr(certificate, "meaning", None)

    assert certification(metric(certified=given_)) == "certified"


def test_it_is_light_to_import():
    code = "import sys, agnes.load.certificate; sys.exit('sqlglot' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_example_of_the_schema_holds():
    assert certification(Metric.model_validate(EXAMPLES["metric"][0])) == "certified"


def test_a_definition_is_two_short_hashes_of_which_a_certificate_takes_no_other():
    found = Certificate.model_validate(certified(metric()))

    assert found.definition == definition(metric())
    with pytest.raises(ValueError, match="pattern"):
        Certificate.model_validate(certified(metric()) | {"definition": meaning(metric())})
