"""What a server has for a workspace: its tables' data, and which catalog it announces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agnes.errors import AgnesError, UnavailableError
from agnes.model import names

if TYPE_CHECKING:
    from agnes.client import Client

TABLE_ID = re.compile(names.TABLE_ID)
_SHA256 = re.compile("[0-9a-f]{64}")
COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Table:
    """The data of a table at the server.

    Args:
        id: fit for a file's name.
        hash: SHA-256 of the parquet file.
    """

    id: str
    hash: str
    size: int
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What there is.

    Args:
        tables: by id.
        refused: what the server calls tables and cannot be, and why not.
        catalog: changes when what the user sees of the catalog does; empty of an older server.
        commit: the one that is served, if it says so.
        profiles: changes when a profile does; empty of an older server.
    """

    tables: Mapping[str, Table]
    refused: Mapping[str, str]
    catalog: str = ""
    commit: str | None = None
    profiles: str = ""


def fetch_manifest(client: Client) -> Manifest:
    """Ask the server what there is.

    Raises:
        AgnesError: it does not say; of the kind that it is, with `Failed to fetch manifest`.
    """
    try:
        return read_manifest(client.get("/api/sync/manifest"))
    except AgnesError as error:
        error.message = f"Failed to fetch manifest: {error.message}"
        error.args = (error.message,)
        raise


def read_manifest(answer: Any) -> Manifest:
    """A manifest as the server writes it. Its ids are not trusted: they become files' names.

    Raises:
        UnavailableError: that is none.
    """
    listed = answer.get("tables") if isinstance(answer, dict) else None
    if not isinstance(listed, dict):
        raise UnavailableError(
            "the server does not answer as Agnes does", "is the address right? da diagnose"
        )
    tables, refused = {}, {}
    for table_id, entry in listed.items():
        found = _table(table_id, entry)
        if isinstance(found, Table):
            tables[table_id] = found
        else:
            refused[table_id] = found
    assets = answer.get("assets")
    catalog = _asset(assets, "catalog")
    commit = str(catalog.get("commit"))
    return Manifest(
        tables,
        refused,
        str(catalog.get("hash") or ""),
        commit if COMMIT.fullmatch(commit) else None,
        str(_asset(assets, "profiles").get("hash") or ""),
    )


def _table(table_id: str, entry: Any) -> Table | str:
    """A table, or why it is none."""
    if not TABLE_ID.fullmatch(table_id):
        return "that is no table's id, and nothing is written for it"
    if not isinstance(entry, dict) or not _SHA256.fullmatch(str(entry.get("hash"))):
        return "the server gives no SHA-256 of its data"
    size, rows = entry.get("size_bytes"), entry.get("rows", 0)
    if not isinstance(size, int) or not isinstance(rows, int) or size < 0 or rows < 0:
        return "the server does not say how large it is"
    return Table(table_id, entry["hash"], size, rows)


def _asset(assets: Any, name: str) -> dict[str, Any]:
    found = assets.get(name) if isinstance(assets, dict) else None
    return found if isinstance(found, dict) else {}
