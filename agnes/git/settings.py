"""Git's settings of one repository: `git config --local`."""

from __future__ import annotations

from collections.abc import Mapping

import pygit2

from agnes.errors import GitError
from agnes.git.objects import open_repository
from agnes.git.refs import Location


def read_setting(location: Location, name: str) -> str | None:
    """A setting's value; None where there is none."""
    try:
        return open_repository(location).config[name]
    except KeyError:
        return None


def write_settings(location: Location, settings: Mapping[str, str | None]) -> None:
    """Set, or with None take out, settings of the repository.

    Raises:
        GitError: the file cannot be written.
    """
    path = location.common_dir / "config"
    try:
        config = pygit2.Config(str(path))
        for name, value in settings.items():
            if value is not None:
                config[name] = value
            elif name in config:
                del config[name]
    except (pygit2.GitError, OSError) as error:
        raise GitError(f"cannot write {path}: {error}", "check its permissions") from error
