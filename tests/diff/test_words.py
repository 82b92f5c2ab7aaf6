from __future__ import annotations

import pytest

from agnes.diff.change import Change, FieldChange, Part
from agnes.diff.words import in_words

UNIT = FieldChange("unit", "breaking", "USD", "EUR", "unit changed")
LAYOUT = FieldChange("file", "cosmetic", None, None, "layout")
OWNER = FieldChange("owner", "documentation", None, "Ada", "owner added")


def change(*fields: FieldChange, kind: str = "changed", from_: str | None = None) -> Change:
    return Change("a/b", kind, from_, "metrics/a/b.yml", fields)


@pytest.mark.parametrize(
    ("told", "plain", "with_values"),
    [
        (change(UNIT), "unit changed", "unit changed (USD → EUR)"),
        (
            change(OWNER, UNIT),
            "unit changed; owner added",
            "unit changed (USD → EUR); owner added (Ada)",
        ),
        (change(LAYOUT), "layout", "layout"),
        (change(LAYOUT, kind="renamed", from_="a/c"), "renamed from a/c", "renamed from a/c"),
        (change(OWNER, kind="added"), "added", "added"),
        (change(OWNER, kind="added", from_="a/c"), "added, a copy of a/c", "added, a copy of a/c"),
        (change(OWNER, kind="removed"), "removed", "removed"),
    ],
)
def test_a_change_is_told_in_a_few_words(told, plain, with_values):
    assert in_words(told) == plain
    assert in_words(told, values=True) == with_values


def test_the_same_change_of_several_fields_is_told_once():
    part = Part("result-changing", "filter added", None, "a > 0")
    fields = [
        FieldChange(key, "result-changing", "x", "y", "filter added", (part,))
        for key in ("sql", "sql_by_plan")
    ]
    assert in_words(change(*fields), values=True) == "sql, sql_by_plan: filter added (a > 0)"


def test_long_values_are_left_out():
    long = FieldChange("unit", "breaking", "USD", "x" * 61, "unit changed")
    assert in_words(change(long), values=True) == "unit changed"


def test_many_things_are_counted():
    fields = [FieldChange(key, "documentation", None, None, f"{key} changed") for key in "abcdefg"]
    assert in_words(change(*fields)) == "a changed; b changed; c changed; d changed and 3 more"


def test_what_is_somebodys_is_written_in_the_readers_language():
    told = in_words(
        change(UNIT, kind="renamed", from_="a/c"), "<{}>".format, str.upper, values=True
    )
    assert told == "renamed from <a/c>; UNIT CHANGED (<USD> → <EUR>)"
