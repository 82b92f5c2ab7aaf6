from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.cache.arrow import Kind, insert

TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "float": "FLOAT",
    "time": "TIMESTAMP",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def utc(*parts: int) -> datetime:
    """A time in UTC without an offset, as DuckDB gives it back."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def read_back(columns: dict[str, Kind], rows: list[tuple]) -> list[tuple]:
    with duckdb.connect() as connection:
        definition = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind in columns.items())
        connection.execute(f"CREATE TABLE target ({definition})")
        insert(connection, "target", columns, rows)
        return connection.execute("SELECT * FROM target").fetchall()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["a", None, "", "größe 🎉", 'it\'s "quoted"', "a\0b", "x" * 100_000]),
        ("texts", [["a", "b"], [], ["", "größe"], ["x"] * 1000]),
        ("bool", [True, False, None]),
        ("int", [0, -1, None, 2**40]),
        ("float", [0.5, None, -2.0]),
        (
            "time",
            [
                utc(2024, 2, 29, 12, 30, 1, 5),
                None,
                utc(1970, 1, 1),
                utc(1901, 5, 6),
                utc(2106, 1, 1),
            ],
        ),
    ],
)
def test_values_come_back_as_they_went_in(kind, values):
    assert [row[0] for row in read_back({"value": kind}, [(value,) for value in values])] == values


@pytest.mark.parametrize("kind", ["text", "bool", "int", "float", "time"])
def test_a_column_of_nulls_alone_is_written(kind):
    assert read_back({"value": kind}, [(None,), (None,)]) == [(None,), (None,)]


@pytest.mark.parametrize("values", [[[]], [[], []], [["a"], []]])
def test_lists_may_all_be_empty(values):
    assert read_back({"value": "texts"}, [(value,) for value in values]) == [(v,) for v in values]


def test_no_rows_are_no_work():
    assert read_back({"value": "text"}, []) == []


def test_columns_that_are_not_named_get_their_defaults():
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE target (a VARCHAR, b VARCHAR DEFAULT 'usual')")
        insert(connection, "target", {"a": "text"}, [("x",)])
        assert connection.execute("FROM target").fetchall() == [("x", "usual")]


def test_columns_are_matched_by_name_and_may_be_reserved_words():
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE target ("column" VARCHAR, "order" BIGINT)')
        insert(connection, "target", {"order": "int", "column": "text"}, [(1, "x")])
        assert connection.execute("FROM target").fetchall() == [("x", 1)]


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="argument"):
        read_back({"a": "text", "b": "text"}, [("x", "y"), ("z",)])


@given(
    st.lists(
        st.tuples(st.none() | TEXT, st.lists(TEXT, max_size=5), st.none() | st.booleans()),
        min_size=1,
    )
)
def test_any_rows_come_back_as_they_went_in(rows):
    assert read_back({"a": "text", "b": "texts", "c": "bool"}, rows) == rows


def test_a_failed_insert_leaves_nothing_behind_and_the_next_one_works():
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE target (a VARCHAR NOT NULL)")
        with pytest.raises(duckdb.ConstraintException):
            insert(connection, "target", {"a": "text"}, [("x",), (None,)])
        insert(connection, "target", {"a": "text"}, [("y",)])
        assert connection.execute("FROM target").fetchall() == [("y",)]
