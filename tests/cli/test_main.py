"""The tree of commands, exit codes, and what is imported for it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
import typer

from agnes.cli.main import app


def all_commands():
    def walk(command, path):
        if hasattr(command, "commands"):
            for name, child in command.commands.items():
                yield from walk(child, (*path, name))
        else:
            yield path, command

    return list(walk(typer.main.get_command(app), ()))


def test_help_says_what_it_is(da):
    done = da("--help")
    assert done.code == 0
    assert "AI Data Analyst CLI" in done.out


def test_the_version_is_the_package_s(da):
    assert da("--version").out == f"da {version('agnes')}\n"


@pytest.mark.parametrize(("path", "command"), all_commands(), ids=lambda value: str(value)[:40])
def test_every_command_has_help(path, command):
    assert command.help
    assert all(getattr(option, "help", None) for option in command.params), path


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["metrics", "shwo"], ["metrics", "show"], ["metrics", "list", "--nope"]],
)
def test_wrong_usage_exits_with_2(da, arguments):
    done = da(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Error" in done.err


def test_a_mistyped_command_is_answered_with_the_right_one(da):
    assert "show" in da("metrics", "shwo").err


def test_an_expected_error_has_no_traceback(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = da("metrics", "list")
    assert done.code == 1
    assert done.err.startswith("error: no catalog here")
    assert "help:" in done.err
    assert "Traceback" not in done.err


_IMPORTED = """
import sys
sys.argv = ["da", *sys.argv[1:]]
from agnes.cli.main import main
try:
    main()
except SystemExit as exit:
    assert not exit.code, exit.code
print(sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""
HEAVY = {"pydantic", "pygit2", "sqlglot", "fastapi", "httpx", "yaml", "ruamel", "watchdog", "rich"}


def imported(*arguments: str, cwd=None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=cwd,
    )
    return set(eval(done.stderr.strip().splitlines()[-1]))


def test_help_imports_no_library_but_typer():
    assert imported("--help") & (HEAVY | {"duckdb"}) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("metrics", "show", "revenue/mrr"),
        ("metrics", "show", "revenue/mrr", "--json"),
        ("metrics", "list"),
        ("metrics", "search", "recurring revenue"),
        ("catalog", "path"),
    ],
)
def test_reading_a_fresh_snapshot_imports_no_library_but_typer_and_duckdb(da, here, arguments):
    assert da("catalog", "sync").code == 0
    assert imported(*arguments, cwd=here.path) & HEAVY == set()
