from __future__ import annotations

import pytest

from agnes.errors import GitError
from agnes.git.refs import locate
from agnes.git.settings import read_setting, write_settings

ODD = "a \"b\" 'c' \\ %O # ; $d"


def test_git_reads_what_was_set(catalog):
    location = locate(catalog.path)

    write_settings(location, {"agnes.x": ODD})

    assert catalog.git("config", "--local", "agnes.x") == ODD
    assert read_setting(location, "agnes.x") == ODD


def test_what_is_taken_out_is_gone_and_may_be_so_already(catalog):
    location = locate(catalog.path)
    write_settings(location, {"agnes.x": "1"})

    for _ in range(2):
        write_settings(location, {"agnes.x": None})
        assert read_setting(location, "agnes.x") is None


def test_settings_that_cannot_be_written_are_an_expected_error(catalog):
    (catalog.path / ".git" / "config.lock").write_text("")

    with pytest.raises(GitError, match="cannot write"):
        write_settings(locate(catalog.path), {"agnes.x": "1"})
