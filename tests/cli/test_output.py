"""What is printed where, and how."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from agnes.cli.output import table


def on_a_terminal(*arguments: str, cwd, **environment: str) -> str:
    """What a command prints when a person looks at it."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agnes", *arguments],
        cwd=cwd,
        stdout=child,
        stderr=child,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"} | environment,
    )
    os.close(child)
    printed = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        printed += part
    os.close(parent)
    process.wait()
    return printed.decode()


@pytest.mark.parametrize(
    "arguments", [("metrics", "show", "revenue/mrr"), ("metrics", "list"), ("catalog", "status")]
)
def test_colors_are_for_terminals_only(here, da, arguments):
    da("catalog", "sync")
    assert "\x1b[" in on_a_terminal(*arguments, cwd=here.path)
    assert "\x1b" not in da(*arguments).out


def test_no_color_is_respected(here):
    printed = on_a_terminal("metrics", "list", cwd=here.path, NO_COLOR="1")
    assert "\x1b[3" not in printed
    assert "revenue/mrr" in printed


def test_long_text_is_wrapped_on_a_terminal(here):
    text = (here.path / "metrics/revenue/mrr.yml").read_text()
    long = "word " * 40
    here.write("metrics/revenue/mrr.yml", text.replace("What Monthly", f"{long} What Monthly"))
    here.commit()
    printed = on_a_terminal("metrics", "show", "revenue/mrr", cwd=here.path, NO_COLOR="1")
    assert max(map(len, printed.splitlines())) <= 100


def test_columns_are_aligned():
    assert table([("a", "b"), ("longer", "c")]) == ["  a       b", "  longer  c"]
