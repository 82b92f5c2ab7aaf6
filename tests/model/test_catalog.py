from __future__ import annotations

import pytest
from pydantic import ValidationError

from agnes.model.catalog import Index, IndexCategory, Lint, Settings, approvers
from agnes.model.scalar import Plain


@pytest.mark.parametrize("content", [None, {}, {"name": None, "lint": None}])
def test_all_settings_are_optional(content):
    made = Settings.model_validate(content)

    assert (made.name, made.branch, made.lint, made.write_mode) == (None, None, Lint(), "commit")


def test_settings_of_the_contract():
    given = {
        "name": "Acme",
        "description": "Our numbers",
        "sync_interval": "1 hour",
        "branch": "main",
        "lint": {"severities": {"AG209": "error"}, "ignores": {"metrics/old/**": ["AG301"]}},
        "write_mode": "branch",
        "certifiers": ["ada@example.com"],
        "engine": "duckdb",
    }

    made = Settings.model_validate(given)

    assert made.lint.severities == {"AG209": "error"}
    assert made.lint.ignores == {"metrics/old/**": ["AG301"]}
    assert (made.write_mode, made.certifiers) == ("branch", ["ada@example.com"])


@pytest.mark.parametrize(
    "content",
    [
        {"nam": "Acme"},
        {"write_mode": "push"},
        {"lint": ["AG209"]},
        {"lint": {"severities": {"AG209": "fatal"}}},
        {"lint": {"severities": {"grain": "off"}}},
        {"lint": {"ignores": {"metrics/**": "AG301"}}},
        {"lint": {"AG209": "error"}},
        {"certifiers": "ada@example.com"},
        {"name": ["Acme"]},
        [],
        "text",
    ],
)
def test_other_settings_are_refused(content):
    with pytest.raises(ValidationError):
        Settings.model_validate(content)


@pytest.mark.parametrize("content", [None, {}, {"categories": None}])
def test_an_empty_index_has_no_categories(content):
    made = Index.model_validate(content)

    assert (made.version, made.categories) == ("2.0", [])


def test_an_index_keeps_its_order():
    made = Index.model_validate({"categories": [{"name": "sales"}, {"name": "finance"}]})

    assert [category.category for category in made.categories] == ["sales", "finance"]


def test_an_unquoted_version_is_text():
    assert Index.model_validate({"version": Plain("2.0")}).version == "2.0"


@pytest.mark.parametrize(
    ("fields", "category"),
    [
        ({"name": "revenue"}, "revenue"),
        ({"name": "Product usage", "folder": "product_usage"}, "product_usage"),
        ({"name": "Product usage", "folder": "product_usage/"}, "product_usage"),
        ({"name": "revenue", "folder": None}, "revenue"),
    ],
)
def test_the_folder_is_the_category(fields, category):
    index = Index.model_validate({"categories": [fields]})

    assert index.categories[0].category == category


def test_a_category_may_list_nothing_yet():
    category = IndexCategory.model_validate({"name": "revenue", "metrics": None, "folder": None})

    assert (category.category, category.metrics) == ("revenue", [])


@pytest.mark.parametrize("name", ["mrr", "mrr.yml", "mrr.yaml"])
def test_metrics_are_listed_with_or_without_the_ending(name):
    assert IndexCategory(name="revenue", metrics=[name]).metrics == ["mrr"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Product usage"},
        {"name": ""},
        {"folder": "revenue"},
        {"name": "A", "folder": "B C"},
        {"name": "A", "folder": "../b"},
        {"name": "revenue", "metrics": "mrr"},
        {"name": "revenue", "fodler": "x"},
    ],
)
def test_other_categories_are_refused(fields):
    with pytest.raises(ValidationError):
        IndexCategory.model_validate(fields)


def test_an_index_of_the_older_kind_is_read():
    index = Index.model_validate(
        {
            "version": "2.0",
            "categories": [{"name": "Revenue", "folder": "revenue", "metrics": ["mrr.yml"]}],
        }
    )

    assert index.categories[0].metrics == ["mrr"]


@pytest.mark.parametrize(
    "text", ["1 hour", "30 minutes", "6h", "every 6h", "15 min", "90s", "daily", "2 weeks"]
)
def test_an_interval_is_a_number_and_a_unit(text):
    assert Settings.model_validate({"sync_interval": text}).sync_interval == text


@pytest.mark.parametrize("text", ["1 fortnight", "-1 hour", "0 hours", "", "hour", "1:30", "1 h 1"])
def test_an_interval_that_is_none_is_refused(text):
    with pytest.raises(ValidationError, match="sync_interval"):
        Settings.model_validate({"sync_interval": text})


@pytest.mark.parametrize("name", ["main", "team/metrics", "release-1.2", "größe", "on", "a@b"])
def test_a_branch_has_a_name_that_git_takes(name):
    assert Settings.model_validate({"branch": name}).branch == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "--upload-pack=x", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b"),
        *(
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.",
            "a.lock",
            "a.lock/b",
            "@",
            "a@{1}",
            "a\n",
            "\x7f",
        ),
    ],
)
def test_a_branch_that_git_would_not_take_is_refused(name):
    with pytest.raises(ValidationError, match="must be the name of a branch"):
        Settings.model_validate({"branch": name})


@pytest.mark.parametrize(
    ("certifiers", "wanted"),
    [
        ([], None),
        (["Ada@Example.com"], {"ada@example.com"}),
        (["finance", "c@x"], {"a@x", "b@x", "c@x"}),
        (["nobody"], set()),
        (["finance", "nobody"], {"a@x", "b@x"}),
    ],
)
def test_certifiers_are_people_and_groups_of_people(certifiers, wanted):
    assert approvers(certifiers, {"finance": ["a@x", "B@x"]}) == wanted
