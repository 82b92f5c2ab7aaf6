from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agnes.model.fields import MetricType, Status
from agnes.model.grain import Grain
from agnes.model.metric import Metric
from agnes.model.scalar import Plain

MINIMUM = {"name": "mrr", "category": "revenue", "sql": "SELECT 1"}


def metric(**fields) -> Metric:
    return Metric.model_validate({**MINIMUM, **fields})


def refusal(**fields) -> list[tuple]:
    with pytest.raises(ValidationError) as caught:
        metric(**fields)
    return [detail["loc"] for detail in caught.value.errors()]


def test_the_id_is_category_and_name():
    assert metric().id == "revenue/mrr"


def test_name_category_and_sql_are_enough():
    made = metric()

    assert (made.display_name, made.type, made.grain, made.status) == (
        *("mrr", "sum", "monthly"),
        "active",
    )
    assert made.table_name is None
    assert made.tables == made.dimensions == made.synonyms == made.notes == made.filters == []
    assert made.sql_variants == made.validation == made.meta == {}


@pytest.mark.parametrize("key", ["name", "category", "sql"])
def test_name_category_and_sql_are_required(key):
    with pytest.raises(ValidationError, match=key):
        Metric.model_validate({k: v for k, v in MINIMUM.items() if k != key})


@pytest.mark.parametrize("name", ["a", "mrr", "a1_b", "x" * 64, "true"])
def test_good_names(name):
    assert metric(name=name, category=name).id == f"{name}/{name}"


@pytest.mark.parametrize(
    "name",
    ["", "A", "1a", "_a", "a-b", "a b", "a.b", "a/b", "../a", "ä", "a\n", "\na", "x" * 65, 5, None],
)
@pytest.mark.parametrize("key", ["name", "category"])
def test_bad_names_are_refused(key, name):
    assert refusal(**{key: name}) == [(key,)]


@pytest.mark.parametrize(
    ("key", "values"),
    [("type", get_args(MetricType)), ("grain", get_args(Grain)), ("status", get_args(Status))],
)
def test_the_words_of_the_contract_are_known(key, values):
    for value in values:
        assert getattr(metric(**{key: value}), key) == value
    assert refusal(**{key: "other"}) == [(key,)]


def test_the_contracts_words_are_all_there():
    assert set(get_args(MetricType)) == {
        *("sum", "count", "count_distinct", "avg", "min", "max", "median"),
        *("ratio", "comparison", "derived", "cumulative"),
    }
    assert set(get_args(Grain)) == {"daily", "weekly", "monthly", "quarterly", "yearly"}
    assert set(get_args(Status)) == {"draft", "active", "deprecated", "removed"}


@pytest.mark.parametrize("key", ["table", "table_name"])
def test_the_table_may_be_called_by_either_name(key):
    made = metric(**{key: "in.c-crm.company"})

    assert made.table_name == "in.c-crm.company"
    assert made.to_yaml()["table"] == "in.c-crm.company"


def test_both_names_of_the_table_must_agree():
    assert metric(table="orders", table_name="orders").table_name == "orders"
    assert len(refusal(table="orders", table_name="users")) == 1


def test_every_sql_by_key_is_a_variant():
    made = metric(sql_by_plan="SELECT 2", sql_by_country="SELECT 3")

    assert made.sql_variants == {"by_plan": "SELECT 2", "by_country": "SELECT 3"}
    assert list(made.to_yaml())[-3:] == ["sql", "sql_by_plan", "sql_by_country"]


@pytest.mark.parametrize("variants", [[1], "text", 5, ["ab"], [["by_y", "SELECT 3"]]])
def test_variants_that_are_no_mapping_are_refused(variants):
    assert refusal(sql_variants=variants, sql_by_x="SELECT 2")


@pytest.mark.parametrize("name", ["plan", "by_", ""])
def test_a_variant_is_called_by_something(name):
    assert refusal(sql_variants={name: "SELECT 2"}) == [("sql_variants",)]


@pytest.mark.parametrize("key", ["unti", "SQL", "sql_by_", "sqlby_x", "created_at"])
def test_unknown_keys_are_refused(key):
    assert refusal(**{key: "x"}) == [(key,)]


@pytest.mark.parametrize("sql", ["", "   ", "\n"])
def test_the_query_must_not_be_blank(sql):
    assert refusal(sql=sql) == [("sql",)]


@pytest.mark.parametrize("key", ["dimensions", "filters", "synonyms", "notes", "tags"])
@pytest.mark.parametrize("value", ["text", [""], [None], [["a"]], {"a": "b"}])
def test_lists_hold_text(key, value):
    assert refusal(**{key: value})


@pytest.mark.parametrize("key", ["inputs", "replaced_by"])
@pytest.mark.parametrize("value", ["mrr", "Revenue/mrr", "a/b/c", "revenue/mrr\n", "/mrr"])
def test_other_metrics_are_named_by_their_ids(key, value):
    assert refusal(**{key: [value] if key == "inputs" else value})


@pytest.mark.parametrize("key", ["validation", "meta"])
@pytest.mark.parametrize("value", ["text", ["a"], 1])
def test_free_mappings_are_mappings(key, value):
    assert refusal(**{key: value}) == [(key,)]


@pytest.mark.parametrize("key", ["display_name", "type", "grain", "tables", "status", "meta"])
def test_a_key_without_a_value_means_the_default(key):
    assert metric(**{key: None}) == metric()


def test_unquoted_numbers_and_booleans_are_text_where_text_is_wanted():
    number = Plain("1.10")
    texts = {"display_name": number, "description": number, "unit": number, "table": number}
    lists = {key: [number] for key in ("synonyms", "notes", "tags", "tables")}

    made = metric(**texts, **lists, sql_by_x=number)

    values = [made.display_name, made.description, made.unit, made.table_name]
    values += [*made.synonyms, *made.notes, *made.tags, *made.tables, *made.sql_variants.values()]
    assert values == ["1.10"] * 9
    assert {type(value) for value in values} == {str}


def test_unquoted_numbers_and_booleans_are_values_in_free_mappings():
    made = metric(meta={"a": [Plain("1"), Plain("true")]}, validation={"result": Plain("1.10")})

    assert made.meta == {"a": [1, True]}
    assert made.validation == {"result": 1.1}


def test_a_metric_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        metric().unit = "USD"


def test_yaml_has_its_keys_in_one_order_with_the_queries_last():
    made = metric(
        sql_by_plan="SELECT 2",
        notes=["n"],
        unit="USD",
        table="orders",
        description="d",
        meta={"k": 1},
    )

    assert list(made.to_yaml()) == [
        *("name", "display_name", "category", "type", "unit", "grain", "table", "description"),
        *("notes", "meta", "sql", "sql_by_plan"),
    ]


def test_yaml_leaves_out_what_is_empty():
    assert metric().to_yaml() == {
        "name": "mrr",
        "display_name": "mrr",
        "category": "revenue",
        "type": "sum",
        "grain": "monthly",
        "sql": "SELECT 1",
    }


@pytest.mark.parametrize("status", ["draft", "deprecated", "removed"])
def test_yaml_says_a_status_that_is_not_the_usual_one(status):
    assert metric(status=status).to_yaml()["status"] == status


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
IDS = st.builds("{}/{}".format, NAMES, NAMES)
WORDS = st.text(min_size=1, max_size=20).filter(str.strip)
TABLE_IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,9}", fullmatch=True)
FREE = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers()),
    max_size=3,
)
FIELDS = st.fixed_dictionaries(
    {"name": NAMES, "category": NAMES, "sql": WORDS},
    optional={
        **dict.fromkeys(
            ["display_name", "description", "unit", "expression", "time_column", "owner"],
            st.none() | st.text(max_size=20),
        ),
        **dict.fromkeys(
            ["dimensions", "filters", "synonyms", "notes", "tags"], st.lists(WORDS, max_size=3)
        ),
        "type": st.sampled_from(get_args(MetricType)),
        "grain": st.sampled_from(get_args(Grain)),
        "status": st.sampled_from(get_args(Status)),
        "table": TABLE_IDS,
        "tables": st.lists(TABLE_IDS, max_size=3),
        "inputs": st.lists(IDS, max_size=3),
        "replaced_by": IDS,
        "meta": FREE,
        "validation": FREE,
        "sql_variants": st.dictionaries(NAMES.map("by_{}".format), WORDS, max_size=3),
    },
)


@given(FIELDS)
def test_every_metric_survives_the_way_to_yaml_and_back(fields):
    made = Metric.model_validate(fields)

    assert Metric.model_validate(made.to_yaml()) == made


def test_nobody_reviews_more_than_a_hundred_variants():
    variants = {f"by_d{number}": "SELECT 2" for number in range(101)}

    assert refusal(sql_variants=variants) == [("sql_variants",)]
