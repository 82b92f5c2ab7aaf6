"""The profiles that there are: a file each, `<table_id>.json`."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path
from tempfile import mkstemp
from threading import Lock
from typing import Any

from agnes.errors import AgnesError, NotFoundError, TooManyError
from agnes.model.names import TABLE_ID
from agnes.profile.subject import Subject
from agnes.profile.table import VERSION, profile_table

_TABLE_ID = re.compile(TABLE_ID)
_PATIENCE = 5
"""Seconds that a profile waits for another to be made."""
_VALUES = ("numeric_stats", "string_stats", "date_stats", "boolean_stats")
_log = logging.getLogger("agnes.profile")


Relate = Callable[[], list[dict[str, Any]]]


class Profiles:
    """The profiles in a folder.

    Args:
        folder: need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._busy = Lock()

    def read(self, table_id: str, pii: Collection[str] = ()) -> dict[str, Any] | None:
        """The profile of a table, if there is one.

        Args:
            pii: the columns that hold personal data by now; what an older profile shows of them
                is left out.
        """
        if not _TABLE_ID.fullmatch(table_id):
            return None
        try:
            text = (self._folder / f"{table_id}.json").read_text(encoding="utf-8")
            profile = json.loads(text)
        except (OSError, ValueError):
            return None
        if not isinstance(profile, dict) or profile.get("version") != VERSION:
            return None
        return _without(profile, frozenset(pii))

    def stamp(self, table_ids: Iterable[str]) -> str:
        """What changes when a profile of one of these tables does."""
        wanted = {f"{table_id}.json" for table_id in table_ids}
        try:
            with os.scandir(self._folder) as entries:
                found = [(it.name, it.stat()) for it in entries if it.name in wanted]
        except OSError:
            found = []
        said = sorted((name, status.st_mtime_ns, status.st_size) for name, status in found)
        return blake2b(repr(said).encode(), digest_size=12).hexdigest()

    def refresh(self, subject: Subject, relate: Relate = list) -> dict[str, Any]:
        """Profile a table, unless its data are those that its profile is of.

        Args:
            relate: finds the tables that hang together with it, for `related_tables`.

        Raises:
            NotFoundError: it has no data.
            UnavailableError: its data cannot be read, or are too many.
            TooManyError: others are profiled already.
        """
        try:
            known, digest = self.read(subject.table_id), subject.digest()
        except OSError:
            known, digest = None, ""
        if not digest or not subject.files:
            raise NotFoundError(f"table {subject.table_id} has no data yet")
        if known and known["hash"] == digest and _fits(known, subject):
            return known
        if not self._busy.acquire(timeout=_PATIENCE):
            raise TooManyError("other tables are being profiled", _PATIENCE)
        try:
            profile = profile_table(subject) | {"related_tables": relate()}
        finally:
            self._busy.release()
        self._write(subject.table_id, profile)
        return profile

    def _write(self, table_id: str, profile: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(profile, ensure_ascii=False, allow_nan=False).encode()
        descriptor, temporary = mkstemp(prefix=".", suffix=".tmp", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._folder / f"{table_id}.json")
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise


def profile_changed_tables(
    profiles: Profiles,
    names: Iterable[str],
    subjects: Mapping[str, Subject],
    relate: Callable[[str], list[dict[str, Any]]] = lambda _: [],
) -> dict[str, int]:
    """Profile tables after their data changed; one that fails does not stop the others.

    Args:
        profiles: where they go.
        names: ids of the tables.
        subjects: the tables that have data, by id.
        relate: finds the tables that hang together with one.

    Returns:
        how many were a success, had errors, or were skipped: unknown, or without data.
    """
    counts = {"success": 0, "errors": 0, "skipped": 0}
    for name in names:
        if name not in subjects:
            counts["skipped"] += 1
            continue
        try:
            profiles.refresh(subjects[name], partial(relate, name))
            counts["success"] += 1
        except NotFoundError:
            counts["skipped"] += 1
        except (AgnesError, OSError) as error:
            counts["errors"] += 1
            _log.warning("not profiled", extra={"facts": {"table": name, "reason": str(error)}})
    return counts


def _fits(known: dict[str, Any], subject: Subject) -> bool:
    """Whether a profile was made with what is known of the table now."""
    marked = [it for it in known["columns"] if it["pii"] and not it["sensitive"]]
    hidden = {column["name"] for column in marked}
    names = {column["name"] for column in known["columns"]}
    return hidden == subject.pii & names and known["primary_key"] == list(subject.primary_key)


def _without(profile: dict[str, Any], pii: frozenset[str]) -> dict[str, Any]:
    """The profile without the values of some columns."""
    for column in profile["columns"]:
        if column["name"] in pii and not column["pii"]:
            column |= {"pii": True, "sample_values": []}
            for kind in _VALUES:
                column.pop(kind, None)
    for row in profile["sample_rows"]:
        for name in pii:
            row.pop(name, None)
    return profile
