"""A push to a bare repository with the hooks of a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agnes.git.refs import locate
from agnes.scaffold.hooks import install
from tests.conftest import GitRepository, metric_yaml
from tests.test_hooks import PYTHON, SHELL, cached, eventually

BROKEN = "name: 'mrr\n"
BASH = SHELL.replace("/bin/sh", "/usr/bin/env -S bash -eu")
READING = f"""#!{sys.executable}
import sys
from pathlib import Path
from agnes.git.refs import locate
from agnes.git.repository import Repository
repository = Repository(locate(Path()))
for line in sys.stdin:
    commit = repository.resolve(line.split()[1])
    entries = repository.entries(repository.catalog_tree(repository.root_tree(commit)))
    print("seen:", *sorted(entry.path for entry in entries if repository.read(entry)))
sys.exit(1)
"""


def bare(repository: GitRepository) -> GitRepository:
    """A bare clone, which the repository's `origin` is."""
    made = GitRepository(repository.path.parent / "server.git")
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(made.path))
    repository.git("remote", "add", "origin", str(made.path))
    return made


@pytest.fixture
def server(catalog) -> GitRepository:
    made = bare(catalog)
    install(locate(made.path))
    return made


def own_hook(server: GitRepository, text: str) -> None:
    server.write("hooks/pre-receive", text).chmod(0o755)


def push(repository: GitRepository, *refs: str) -> tuple[bool, str]:
    """Whether a push went through, and what who pushes was told."""
    done = subprocess.run(
        ["git", "push", "origin", *(refs or ("main",))],
        cwd=repository.path,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stderr


def test_a_valid_tip_is_taken(catalog, server):
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    tip = catalog.commit()

    taken, said = push(catalog)

    assert taken, said
    assert server.git("rev-parse", "main") == tip


def test_a_tip_that_does_not_validate_is_refused_and_says_why(catalog, server):
    before = catalog.git("rev-parse", "HEAD")
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()

    taken, said = push(catalog)

    assert not taken
    assert "remote: metrics/revenue/mrr.yml:1:7: error" in said
    assert "AG101" in said
    assert "does not validate; nothing was pushed" in said
    assert server.git("rev-parse", "main") == before


def test_only_the_tip_counts(catalog, server):
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()
    catalog.write("metrics/revenue/mrr.yml", metric_yaml("mrr"))
    catalog.commit()

    assert push(catalog)[0]


def test_one_bad_branch_of_several_refuses_them_all(catalog, server):
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    catalog.commit()
    catalog.git("switch", "--quiet", "--create", "bad")
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()

    taken, said = push(catalog, "main", "bad")

    assert not taken
    assert "on bad does not validate" in said
    assert "on main" not in said
    assert server.git("branch", "--format=%(refname:short)") == "main"


def test_a_branch_without_a_catalog_is_taken(catalog, server):
    catalog.git("switch", "--quiet", "--orphan", "pages")
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()

    taken, said = push(catalog, "pages")

    assert taken, said


def test_a_branch_that_loses_its_settings_and_keeps_its_metrics_is_refused(catalog, server):
    catalog.git("rm", "--quiet", "agnes.yml")
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()

    taken, said = push(catalog)

    assert not taken
    assert "error: ./agnes.yml is gone on main, and the catalog with it" in said


def test_a_branch_that_gives_its_whole_catalog_up_is_taken(catalog, server):
    catalog.git("rm", "--quiet", "-r", "agnes.yml", "metrics", "tables")
    catalog.write("README.md", "Moved")
    catalog.commit()

    taken, said = push(catalog)

    assert taken, said


def test_tags_and_deletions_are_taken(catalog, server):
    server.git("branch", "old", "main")
    catalog.write("metrics/revenue/mrr.yml", BROKEN)
    catalog.commit()
    catalog.git("tag", "v1")

    taken, said = push(catalog, "v1", ":old")

    assert taken, said


@pytest.mark.parametrize("folder", ["analytics", 'it\'s "one" $(touch injected)'])
def test_a_catalog_in_a_folder_is_checked(repository, folder):
    repository.write(f"{folder}/agnes.yml", "name: Test catalog\n")
    repository.write("metrics/revenue/mrr.yml", BROKEN)
    repository.commit()
    server = bare(repository)
    install(locate(server.path / folder))
    repository.write(f"{folder}/metrics/revenue/mrr.yml", metric_yaml("mrr"))
    repository.commit()
    taken, said = push(repository)
    assert taken, said

    repository.write(f"{folder}/metrics/revenue/mrr.yml", BROKEN)
    repository.commit()

    taken, said = push(repository)
    assert not taken
    assert "AG101" in said
    assert not list(server.path.parent.rglob("injected"))


def test_the_server_s_cache_follows_a_push(catalog, server, monkeypatch):
    monkeypatch.delenv("AGNES_HOOKS")
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    tip = catalog.commit()

    assert push(catalog)[0]

    assert eventually(lambda: cached(server.path) == tip)


@pytest.mark.parametrize("text", [SHELL, BASH, PYTHON], ids=["sh", "bash", "python"])
@pytest.mark.parametrize("content", [metric_yaml("mrr", unit="EUR"), BROKEN], ids=["good", "bad"])
def test_the_server_s_own_hook_decides_too(catalog, tmp_path, monkeypatch, text, content):
    server = bare(catalog)
    log = tmp_path / "log"
    monkeypatch.setenv("LOG", str(log))
    own_hook(server, text)
    install(locate(server.path))
    old = catalog.git("rev-parse", "HEAD")
    catalog.write("metrics/revenue/mrr.yml", content)
    new = catalog.commit()

    assert not push(catalog)[0]

    if content == BROKEN:
        assert not log.exists()
    else:
        assert log.read_text().endswith(f"||{old} {new} refs/heads/main\n")


def test_a_server_without_the_command_takes_nothing(catalog, server, monkeypatch):
    script = server.path / "hooks" / "agnes-pre-receive"
    script.write_text(script.read_text().replace("bin/da\n", "bin/gone\n"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    catalog.commit()

    taken, said = push(catalog)

    assert not taken
    assert "da" in said


# Objects in quarantine


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_pushed_can_be_read_before_it_is_taken(catalog, packed):
    server = bare(catalog)
    server.git("config", "receive.unpackLimit", "1" if packed else "1000")
    own_hook(server, READING)
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    catalog.commit()

    said = push(catalog)[1]

    assert (
        "remote: seen: agnes.yml metrics/revenue/arr.yml metrics/revenue/mrr.yml "
        "metrics/revenue/new.yml tables/orders.yml" in said
    )


def test_another_repository_does_not_see_what_is_pushed(catalog, tmp_path):
    server = bare(catalog)
    other = tmp_path / "other"
    catalog.git("clone", "--quiet", str(catalog.path), str(other))
    own_hook(server, READING.replace("Path()", f"Path({str(other)!r})"))
    catalog.commit()

    said = push(catalog)[1]

    assert "RevisionError" in said
    assert "seen:" not in said
