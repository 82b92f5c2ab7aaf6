"""Rules about metrics that name metrics, and about the index."""

from __future__ import annotations

import pytest

from tests.lint.conftest import REVENUE, codes, marked, metric


def metrics(**inputs: str) -> dict[str, str]:
    """Metrics in sales, each with a list of the names that it is made of."""
    return {
        f"metrics/sales/{name}.yml": metric(
            name, inputs=f"[{', '.join(f'sales/{other}' for other in others.split())}]"
        )
        for name, others in inputs.items()
    }


def circles(found) -> list[str]:
    return [item.message for item in found if item.code == "AG309"]


# Circles


def test_a_metric_that_is_made_of_itself_is_a_circle(find):
    assert circles(find(metrics(a="a"))) == ["a circle: sales/a -> sales/a"]


def test_a_circle_of_two_is_told_at_both(find):
    assert circles(find(metrics(a="b", b="a"))) == [
        "a circle: sales/a -> sales/b -> sales/a",
        "a circle: sales/b -> sales/a -> sales/b",
    ]


def test_a_circle_of_three_is_told_at_each_where_it_goes_on(find):
    files = metrics(a="d b", b="c", c="a", d="")

    found = find(files, only="AG309")

    assert circles(found)[0] == "a circle: sales/a -> sales/b -> sales/c -> sales/a"
    assert [item.path[-5] for item in found] == ["a", "b", "c"]
    assert [marked(item, files[item.path]) for item in found] == ["sales/b", "sales/c", "sales/a"]


def test_two_circles_are_both_told_and_what_leads_to_them_is_not(find):
    found = find(metrics(a="b", b="a", c="d", d="c e", e="", to="a d", between="c a"))

    assert [message.split(": ")[1] for message in circles(found)] == [
        "sales/a -> sales/b -> sales/a",
        "sales/b -> sales/a -> sales/b",
        "sales/c -> sales/d -> sales/c",
        "sales/d -> sales/c -> sales/d",
    ]


def test_what_lies_on_the_way_from_one_circle_to_another_is_in_none(find):
    found = find(metrics(a="b middle", b="a", middle="c", c="d", d="c"), only="AG309")

    assert [item.path for item in found] == [f"metrics/sales/{name}.yml" for name in "abcd"]
    assert len(circles(found)) == 4


def test_diamonds_are_no_circles(find):
    assert find(metrics(a="b c", b="d", c="d", d="e", e=""), only="AG309") == []


def test_a_long_chain_takes_no_recursion(find):
    chain = {f"m{n}": f"m{n + 1}" for n in range(250)} | {"m250": ""}

    assert find(metrics(**chain), only="AG309") == []


def test_replacements_go_round_in_circles_too(find):
    files = {
        f"metrics/sales/{name}.yml": metric(name, status="deprecated", replaced_by=f"sales/{other}")
        for name, other in ("ab", "ba")
    }

    found = find(files)

    assert codes(found) == ["AG309", "AG309"]
    assert found[0].hint == "take one out of `replaced_by`"


def test_an_input_and_a_replacement_make_no_circle_together(find):
    files = metrics(a="b") | {
        "metrics/sales/b.yml": metric("b", status="deprecated", replaced_by="sales/a")
    }

    assert codes(find(files)) == ["AG310"]


# Metrics that exist, and are in use


def test_an_unknown_metric_names_the_nearest_other_one(find):
    text = metric(inputs="[sales/revenu, sales/costz, other/thing]")

    found = find({REVENUE: text} | metrics(costs=""))

    assert [(item.code, marked(item, text), item.hint) for item in found] == [
        ("AG308", "sales/revenu", "take it out of `inputs`"),
        ("AG308", "sales/costz", "did you mean sales/costs?"),
        ("AG308", "other/thing", "take it out of `inputs`"),
    ]


def test_a_retired_metric_as_input_names_its_successor(find):
    old = metric("old", status="deprecated", replaced_by="sales/costs")
    gone = metric("gone", status="removed")
    files = metrics(costs="", revenue="old gone costs")

    found = find(files | {"metrics/sales/old.yml": old, "metrics/sales/gone.yml": gone})

    assert [(item.code, item.message, item.hint) for item in found] == [
        ("AG310", "sales/old is deprecated", "use sales/costs"),
        ("AG310", "sales/gone is removed", None),
    ]


def test_a_retired_metric_may_be_made_of_retired_ones(find):
    files = {
        "metrics/sales/a.yml": metric("a", status="deprecated", inputs="[sales/b]"),
        "metrics/sales/b.yml": metric("b", status="removed"),
    }

    assert find(files) == []


@pytest.mark.parametrize(
    ("status", "wrong"),
    [("draft", True), ("active", True), ("deprecated", False), ("removed", False)],
)
def test_a_successor_belongs_to_a_retired_metric(find, status, wrong):
    files = metrics(costs="") | {REVENUE: metric(status=status, replaced_by="sales/costs")}

    assert codes(find(files)) == (["AG311"] if wrong else [])


# The index


def index(text: str, *names: str) -> dict[str, str]:
    return {"metrics/metrics.yml": text, **metrics(**dict.fromkeys(names or ["revenue"], ""))}


@pytest.mark.parametrize(
    "text",
    [
        "categories: [{name: sales, metrics: [revenue]}]\n",
        "categories: [{name: sales, metrics: [revenue.yml]}]\n",
        "categories: [{name: All sales, folder: sales, metrics: [revenue]}]\n",
        "categories: [{name: All sales, folder: sales/, metrics: [revenue]}]\n",
        "categories: [{name: empty}, {name: sales, metrics: [revenue]}]\n",
    ],
)
def test_an_index_that_agrees_is_fine(find, text):
    assert find(index(text)) == []


def test_without_an_index_nothing_is_missing_in_it(find):
    assert find(metrics(a="", b="")) == []


def test_a_broken_index_is_not_blamed_for_what_it_does_not_list(find):
    assert codes(find(index("categories: ["))) == ["AG101"]


def test_an_index_is_told_what_it_lacks_at_the_category(find):
    text = "categories:\n  - name: sales\n    metrics:\n      - revenue\n  - name: ops\n"

    found = find(index(text, "revenue", "costs") | {"metrics/ops/up.yml": metric("up")})

    assert [(item.code, item.line, item.message) for item in found] == [
        ("AG208", 3, "sales/costs is not listed"),
        ("AG208", 5, "ops/up is not listed"),
    ]


def test_a_category_that_the_index_does_not_have_is_told_at_its_list(find):
    text = "version: '2.0'\ncategories:\n  - {name: sales, metrics: [revenue]}\n"

    found = find(index(text) | {"metrics/ops/up.yml": metric("up")})

    assert [(item.line, item.message) for item in found] == [(2, "ops/up is not listed")]


def test_what_is_listed_and_has_no_file_is_told_at_its_name(find):
    text = "categories:\n  - name: sales\n    metrics: [gone, revenue]\n"

    found = find(index(text))

    assert [(item.message, marked(item, text)) for item in found] == [
        ("sales/gone is listed, but has no file", "gone")
    ]


def test_a_metric_whose_file_is_broken_is_listed_all_the_same(find):
    files = index("categories: [{name: sales, metrics: [revenue, costs]}]\n")

    assert codes(find(files | {"metrics/sales/costs.yml": "name: ["})) == ["AG101"]


def test_what_the_index_lists_twice_is_told_at_the_second_place(find):
    text = (
        "categories:\n- name: sales\n  metrics: [revenue, revenue]\n"
        "- name: The sales\n  folder: sales\n  metrics: [revenue]\n"
    )

    found = find({"metrics/metrics.yml": text, REVENUE: metric()})

    assert [(item.code, item.line, item.column, item.message) for item in found] == [
        ("AG208", 3, 22, "sales/revenue is listed twice"),
        ("AG208", 4, 9, "sales is listed twice"),
        ("AG208", 6, 13, "sales/revenue is listed twice"),
    ]
