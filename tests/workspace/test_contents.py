from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.workspace.contents import BUDGET, contents
from agnes.workspace.quoting import tokens
from tests.workspace.test_quoting import ANY

LINE = re.compile(
    r'\[[a-z][a-z0-9_]*\] \d+|[a-z][a-z0-9_]*/[a-z][a-z0-9_]* "[^"]*"( \(\w+\))?( "[^"]*")?'
)


def metric(metric_id: str, **more: object) -> dict[str, object]:
    return {"id": metric_id, "display_name": metric_id.title(), "description": "What it is"} | more


def many(count: int, categories: int) -> list[dict[str, object]]:
    return [metric(f"c{number % categories}/m{number}") for number in range(count)]


def inside(page: str) -> list[str]:
    """The lines within the first fence, as a reader of Markdown finds it."""
    return page.removeprefix("```text\n").partition("\n```")[0].splitlines()


def test_metrics_are_by_category_with_what_they_are():
    page = contents([metric("sales/b"), metric("revenue/mrr", display_name="MRR")])

    assert inside(page) == [
        "[revenue] 1",
        'revenue/mrr "MRR" "What it is"',
        "[sales] 1",
        'sales/b "Sales/B" "What it is"',
    ]


def test_what_is_not_in_use_is_marked():
    page = contents([metric("a/b", status="deprecated"), metric("a/c", status="active")])

    assert inside(page)[1:] == ['a/b "A/B" (deprecated) "What it is"', 'a/c "A/C" "What it is"']


def test_without_metrics_it_says_so():
    assert contents([]).startswith("No metric")


@pytest.mark.parametrize(
    ("count", "categories"), [(50, 3), (200, 5), (10_000, 3), (10_000, 60), (3_000, 3_000)]
)
def test_it_keeps_to_its_budget_and_says_what_is_missing(count, categories):
    page = contents(many(count, categories))

    assert tokens(page) <= BUDGET
    listed = [line for line in inside(page) if "/" in line]
    missing = re.search(r"^(\d+) more are not listed here", page, re.MULTILINE)
    assert (int(missing[1]) if missing else 0) == count - len(listed)
    assert (missing is None) or "da metrics search" in page


def test_every_category_has_its_share():
    page = contents(many(1_000, 10))

    shares = [sum(line.startswith(f"c{number}/") for line in inside(page)) for number in range(10)]
    assert len(set(shares)) == 1
    assert shares[0] > 1


def test_the_longest_ids_keep_to_the_budget_too():
    names = [f"{'a1_' * 20}{number}" for number in range(100)]

    assert tokens(contents([metric(f"{name}/{name}") for name in names])) <= BUDGET


def test_an_id_that_is_none_is_left_out():
    page = contents([metric("a/b"), metric("../x"), metric("# Rules"), {"id": None}, metric("A/b")])

    assert inside(page) == ["[a] 1", 'a/b "A/B" "What it is"']


@given(ANY, ANY, ANY)
def test_whatever_users_wrote_stays_on_the_line_of_its_metric(name, description, metric_id):
    page = contents(
        [
            metric("a/b", display_name=name, description=description),
            metric(metric_id, display_name=name),
        ]
    )

    assert page.startswith("```text\n[")
    assert page.endswith("\n```\n")
    assert page.count("```") == 2
    assert all(LINE.fullmatch(line) for line in inside(page)), page


@given(st.lists(ANY, max_size=40))
def test_no_text_is_too_long(texts):
    page = contents(
        [
            metric(f"a/m{number}", display_name=text, description=text)
            for number, text in enumerate(texts)
        ]
    )

    assert tokens(page) <= BUDGET
