"""A server to try: the starter catalog, two years of sample data, profiled, and an admin."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.config import author
from agnes.demo import write_demo_data
from agnes.git.refs import MARKER
from agnes.profile import Profiles
from agnes.profiling.at_hand import profile_tables
from agnes.scaffold import create_catalog
from agnes.sync.reading import open_snapshot
from agnes.tables.folder import DataFolder

if TYPE_CHECKING:
    from agnes.auth.state import State

EMAIL = "admin@example.com"


def show_catalog(folder: Path) -> Path:
    """The starter catalog in a folder; one that is there already is left as it is.

    Raises:
        ConflictError: something else is in the folder.
    """
    if not (folder / MARKER).is_file():
        create_catalog(folder, author=author("Admin", EMAIL))
    return folder


def show_data(data_dir: Path, today: date) -> int:
    """Sample data for the starter catalog's tables, where there are none.

    They are of the two years until the end of last month, so that there is a last quarter.

    Returns:
        How many tables have data now.
    """
    folder = DataFolder(data_dir)
    if not folder.entries():
        month = today.replace(day=1)
        start, end = month.replace(year=month.year - 2), month - timedelta(days=1)
        with folder.incoming() as incoming:
            for table, rows in write_demo_data(incoming, start=start, end=end).items():
                folder.put(table, incoming / f"{table}.parquet", rows)
    return len(folder.entries())


def show_profiles(catalog: Path, data_dir: Path, advance: Callable[[int, int], None]) -> None:
    """Profile the sample data, unless their profiles are there.

    Args:
        advance: told how many tables are done, and of how many.

    Raises:
        CacheError: the catalog cannot be read.
    """
    folder = DataFolder(data_dir)
    files = {table_id: [folder.file(table_id)] for table_id in folder.entries()}
    with open_snapshot(catalog) as snapshot:
        profile_tables(snapshot, files, Profiles(data_dir / "profiles"), advance=advance)


def show_admin(state: State) -> str | None:
    """Make the first admin, `EMAIL`, where there is no user yet.

    Returns:
        The password, which is kept nowhere; None where there is somebody already.
    """
    if state.users.count():
        return None
    password = secrets.token_urlsafe(12)
    state.users.bootstrap(EMAIL, "Admin", password)
    return password
