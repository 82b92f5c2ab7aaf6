"""The `da` commands that a text for agents shows, and whether there are such."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import typer

from agnes.cli.main import app

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(da [^`]+)`")


def lines(text: str) -> Iterator[str]:
    """Those in fences for a shell, a line each."""
    for language, block in _FENCE.findall(text):
        if language in ("sh", "bash", "console"):
            yield from (
                line.removeprefix("$ ")
                for line in block.splitlines()
                if line.removeprefix("$ ").startswith("da ")
            )


def mentions(text: str) -> Iterator[str]:
    """Those in a sentence, which may leave arguments out."""
    for found in _INLINE.findall(_FENCE.sub("", text)):
        yield " ".join(found.split())


def problem(line: str, *, whole: bool = True) -> str | None:
    """Why a line is no command.

    Args:
        whole: arguments that must be there are.
    """
    words = shlex.split(line, comments=True)[1:]
    for sign in ("<", ">", "|"):
        if sign in words:
            words = words[: words.index(sign)]
    command = typer.main.get_command(app)
    path = "da"
    while hasattr(command, "commands"):
        if not words or words[0].startswith("-"):
            return None if not whole or words else f"{path} is a group"
        if words[0] not in command.commands:
            return f"{path} has no {words[0]}"
        command = command.commands[words[0]]
        path += f" {words.pop(0)}"
    try:
        command.make_context(path, words)
    except Exception as error:  # noqa: BLE001  (Typer brings its own classes along)
        if whole or type(error).__name__ != "MissingParameter":
            return f"{path}: {getattr(error, 'message', error)}"
    return None


def all_problems(text: str) -> list[str]:
    """Everything that a text says about commands and that is not so."""
    found = [problem(line) for line in lines(text)]
    found += [problem(line, whole=False) for line in mentions(text)]
    return [said for said in found if said]
