from __future__ import annotations

import pytest

from agnes.merge.hunk import resolve
from agnes.merge.three_way import merge_data, said
from agnes.merge.weave import weave
from agnes.yaml.edit import Lines
from agnes.yaml.loader import load
from agnes.yaml.ruamel import CannotEditError


def woven(base: str, ours: str, theirs: str) -> str:
    texts: list[Lines] = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    plan = merge_data(*(load(text.encode()) for text in (base, ours, theirs)))
    text = "".join(resolve(weave(plan, *texts), "ours"))
    assert load(text.encode()) == said(plan, "ours")
    return text


def test_each_key_has_the_lines_of_the_side_that_it_is_taken_from():
    base = "a: 1\nb: 2\nc: 3\n"

    assert woven(base, base.replace("1", "'x'  # ours"), base.replace("2", '"y"  # theirs')) == (
        "a: 'x'  # ours\nb: \"y\"  # theirs\nc: 3\n"
    )


def test_lines_of_theirs_are_indented_as_those_of_ours():
    ours, theirs = "a:\n    b: 1\n    c:\n        - x\n", "a:\n  b: 0\n  c:\n    - x\n    - y\n"

    assert woven("a:\n  b: 0\n  c:\n    - x\n", ours, theirs) == (
        "a:\n    b: 1\n    c:\n        - x\n        - y\n"
    )


def test_a_comment_that_both_sides_moved_away_from_is_where_its_key_is():
    base = "a: 1\n# of b\nb: 2\nc: 3\n"

    assert woven(base, "c: 3\na: 1\n# of b\nb: 2\n", base.replace("2", "4")) == (
        "c: 3\na: 1\n# of b\nb: 4\n"
    )


def test_an_entry_behind_a_dash_is_woven_too():
    base = "x:\n- name: a\n  b: 1\n  c: 2\n"

    assert woven(base, base.replace("1", "8 # o"), base.replace("2", "9 # t")) == (
        "x:\n- name: a\n  b: 8 # o\n  c: 9 # t\n"
    )


def test_a_value_on_one_line_is_written_anew_and_keeps_its_numbers():
    base = "x: {a: 1.10, b: 2.20}  # both\n"

    assert woven(base, base.replace("1.10", "1.50"), base.replace("2.20", "3.30")) == (
        "x: {a: 1.50, b: 3.30}  # both\n"
    )


def test_lines_that_cannot_be_cut_into_keys_are_refused():
    with pytest.raises(CannotEditError):
        woven("{a: 1, b: 2}\n", "{a: 3, b: 2}\n", "{a: 1, b: 4}\n")
