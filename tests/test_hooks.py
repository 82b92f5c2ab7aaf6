"""Git's hooks, run by git: the cache follows, and a user's own hooks never notice."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agnes.cache.store import Store
from agnes.errors import AgnesError, ConflictError, GitError
from agnes.git.refs import locate
from agnes.scaffold.hooks import (
    CLIENT_HOOKS,
    SERVER_HOOKS,
    hooks_folder,
    install,
    status,
    uninstall,
)
from tests.conftest import GitRepository, metric_yaml

WAIT_SECONDS = 20.0
QUIET_SECONDS = 0.5

SHELL = '#!/bin/sh\necho "$0|$*|$(cat)" >> "$LOG"\nexit 3\n'
STRICT_BASH = '#!/usr/bin/env -S bash -eu\necho "$0|$*|$(cat)" >> "$LOG"\nexec false\n'
PYTHON = f"""#!{sys.executable}
import os, sys
with open(os.environ["LOG"], "a") as log:
    print(sys.argv[0], " ".join(sys.argv[1:]), sys.stdin.read().strip(), sep="|", file=log)
sys.exit(3)
"""
POLYGLOT = f"""#!/bin/sh
'''exec' {sys.executable} "$0" "$@"
' '''
{PYTHON}"""


@pytest.fixture
def _switched_on(monkeypatch):
    monkeypatch.delenv("AGNES_HOOKS")


@pytest.fixture
def log(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "log"
    path.write_text("")
    monkeypatch.setenv("LOG", str(path))
    return path


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def cached(catalog: Path) -> str | None:
    current = Store(locate(catalog)).current()
    return current.commit if current else None


def cache_follows(repository: GitRepository, folder: str = "") -> bool:
    tip = repository.git("rev-parse", "HEAD")
    return eventually(lambda: cached(repository.path / folder) == tip)


def has_synced(repository: GitRepository) -> bool:
    """Whether a hook has gone into the background, given a moment."""
    time.sleep(QUIET_SECONDS)
    return (repository.path / ".git" / "agnes" / "last-hook").exists()


def user_hook(repository: GitRepository, name: str, text: str, mode: int = 0o755) -> Path:
    path = repository.write(f".git/hooks/{name}", text)
    path.chmod(mode)
    return path


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every file of a folder: content, mode, where a link leads, when it was written."""
    return {
        path.name: (
            path.read_bytes() if path.is_file() else None,
            stat.S_IMODE(path.lstat().st_mode),
            path.readlink() if path.is_symlink() else None,
            path.lstat().st_mtime_ns,
        )
        for path in folder.iterdir()
    }


def count_syncs(repository: GitRepository, log: Path) -> None:
    """Have the hooks call a program that only writes a line."""
    program = repository.write(".git/count", '#!/bin/sh\necho "$@" >> "$LOG"\n')
    program.chmod(0o755)
    script = repository.path / ".git" / "hooks" / "agnes-sync-in-background"
    ours = str(Path(sys.executable).with_name("da"))
    script.write_text(script.read_text().replace(f"da={ours}\n", f"da='{program}'\n"))


# The cache follows git


def on_a_branch(repository: GitRepository) -> None:
    repository.git("switch", "--quiet", "--create", "side")
    repository.write("metrics/revenue/side.yml", metric_yaml("side"))
    repository.commit("Side")
    repository.git("switch", "--quiet", "main")
    repository.write("metrics/revenue/new.yml", metric_yaml("new"))
    repository.commit("Main")


@pytest.mark.parametrize(
    "command",
    [
        ["commit", "--quiet", "--allow-empty", "--message", "Empty"],
        ["commit", "--quiet", "--amend", "--message", "Better"],
        ["merge", "--quiet", "side"],
        ["switch", "--quiet", "side"],
        ["rebase", "--quiet", "side"],
    ],
    ids=lambda command: " ".join(command[:1] + command[2:3]),
)
def test_the_cache_follows_what_git_does(catalog, monkeypatch, command):
    on_a_branch(catalog)
    install(locate(catalog.path))
    monkeypatch.delenv("AGNES_HOOKS")

    catalog.git(*command)

    assert cache_follows(catalog)
    assert catalog.git("status", "--porcelain") == ""


def test_a_burst_of_commits_is_synced_once(catalog, log, monkeypatch):
    install(locate(catalog.path))
    count_syncs(catalog, log)
    monkeypatch.delenv("AGNES_HOOKS")

    for _ in range(8):
        catalog.git("commit", "--quiet", "--allow-empty", "--message", "One of many")

    assert eventually(lambda: log.read_text() != "")
    time.sleep(1.5)
    assert log.read_text() == "catalog sync --catalog ./\n"


@pytest.mark.usefixtures("_switched_on")
def test_a_checkout_of_files_is_no_reason_to_sync(catalog):
    install(locate(catalog.path))
    catalog.write("agnes.yml", "name: Other\n")

    catalog.git("checkout", "--quiet", "--", "agnes.yml")

    assert not has_synced(catalog)


def test_the_hooks_can_be_switched_off_by_the_environment(catalog):
    install(locate(catalog.path))

    catalog.commit()

    assert not has_synced(catalog)


@pytest.mark.usefixtures("_switched_on")
def test_what_git_says_of_its_own_call_does_not_mislead_the_sync(catalog, tmp_path):
    install(locate(catalog.path))

    catalog.git(
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "Empty",
        GIT_DIR=str(catalog.path / ".git"),
        GIT_WORK_TREE=str(catalog.path),
        GIT_OBJECT_DIRECTORY=str(catalog.path / ".git" / "objects"),
    )

    assert cache_follows(catalog)


@pytest.mark.parametrize("folder", ['it\'s a "catalog"', "$(touch injected) `x`/;&", "größe\n }"])
@pytest.mark.usefixtures("_switched_on")
def test_names_of_folders_are_never_taken_for_commands(tmp_path, folder):
    top = GitRepository(tmp_path / folder.replace("/", "_"))
    top.path.mkdir()
    top.git("init", "--quiet", "--initial-branch", "main")
    top.write(f"{folder}/agnes.yml", "name: Test catalog\n")
    top.write(f"{folder}/metrics/revenue/mrr.yml", metric_yaml("mrr"))
    install(locate(top.path / folder))
    assert status(locate(top.path / folder)).catalogs == [folder]

    top.commit()

    assert cache_follows(top, folder)
    assert not list(tmp_path.rglob("injected"))


def test_a_linked_worktree_has_the_same_hooks_and_its_own_cache(catalog, tmp_path, monkeypatch):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    install(locate(linked.path))
    assert all(status(locate(catalog.path)).hooks.values())
    monkeypatch.delenv("AGNES_HOOKS")

    linked.commit("Other")

    assert cache_follows(linked)
    assert cached(catalog.path) is None


@pytest.mark.usefixtures("_switched_on")
def test_several_catalogs_of_a_repository_all_follow(repository):
    for folder in ("one", "two", "three"):
        repository.write(f"{folder}/agnes.yml", "name: Test catalog\n")
        install(locate(repository.path / folder))
    uninstall(locate(repository.path / "three"))
    assert status(locate(repository.path)).catalogs == ["one", "two"]

    repository.commit()

    assert cache_follows(repository, "one")
    assert cache_follows(repository, "two")
    assert cached(repository.path / "three") is None


@pytest.mark.usefixtures("_switched_on")
def test_a_command_that_has_moved_is_found_on_the_path(catalog, monkeypatch):
    install(locate(catalog.path))
    folder = Path(sys.executable).parent
    script = catalog.path / ".git" / "hooks" / "agnes-sync-in-background"
    script.write_text(script.read_text().replace(str(folder), "/gone"))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    catalog.commit()

    assert cache_follows(catalog)


@pytest.mark.usefixtures("_switched_on")
def test_git_does_not_fail_when_agnes_is_gone(catalog, monkeypatch):
    install(locate(catalog.path))
    (catalog.path / ".git" / "hooks" / "agnes-sync-in-background").unlink()

    assert catalog.commit()


# A user's own hooks


@pytest.mark.parametrize(
    ("text", "mode", "done", "code"),
    [
        (SHELL, 0o755, "beside yours", 3),
        (SHELL, 0o500, "beside yours", 3),
        (STRICT_BASH, 0o755, "beside yours", 1),
        (PYTHON, 0o755, "before yours", 3),
        (POLYGLOT, 0o755, "before yours", 3),
        (SHELL.replace("#!/bin/sh\n", ""), 0o755, "before yours", 3),
        ("#!/bin/sh", 0o755, "before yours", 0),
        ("#!/bin/sh\n", 0o755, "beside yours", 0),
    ],
    ids=["sh", "private", "bash -eu", "python", "polyglot", "no shebang", "no line", "empty"],
)
def test_a_hook_of_the_users_own_runs_as_before(catalog, log, text, mode, done, code):
    hooks = [user_hook(catalog, name, text, mode) for name in ("post-checkout", "post-rewrite")]
    before = picture(hooks[0].parent)

    def logged() -> str:
        """What the hooks noted, whatever this run's commits and their own file are called."""
        catalog.git("commit", "--quiet", "--amend", "--message", "Better")
        ran = subprocess.run(
            ["git", "hook", "run", "post-checkout", "--", "a b", "*", "1"],
            cwd=catalog.path,
            check=False,
        )
        assert ran.returncode == code
        text = log.read_text().replace(".before-agnes", "")
        log.write_text("")
        return re.sub("[0-9a-f]{40}", "ID", text)

    alone = logged()
    assert [each.what for each in install(locate(catalog.path))] == [done, "new", "new", done]

    assert logged() == alone
    assert {each.what for each in uninstall(locate(catalog.path))} == {"restored", "removed"}
    assert picture(hooks[0].parent).keys() == before.keys()
    for name, (content, permissions, *_) in before.items():
        assert picture(hooks[0].parent)[name][:2] == (content, permissions)
    assert logged() == alone


def test_a_hook_that_is_switched_off_stays_so(catalog, log):
    hook = user_hook(catalog, "post-commit", SHELL, 0o644)

    install(locate(catalog.path))
    catalog.commit()
    assert status(locate(catalog.path)).hooks["post-commit"]
    assert log.read_text() == ""

    uninstall(locate(catalog.path))
    assert (hook.read_text(), stat.S_IMODE(hook.stat().st_mode)) == (SHELL, 0o644)


@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_not_written(catalog, log, tmp_path, there):
    dotfile = tmp_path / "dotfiles" / "hook"
    if there:
        dotfile.parent.mkdir()
        dotfile.write_text(SHELL)
        dotfile.chmod(0o755)
    link = catalog.path / ".git" / "hooks" / "post-commit"
    link.symlink_to("../../../dotfiles/hook")

    install(locate(catalog.path))
    catalog.commit()

    assert log.read_text().count("|") == (2 if there else 0)
    assert not there or dotfile.read_text() == SHELL
    uninstall(locate(catalog.path))
    assert str(link.readlink()) == "../../../dotfiles/hook"


@pytest.mark.parametrize("text", [SHELL, PYTHON])
def test_installing_twice_changes_nothing(catalog, text):
    hook = user_hook(catalog, "post-commit", text)
    install(locate(catalog.path))
    before = picture(hook.parent)

    assert {done.what for done in install(locate(catalog.path))} == {"unchanged"}

    assert picture(hook.parent) == before


def test_what_is_added_to_our_hook_is_kept(catalog, log):
    install(locate(catalog.path))
    hook = catalog.path / ".git" / "hooks" / "post-commit"
    with hook.open("a") as file:
        file.write('echo added >> "$LOG"\n')

    catalog.commit()
    uninstall(locate(catalog.path))
    catalog.commit()

    assert log.read_text() == "added\nadded\n"
    assert "agnes-" not in hook.read_text()


def test_a_name_that_is_taken_is_not_overwritten(catalog):
    user_hook(catalog, "post-commit", PYTHON)
    user_hook(catalog, "post-commit.before-agnes", "older")

    with pytest.raises(ConflictError, match="in the way"):
        install(locate(catalog.path))

    folder = catalog.path / ".git" / "hooks"
    assert (folder / "post-commit").read_text() == PYTHON
    assert (folder / "post-commit.before-agnes").read_text() == "older"


# Where hooks are


@pytest.mark.usefixtures("_switched_on")
def test_a_folder_for_hooks_in_the_repository_is_used(catalog):
    catalog.git("config", "core.hooksPath", ".githooks")
    (catalog.path / "metrics").joinpath("deep").mkdir()

    install(locate(catalog.path))

    assert hooks_folder(locate(catalog.path)) == catalog.path / ".githooks"
    assert not (catalog.path / ".git" / "hooks" / "post-commit").exists()
    catalog.commit()
    assert cache_follows(catalog)


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_hooks_that_other_repositories_share_are_refused(catalog, tmp_path, monkeypatch, scope):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    shared = tmp_path / "shared"
    catalog.git("config", scope, "core.hooksPath", str(shared))

    with pytest.raises(ConflictError, match="outside of it") as caught:
        install(locate(catalog.path))

    assert not shared.exists()
    remedy = caught.value.hint.partition(": ")[2].removeprefix("git ")
    catalog.git(*remedy.split())
    assert {done.what for done in install(locate(catalog.path))} == {"new"}


def test_a_linked_folder_for_hooks_is_one_that_others_share(catalog, tmp_path):
    folder = catalog.path / ".git" / "hooks"
    folder.rename(tmp_path / "shared")
    folder.symlink_to(tmp_path / "shared")

    with pytest.raises(ConflictError, match="outside of it"):
        install(locate(catalog.path))


def test_a_bare_repository_gets_the_hooks_of_a_server(catalog, tmp_path):
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(tmp_path / "x.git"))
    location = locate(tmp_path / "x.git")

    assert [done.hook for done in install(location)] == list(SERVER_HOOKS)
    assert all(status(location).hooks.values())
    assert [done.hook for done in uninstall(location)] == list(SERVER_HOOKS)


def test_nothing_installed_is_nothing_to_take_out(catalog):
    assert uninstall(locate(catalog.path)) == []
    assert status(locate(catalog.path)).hooks == dict.fromkeys(CLIENT_HOOKS, False)


def test_a_folder_that_cannot_be_written_is_an_expected_error(catalog):
    for sample in (catalog.path / ".git" / "hooks").iterdir():
        sample.unlink()
    (catalog.path / ".git" / "hooks").rmdir()
    (catalog.path / ".git" / "hooks").write_text("a file")

    with pytest.raises(AgnesError, match="cannot write"):
        install(locate(catalog.path))


def test_without_git_there_is_an_expected_error(catalog, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError, match="not there"):
        install(locate(catalog.path))
