"""Groups of commands that are imported when they are called, not when another one is.

Importing and building every command costs more than most commands take.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.models import CommandInfo

Targets = dict[str, str | tuple[str, str]]
"""A command's name to `module:function`, or to `module:app` of a group and the group's help."""


def lazy(targets: Targets) -> type[TyperGroup]:
    """A class for `typer.Typer(cls=...)` whose commands are these, in this order."""

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = _Commands(targets)

        def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
            """List the commands; a group is not imported to say what it is for."""
            rows = [
                (name, _short_help(self.commands, name, target)) for name, target in targets.items()
            ]
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    return LazyGroup


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each built when it is asked for."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _build(name, self._targets[name])
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)


def _build(name: str, target: str | tuple[str, str]) -> Any:
    where, description = target if isinstance(target, tuple) else (target, None)
    module, _, attribute = where.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name, group.help = name, group.help or description
        return group
    return typer.main.get_command_from_info(
        CommandInfo(name=name, callback=found), pretty_exceptions_short=True, rich_markup_mode=None
    )


def _short_help(
    commands: MutableMapping[str, Any], name: str, target: str | tuple[str, str]
) -> str:
    if isinstance(target, tuple):
        return target[1]
    return str(commands[name].get_short_help_str(limit=100))
