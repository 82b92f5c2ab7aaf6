"""Which files git merges by field, and how it is told to.

Which is in the catalog's .gitattributes; how is in the settings of each clone, which no commit can
bring along. Without the setting git merges by lines, as it does everything else.
"""

from __future__ import annotations

import shlex
import sys
from importlib.resources import files
from pathlib import Path

from agnes.git.refs import Location
from agnes.git.settings import read_setting, write_settings

ATTRIBUTES = ".gitattributes"
NAME, DRIVER = "merge.agnes.name", "merge.agnes.driver"

# Only markers prove that `da` found a conflict; whatever else ended it, git merges by lines.
_COMMAND = """\
PATH={folder}:"$PATH"; \
command -v da >/dev/null && da merge-driver --marker-size %L %O %A %B %P && exit; \
grep -q '^<<<<<<<' %A && exit 1; \
git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"""


def with_attributes(before: bytes) -> bytes:
    """A .gitattributes that names Agnes for the files of a catalog, below what is in it."""
    if b"merge=agnes" in before:
        return before
    line_end = b"" if before.endswith(b"\n") or not before else b"\n"
    return before + line_end + (files("agnes.scaffold") / "gitattributes").read_bytes()


def switch_on(location: Location) -> None:
    """Tell git in this clone how Agnes merges.

    Raises:
        GitError: its settings cannot be written.
    """
    folder = str(Path(sys.executable).parent).replace("%", "%%")
    command = _COMMAND.format(folder=shlex.quote(folder))
    write_settings(location, {NAME: "Agnes, by field", DRIVER: command})


def switch_off(location: Location) -> None:
    """Have git merge by lines in this clone.

    Raises:
        GitError: its settings cannot be written.
    """
    write_settings(location, {NAME: None, DRIVER: None})


def is_on(location: Location) -> bool:
    """Whether git is told in this clone."""
    return read_setting(location, DRIVER) is not None
