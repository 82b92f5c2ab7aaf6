from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.access.access import NOTHING, Hidden
from agnes.errors import UsageError
from agnes.serving.listing import Wanted, find_page, read_rows
from agnes.serving.serving import Serving


def pages(serving: Serving, size: int, hidden: Hidden = NOTHING) -> list[list[str]]:
    found, cursor = [], None
    with serving.edition.reading() as snapshot:
        while True:
            page = find_page(snapshot, Wanted(limit=size, cursor=cursor), hidden)
            found.append(list(page.ids))
            if page.cursor is None:
                return found
            cursor = page.cursor


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [["revenue/arr"], ["revenue/mrr"]]),
        (2, [["revenue/arr", "revenue/mrr"]]),
        (3, [["revenue/arr", "revenue/mrr"]]),
    ],
)
def test_pages_make_up_the_list(serving, size, expected):
    assert pages(serving, size) == expected


def test_what_is_hidden_is_on_no_page(serving):
    assert pages(serving, 1, Hidden(metrics=frozenset({"revenue/arr"}))) == [["revenue/mrr"]]


@given(cursor=st.text())
def test_any_text_may_come_as_a_cursor(cursor):
    class Snapshot:
        def rows(self, *_):
            return [{"id": "a/b"}]

    try:
        found = find_page(Snapshot(), Wanted(cursor=cursor), NOTHING)
    except UsageError:
        return
    assert found.total == 1


def test_rows_have_the_fields_in_the_order_of_the_ids(serving):
    with serving.edition.reading() as snapshot:
        found = read_rows(snapshot, ["revenue/mrr", "revenue/arr"], ["unit", "name"])

    assert found == [{"unit": "USD", "name": "mrr"}, {"unit": "USD", "name": "arr"}]


@pytest.mark.parametrize("field", ["", "nothing", 'id"', "id; DROP TABLE x", "*"])
def test_a_field_is_a_column(serving, field):
    with serving.edition.reading() as snapshot, pytest.raises(UsageError, match="there is no"):
        read_rows(snapshot, ["revenue/mrr"], [field])
