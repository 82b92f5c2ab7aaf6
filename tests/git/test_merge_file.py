from __future__ import annotations

import pytest

from agnes.errors import GitError
from agnes.git.merge_file import merge_text

BASE = b"a\nb\nc\nd\ne\n"


def test_lines_apart_are_merged():
    ours, theirs = BASE.replace(b"a", b"x"), BASE.replace(b"e", b"y")

    assert merge_text(BASE, ours, theirs, 7) == (b"x\nb\nc\nd\ny\n", True)


def test_a_conflict_is_marked():
    text, clean = merge_text(BASE, BASE.replace(b"a", b"x"), BASE.replace(b"a", b"y"), 9)

    assert not clean
    assert text.startswith(b"<<<<<<<<< ours\nx\n=========\ny\n>>>>>>>>> theirs\n")


def test_what_is_no_text_stays_ours():
    assert merge_text(b"\0", b"\0a", b"\0b", 7) == (b"\0a", False)


def test_without_git_there_is_an_expected_error(monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError):
        merge_text(BASE, b"x", b"y", 7)
