from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agnes.model.fields import Basetype, Confidence, MetadataSource
from agnes.model.scalar import Plain
from agnes.model.table import Column, Table


def table(**fields) -> Table:
    return Table.model_validate({"id": "orders", **fields})


def refusals(**fields) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        table(**fields)
    return [detail["msg"] for detail in caught.value.errors()]


def test_an_id_is_enough():
    made = table()

    assert (made.source_type, made.sync_strategy, made.query_mode) == (
        *("local", "full_refresh"),
        "local",
    )
    assert made.profile_after_sync is True
    assert made.public is True
    assert made.columns == {}


@pytest.mark.parametrize("table_id", ["orders", "in.c-crm.company", "_x", "2024", "A" * 128])
def test_good_ids(table_id):
    assert Table(id=table_id).id == table_id


@pytest.mark.parametrize(
    "table_id", ["", ".git", "-rf", "a b", "a/b", "../a", "ä", "a\n", "A" * 129, None, ["a"]]
)
def test_bad_ids_are_refused(table_id):
    assert refusals(id=table_id)


def test_a_numeric_id_is_text():
    assert table(id=Plain("2024")).id == "2024"


@pytest.mark.parametrize(
    ("fields", "public", "groups"),
    [
        ({}, True, []),
        ({"access": "public"}, True, []),
        ({"access": None}, True, []),
        ({"access": {"groups": ["finance", "sales"]}}, False, ["finance", "sales"]),
        ({"access": {"groups": []}}, False, []),
        ({"is_public": True}, True, []),
        ({"is_public": False}, False, []),
        ({"is_public": Plain("false")}, False, []),
    ],
)
def test_who_may_see_a_table(fields, public, groups):
    made = table(**fields)

    assert (made.public, made.groups) == (public, groups)


@pytest.mark.parametrize(
    "access", ["private", "Public", "", ["finance"], {"group": ["a"]}, {"groups": "a"}, {}, True]
)
def test_access_in_other_words_is_refused_rather_than_guessed(access):
    assert refusals(access=access)


@pytest.mark.parametrize("access", ["public", {"groups": ["finance"]}])
@pytest.mark.parametrize("is_public", [True, False])
def test_access_is_said_once(access, is_public):
    assert refusals(access=access, is_public=is_public)


@pytest.mark.parametrize("value", ["yes", "no", "true", 1, 0, Plain("1"), "off"])
@pytest.mark.parametrize("key", ["is_public", "profile_after_sync"])
def test_a_switch_is_true_or_false(key, value):
    assert refusals(**{key: value})


@pytest.mark.parametrize("key", ["order_id", ["order_id", "line"]])
def test_the_primary_key_is_a_column_or_several(key):
    assert table(primary_key=key).primary_key == key


@pytest.mark.parametrize("key", [{"a": 1}, ["a", ["b"]], 5])
def test_another_primary_key_is_refused(key):
    assert refusals(primary_key=key)


@pytest.mark.parametrize("key", ["column", "acess", "registered_at"])
def test_unknown_keys_are_refused(key):
    assert refusals(**{key: "x"})


def test_what_is_known_of_a_column():
    known = {"basetype": "STRING", "description": "Buyer", "pii": Plain("true")}

    made = table(columns={"email": known}).columns["email"]

    assert made == Column(basetype="STRING", description="Buyer", pii=True)
    assert (made.confidence, made.source) == ("manual", "manual")


def test_a_column_may_be_named_alone():
    assert table(columns={"email": None}).columns == {"email": Column()}


@pytest.mark.parametrize(
    "known",
    [
        {"basetype": "VARCHAR"},
        {"basetype": "string"},
        {"confidence": "sure"},
        {"source": "me"},
        {"pii": "yes"},
        {"type": "STRING"},
        "STRING",
        ["STRING"],
    ],
)
def test_a_column_that_the_model_does_not_know_is_refused(known):
    assert refusals(columns={"email": known})


@pytest.mark.parametrize("name", ["", "  "])
def test_a_column_has_a_name(name):
    assert refusals(columns={name: {}})


def test_the_contracts_words_are_all_there():
    assert set(get_args(Basetype)) == {
        *("STRING", "INTEGER", "NUMERIC", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"),
    }
    assert set(get_args(Confidence)) == {"high", "medium", "low", "manual"}
    assert set(get_args(MetadataSource)) == {"manual", "ai_enrichment", "keboola_import"}


def test_yaml_leaves_out_the_defaults():
    made = table(source_type="local", access="public", columns={"a": {"confidence": "manual"}})

    assert made.to_yaml() == {"id": "orders", "columns": {"a": {}}}


TEXT = st.text(max_size=20)
NAME = TEXT.filter(str.strip)
COLUMN = st.fixed_dictionaries(
    {},
    optional={
        "basetype": st.sampled_from(get_args(Basetype)),
        "description": st.none() | TEXT,
        "confidence": st.sampled_from(get_args(Confidence)),
        "source": st.sampled_from(get_args(MetadataSource)),
        "pii": st.booleans(),
    },
)
ACCESS = st.one_of(
    st.fixed_dictionaries({}),
    st.fixed_dictionaries({"is_public": st.booleans()}),
    st.fixed_dictionaries(
        {"access": st.just("public") | st.builds(dict, groups=st.lists(NAME, max_size=2))}
    ),
)
FIELDS = st.fixed_dictionaries(
    {"id": st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,9}", fullmatch=True)},
    optional={
        **dict.fromkeys(["name", "source_type", "sync_strategy", "query_mode"], TEXT),
        **dict.fromkeys(["description", "bucket", "sync_schedule", "folder"], st.none() | TEXT),
        "primary_key": TEXT | st.lists(NAME, max_size=2),
        "profile_after_sync": st.booleans(),
        "columns": st.dictionaries(NAME, COLUMN, max_size=3),
    },
)


@given(FIELDS, ACCESS)
def test_every_table_survives_the_way_to_yaml_and_back(fields, access):
    made = Table.model_validate(fields | access)

    assert Table.model_validate(made.to_yaml()) == made
