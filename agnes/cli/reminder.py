"""A word about a workspace that is old, once per command."""

from __future__ import annotations

from agnes.cli.output import is_advising, note
from agnes.workspace.freshness import advice, age, workspace_here

_OWN = {"sync", "analyst", "diagnose"}
"""Commands that say it themselves, or do it."""


def remind(command: str | None) -> None:
    """Say what to do about the workspace around, if there is one."""
    if command not in _OWN and (workspace := workspace_here()) and (words := advice(workspace)):
        note(words)


def tell_age() -> None:
    """Say that an answer comes from a workspace that is old, where `remind` did not say it."""
    if not is_advising() and (here := workspace_here()) and (words := age(here.state())):
        note(words)
