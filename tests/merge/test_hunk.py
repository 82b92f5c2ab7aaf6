from __future__ import annotations

from agnes.merge.hunk import Hunk, mark, resolve


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_a_conflict_is_decided_for_either_side():
    woven = ["a\n", Hunk(["b\n"], ["c\n"]), "d\n"]

    assert "".join(resolve(woven, "ours")) == "a\nb\nd\n"
    assert "".join(resolve(woven, "theirs")) == "a\nc\nd\n"


def test_markers_stand_around_what_differs():
    hunk = Hunk(lines("sql: |\n  a\n  b\n  c\n"), lines("sql: |\n  a\n  x\n  y\n  c\n"))

    assert "".join(mark([hunk], 3)) == (
        "sql: |\n  a\n<<< ours\n  b\n===\n  x\n  y\n>>> theirs\n  c\n"
    )


def test_lines_that_begin_and_end_alike_are_not_taken_twice():
    assert "".join(mark([Hunk(lines("a\n"), lines("a\na\n"))], 3)) == (
        "a\n<<< ours\n===\na\n>>> theirs\n"
    )


def test_a_deletion_is_an_empty_side():
    assert "".join(mark([Hunk([], ["a\n"])], 3)) == "<<< ours\n===\na\n>>> theirs\n"
