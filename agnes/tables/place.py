"""Where an instance keeps what is not in git."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import UnavailableError

if TYPE_CHECKING:
    from agnes.config.instance import InstanceSettings
    from agnes.git.refs import Location


def data_place(settings: InstanceSettings, location: Location) -> Path:
    """Where the data folder is, or would be: as configured, else `data` in the catalog."""
    beside = location.path if location.worktree else location.common_dir / "agnes"
    return (settings.data_dir or beside / "data").absolute()


def data_folder(settings: InstanceSettings, location: Location) -> Path:
    """The data folder, made if need be; git does not see it.

    Raises:
        UnavailableError: it cannot be made.
    """
    folder = data_place(settings, location)
    try:
        (folder / "state").mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise UnavailableError(
            f"cannot write the data folder {folder}: {error.strerror}",
            "name another one with --data-dir or AGNES_DATA_DIR",
        ) from error
    return folder
