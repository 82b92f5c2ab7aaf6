from __future__ import annotations

import pytest

from tests.cli.commands import all_problems, lines

NAMES = ["setup", "metrics", "metadata", "troubleshoot"]


def test_the_pages_are_listed_with_what_they_are_about(da):
    done = da("skills", "list")

    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == NAMES
    listed = da("skills", "list", "--json").json
    assert [page["name"] for page in listed] == NAMES
    assert all(page["title"] in done.out for page in listed)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_short_and_its_commands_are_commands(da, name):
    done = da("skills", "show", name)

    assert done.code == 0
    assert len(done.out) < 3_000
    assert list(lines(done.out))
    assert all_problems(done.out) == []
    assert da("skills", "show", name, "--json").json["text"] == done.out


def test_the_page_on_setup_says_what_is_needed(da):
    assert "Prerequisites" in da("skills", "show", "setup").out


@pytest.mark.parametrize(("name", "meant"), [("metric", "metrics"), ("x", "troubleshoot")])
def test_a_page_that_is_not_there_ends_with_the_nearest(da, name, meant):
    done = da("skills", "show", name)

    assert (done.code, done.out) == (1, "")
    assert meant in done.err


def test_no_catalog_is_needed(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert da("skills", "show", "metrics").code == 0
