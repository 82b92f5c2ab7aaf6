from __future__ import annotations

from collections.abc import Iterator

import pytest

from agnes.cli.review_dialogue import Dialogue
from agnes.load.proposal import parse_proposal
from agnes.model.table import Column
from agnes.proposals.review import Review
from agnes.proposals.store import Stored

TEXT = b"""\
tables:
  orders:
    columns:
      a: {basetype: STRING, description: One, evidence: [seen]}
      b: {basetype: DATE, description: Two, confidence: low, pii: true}
      c: {description: Three}
"""
STORED = Stored("p.yml", TEXT, parse_proposal("p.yml", TEXT))


def review() -> Review:
    return Review(STORED.proposal, {"orders": {"a": Column(description="Mine")}}, "Ada")


def pressing(
    keys: str, on: Review | None = None, lines: tuple[str, ...] = (), editor: str | None = None
) -> tuple[list[str | None], bool]:
    """The verdicts after some keys, and whether they are kept; `^` is Ctrl-C, `$` Ctrl-D."""
    pressed: Iterator[str] = iter(keys)
    said = iter(lines)

    def read_key() -> str:
        key = next(pressed)
        if key == "^":
            raise KeyboardInterrupt
        if key == "$":
            raise EOFError
        return key

    under_review = on or review()
    dialogue = Dialogue(
        STORED, under_review, read_key, lambda _label, begin: next(said, begin), lambda _: editor
    )
    kept = dialogue.run()
    assert next(pressed, None) is None, "a key is left"
    return [item.verdict for item in under_review.items], kept


@pytest.mark.parametrize(
    ("keys", "verdicts"),
    [
        ("ara", ["accepted", "rejected", "accepted"]),
        ("ARA", ["accepted", "rejected", "accepted"]),
        ("sas", [None, "accepted", None]),
        ("abrss", ["rejected", None, None]),
        ("bbq", [None, None, None]),
        ("hsa", [None, "accepted", "accepted"]),
        ("ahr", ["accepted", "rejected", "accepted"]),
        ("x?tq", [None, None, None]),
        ("aq", ["accepted", None, None]),
        ("a$", ["accepted", None, None]),
    ],
)
def test_a_key_decides(keys, verdicts):
    assert pressing(keys) == (verdicts, True)


@pytest.mark.parametrize(
    ("keys", "kept"), [("a^y", True), ("a^n", False), ("a^^", False), ("^", True)]
)
def test_an_interrupt_asks_whether_to_keep_what_was_decided(keys, kept):
    assert pressing(keys)[1] is kept


def test_where_all_is_decided_all_is_asked_again():
    done = review()
    pressing("aaa", done)

    assert pressing("sra", done)[0] == ["accepted", "rejected", "accepted"]


def test_a_column_is_edited_line_by_line():
    done = review()
    verdicts, _ = pressing("eq", done, lines=("integer", " Mine "))

    assert verdicts == ["edited", None, None]
    said = done.changes["orders", "a"]
    assert (said.basetype, said.description) == ("INTEGER", "Mine")


def test_a_wrong_base_type_is_told_and_asked_again(capsys):
    verdicts, _ = pressing("eq", lines=("INT", "x"))

    assert verdicts == [None, None, None]
    assert "'INT' is no base type" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("# a comment\nbasetype: DATE\ndescription: |\n  Two\n  lines\n", "edited"),
        (None, None),
        ("description: [broken", None),
        ("descripton: x", None),
        ("basetype: TEXT", None),
        ("", None),
    ],
)
def test_a_column_is_edited_in_an_editor(text, verdict):
    done = review()
    verdicts, _ = pressing("oq", done, editor=text)

    assert verdicts[0] == verdict
    if verdict:
        assert done.changes["orders", "a"].description == "Two\nlines"


def test_the_editor_is_that_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("EDITOR", "sed -i s/One/Uno/")
    done = review()
    Dialogue(STORED, done, iter("oq").__next__).run()
    assert done.changes["orders", "a"].description == "Uno"

    monkeypatch.setenv("VISUAL", str(tmp_path / "none"))
    Dialogue(STORED, done, iter("oq").__next__).run()
    assert list(done.changes) == [("orders", "a")]


def test_a_column_is_shown_with_all_that_speaks_for_it(capsys):
    pressing("sq")

    out = capsys.readouterr().out
    for words in (
        *("p.yml: 3 of 3 to go", "1 of 3  orders.a", "current, manual", "Mine", "One", "seen"),
        *("a person wrote otherwise", "2 of 3  orders.b", "personal data", "low"),
    ):
        assert words in out
