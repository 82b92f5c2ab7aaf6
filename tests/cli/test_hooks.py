"""`da hooks`, and what `da init` does with them."""

from __future__ import annotations

import subprocess

import pytest

from agnes.scaffold.hooks import CLIENT_HOOKS, SERVER_HOOKS


def test_install_says_what_it_did(da, here):
    here.write(".git/hooks/post-commit", "#!/bin/sh\n").chmod(0o755)
    here.write(".git/hooks/post-merge", "#!/usr/bin/env python3\n").chmod(0o755)

    done = da("hooks", "install")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"Hooks in {here.path / '.git' / 'hooks'}:",
        "  post-checkout  new",
        "  post-commit    beside yours",
        "  post-merge     before yours",
        "  post-rewrite   new",
    ]


def test_uninstall_says_what_it_did(da, here):
    da("hooks", "install")

    found = da("hooks", "uninstall", "--json").json

    assert found == {
        "folder": str(here.path / ".git" / "hooks"),
        "hooks": [{"hook": name, "done": "removed"} for name in CLIENT_HOOKS],
    }
    assert da("hooks", "uninstall").out.startswith("No hooks were changed")


def test_status_exits_with_1_unless_all_are_in_place(da, here):
    assert da("hooks", "status").code == 1
    da("hooks", "install")
    done = da("hooks", "status", "--json")
    assert (done.code, done.json) == (
        0,
        {
            "installed": True,
            "folder": str(here.path / ".git" / "hooks"),
            "hooks": dict.fromkeys(CLIENT_HOOKS, True),
            "catalogs": ["."],
            "merging": True,
        },
    )
    (here.path / ".git" / "hooks" / "post-merge").chmod(0o644)
    done = da("hooks", "status")
    assert done.code == 1
    assert done.out.startswith("not installed")
    assert "missing   post-merge" in done.out


def test_status_is_about_one_catalog(da, here):
    here.write("other/agnes.yml", "name: Other\n")
    da("hooks", "install")

    assert da("hooks", "status", "--catalog", "other").code == 1


def test_a_bare_repository_is_named(da, here, tmp_path):
    here.git("clone", "--quiet", "--bare", ".", str(tmp_path / "x.git"))

    found = da("hooks", "install", "--catalog", tmp_path / "x.git", "--json").json

    assert [each["hook"] for each in found["hooks"]] == list(SERVER_HOOKS)


def test_hooks_elsewhere_are_an_expected_error_with_a_remedy(da, here, tmp_path):
    here.git("config", "core.hooksPath", str(tmp_path / "shared"))

    done = da("hooks", "install")

    assert done.code == 1
    assert "outside of it" in done.err
    assert "git config core.hooksPath" in done.err


# da init


def test_init_puts_the_hooks_in_place(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert da("init", "numbers", "--json").json["hooks"] == list(CLIENT_HOOKS)
    assert da("hooks", "status", "--catalog", "numbers").code == 0


def test_init_leaves_the_hooks_out_on_request(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = da("init", "numbers", "--no-hooks")

    assert "Git hooks" not in done.out
    assert da("hooks", "status", "--catalog", "numbers").code == 1


@pytest.mark.parametrize("reason", ["hooks elsewhere", "no git"])
def test_init_succeeds_where_there_can_be_no_hooks(da, tmp_path, monkeypatch, reason):
    monkeypatch.chdir(tmp_path)
    if reason == "no git":
        monkeypatch.setenv("PATH", "")
    else:
        config = tmp_path / "gitconfig"
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        shared = ["core.hooksPath", str(tmp_path / "shared")]
        subprocess.run(["git", "config", "--file", str(config), *shared], check=True)

    done = da("init", "numbers", "--json")

    assert done.code == 0
    assert done.json["hooks"] == []
    assert "note: no git hooks" in done.err
