"""Profiling the data on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.errors import AgnesError, NotFoundError
from agnes.model.names import nearest
from agnes.profile import Profiles, Subject, personal
from agnes.profiling.related import related_tables
from agnes.profiling.situated import situated
from agnes.tables.atomic import new_file

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot

Files = Mapping[str, Sequence[Path]]
VERSION = "1.0"
"""Of the form of profiles.json."""


@dataclass
class Made:
    """What became of tables.

    Args:
        profiles: by table.
        failed: why a table could not be profiled.
        without: ids of registered tables that have no data here.
    """

    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, AgnesError] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)


def profile_tables(
    snapshot: Snapshot,
    files: Files,
    profiles: Profiles,
    only: Iterable[str] = (),
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Made:
    """Profile registered tables; one that cannot be does not stop the others.

    Args:
        files: the parquet files of each table that has data.
        profiles: where they go.
        only: ids of these tables; none for all that have data.

    Raises:
        NotFoundError: one of them is not registered.
    """
    tables = {row["id"]: row for row in snapshot.tables()}
    wanted = list(dict.fromkeys(only))
    for table_id in wanted:
        if table_id not in tables:
            near = nearest(table_id, list(tables))
            hint = f"did you mean {', '.join(near)}?" if near else "see: da admin list-tables"
            raise NotFoundError(f"Table '{table_id}' not found", hint)
    made = Made(without=[it for it in wanted or tables if not files.get(it)])
    here = [it for it in wanted or tables if files.get(it)]
    for done, table_id in enumerate(here, 1):
        subject = Subject.of(tables[table_id], snapshot.columns(table_id), files[table_id])
        relate = partial(related_tables, table_id, list(tables.values()), files)
        try:
            profiles.refresh(subject, relate)
            made.profiles[table_id] = known_profile(snapshot, profiles, table_id) or {}
        except AgnesError as error:
            made.failed[table_id] = error
        advance(done, len(here))
    return made


def known_profile(snapshot: Snapshot, profiles: Profiles, table_id: str) -> dict[str, Any] | None:
    """The profile of a table that there is, beside what the catalog says."""
    columns = snapshot.columns(table_id)
    profile = profiles.read(table_id, personal(columns))
    return profile and situated(profile, columns, snapshot.table_uses(table_id))


def write_profiles(path: Path, snapshot: Snapshot, profiles: Profiles) -> None:
    """Write profiles.json anew: all that there are of registered tables.

    Raises:
        UnavailableError: it cannot be written.
    """
    known = {row["id"]: known_profile(snapshot, profiles, row["id"]) for row in snapshot.tables()}
    tables = {table_id: profile for table_id, profile in known.items() if profile}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"generated_at": now, "version": VERSION, "tables": tables}
    with new_file(path) as file:
        file.write(json.dumps(said, ensure_ascii=False, allow_nan=False, indent=1).encode())


def read_profiles(path: Path) -> dict[str, dict[str, Any]]:
    """The profiles in a profiles.json by table; none where there is no such file."""
    try:
        found = json.loads(path.read_bytes())["tables"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
