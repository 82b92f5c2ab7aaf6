from __future__ import annotations

import time
from pathlib import Path

import pytest

from agnes.config import (
    author,
    author_from_environment,
    catalog_from_environment,
    colors_wanted,
    git_environment,
)
from agnes.errors import UsageError


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("some/where", Path("some/where"))],
)
def test_the_catalog_comes_from_the_environment(monkeypatch, value, expected):
    if value is not None:
        monkeypatch.setenv("AGNES_CATALOG", value)

    assert catalog_from_environment() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ada Lovelace <ada@example.com>", ("Ada Lovelace", "ada@example.com")),
        ("  Ada   <ada@example.com>  ", ("Ada", "ada@example.com")),
        ("Größe, M. <a+b@c>", ("Größe, M.", "a+b@c")),
        ("A<a@b>", ("A", "a@b")),
    ],
)
def test_the_author_comes_from_our_variable(monkeypatch, value, expected):
    monkeypatch.setenv("AGNES_AUTHOR", value)

    assert author_from_environment() == expected


@pytest.mark.parametrize(
    "value",
    [
        "Ada",
        "ada@example.com",
        "<ada@example.com>",
        "Ada <>",
        "Ada <a@b> x",
        "Ada <a <b>>",
        "Ada\nEve <a@b>",
        " <a@b>",
    ],
)
def test_an_author_that_cannot_be_read_is_an_error_with_an_example(monkeypatch, value):
    monkeypatch.setenv("AGNES_AUTHOR", value)

    with pytest.raises(UsageError, match="AGNES_AUTHOR") as caught:
        author_from_environment()
    assert "ada@example.com" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("Grace", "grace@example.com", ("Grace", "grace@example.com")),
        ("Grace", None, None),
        (None, "grace@example.com", None),
        ("", "", None),
    ],
)
def test_the_author_comes_from_gits_variables_otherwise(monkeypatch, name, email, expected):
    monkeypatch.delenv("AGNES_AUTHOR")
    for variable, value in (("GIT_AUTHOR_NAME", name), ("GIT_AUTHOR_EMAIL", email)):
        monkeypatch.delenv(variable)
        if value is not None:
            monkeypatch.setenv(variable, value)

    assert author_from_environment() == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("1700000000 +0000", (1_700_000_000, 0)),
        ("1700000000 +0130", (1_700_000_000, 90)),
        ("1700000000 -0500", (1_700_000_000, -300)),
        ("@1700000000 +0200", (1_700_000_000, 120)),
    ],
)
def test_the_time_of_a_change_comes_from_gits_variables(monkeypatch, date, expected):
    monkeypatch.setenv("GIT_AUTHOR_DATE", date)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1600000000 +0000")

    made = author("Ada", "ada@example.com")

    assert (made.time, made.offset) == expected
    assert (made.commit_time, made.commit_offset) == (1_600_000_000, 0)


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "2024-01-01", "1700000000", "123456789012 +0000"]
)
def test_a_time_that_cannot_be_read_is_now(monkeypatch, date):
    if date is not None:
        monkeypatch.setenv("GIT_AUTHOR_DATE", date)
    before = int(time.time())

    assert before <= author("Ada", "ada@example.com").time <= before + 5


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colors_are_wanted_unless_the_environment_says_no(monkeypatch, variables, wanted):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert colors_wanted() is wanted


def test_gits_client_is_not_told_where_the_repository_of_a_hook_is(monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/srv/other.git")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")

    found = git_environment()

    assert "GIT_DIR" not in found
    assert (found["GIT_SSH_COMMAND"], found["GIT_TERMINAL_PROMPT"]) == ("ssh -i key", "0")
