from __future__ import annotations

import pytest

from agnes.merge.three_way import CannotMergeError, alike, clashes, merge_data, said
from agnes.model.scalar import Plain


def merged(base, ours, theirs):
    plan = merge_data(base, ours, theirs)
    assert not list(clashes(plan))
    return said(plan, "ours")


def test_a_change_of_either_side_is_taken():
    base = {"a": "1", "b": "2", "c": "3"}

    assert merged(base, base | {"a": "x"}, {"a": "1", "b": "y"}) == {"a": "x", "b": "y"}


def test_a_clash_is_said_for_either_side_and_named_by_its_path():
    base = {"columns": {"id": {"description": "a", "pii": "b"}}}
    ours = {"columns": {"id": {"description": "x", "pii": "b"}}}
    theirs = {"columns": {"id": {"description": "y", "pii": "c"}}}

    plan = merge_data(base, ours, theirs)

    assert list(clashes(plan)) == ["columns.id.description"]
    assert said(plan, "ours") == {"columns": {"id": {"description": "x", "pii": "c"}}}
    assert said(plan, "theirs") == {"columns": {"id": {"description": "y", "pii": "c"}}}


def test_a_key_that_is_deleted_here_and_changed_there_is_a_clash():
    plan = merge_data({"a": "1", "b": "2"}, {"b": "2"}, {"a": "x", "b": "2"})

    assert list(clashes(plan)) == ["a"]
    assert said(plan, "ours") == {"b": "2"}
    assert said(plan, "theirs") == {"a": "x", "b": "2"}


@pytest.mark.parametrize("kept", ["ours", "theirs"])
def test_a_mapping_that_is_deleted_here_and_changed_there_is_a_clash(kept):
    base, changed = {"meta": {"a": "1"}, "x": "y"}, {"meta": {"a": "2"}, "x": "y"}
    sides = (changed, {"x": "y"}) if kept == "ours" else ({"x": "y"}, changed)

    plan = merge_data(base, *sides)

    assert list(clashes(plan)) == ["meta"]
    assert said(plan, kept) == changed


def test_an_entry_that_is_deleted_here_and_changed_there_is_a_clash_of_its_list():
    base = {"categories": [{"name": "a"}, {"name": "b", "metrics": ["x"]}]}
    theirs = {"categories": [{"name": "a"}, {"name": "b", "metrics": ["x", "y"]}]}

    assert list(clashes(merge_data(base, {"categories": [{"name": "a"}]}, theirs))) == [
        "categories"
    ]


def test_only_the_keys_of_a_metric_are_queries():
    one, other = {"meta": {"sql": "SELECT 1"}}, {"meta": {"sql": "select 1"}}

    assert list(clashes(merge_data({"meta": {"sql": "x"}}, one, other))) == ["meta.sql"]
    assert merged({"sql": "x"}, one["meta"], other["meta"]) == {"sql": "SELECT 1"}


def test_a_query_that_became_no_text_is_a_clash():
    assert list(clashes(merge_data({"sql": "SELECT 1"}, {"sql": ["a"]}, {"sql": "SELECT 2"}))) == [
        "sql"
    ]


@pytest.mark.parametrize("versions", [("a", "b", "c"), ({}, [], {}), ({}, None, {})])
def test_what_has_no_entries_on_both_sides_is_not_merged(versions):
    with pytest.raises(CannotMergeError):
        merge_data(*versions)


def test_data_is_alike_only_in_one_spelling():
    assert alike({"a": [Plain("1.10")]}, {"a": [Plain("1.10")]})
    assert not alike(Plain("1.10"), Plain("1.1"))
    assert not alike(Plain("1.10"), "1.10")
    assert not alike({"a": None}, {})
    assert not alike(["a"], ["a", "b"])
