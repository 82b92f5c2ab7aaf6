"""What Keboola says of columns, as a proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agnes.cache.query import Snapshot
from agnes.diff.visible import visible
from agnes.git.refs import Location
from agnes.keboola import Said, Storage, StorageColumn, StorageTable, list_tables, read_table
from agnes.keboola.table import PROVIDER, USER, known_basetype
from agnes.model.layout import printable
from agnes.model.proposal import Proposal, ProposedColumn, ProposedTable
from agnes.publishing.columns import KEYS, Described, described, pushable
from agnes.publishing.names import their_names
from agnes.publishing.receipt import Receipt, read_receipts
from agnes.publishing.three_way import plain

_CONFIDENCE = {USER: "high"}
"""How sure a provider is; of others medium."""


def proposal_from_source(
    storage: Storage,
    location: Location,
    snapshot: Snapshot,
    table_ids: Sequence[str] | None = None,
    *,
    project: str | None = None,
) -> Proposal:
    """Propose what Keboola says of columns, where it is not what we say.

    A person's word counts more than a program's. What a program says, such as the base type that
    an extractor found, only fills a gap; and what we pushed ourselves is not proposed to us.

    Args:
        snapshot: what we say.
        table_ids: None for all tables that come from Keboola.
        project: whose tables they are.

    Returns:
        A proposal, without tables where there is nothing to propose.

    Raises:
        NotFoundError: a table is not registered.
        UsageError: one does not come from Keboola.
        KeboolaError: what Keboola says cannot be read.
    """
    ours = described(snapshot, pushable(snapshot) if table_ids is None else table_ids)
    if table_ids is None:
        theirs = {table.id: table for table in list_tables(storage)} if ours else {}
    else:
        theirs = {table.address: read_table(storage, table.address) for table in ours}
    commit = str(snapshot.info()["commit_id"])
    receipts = read_receipts(location, commit, [table.table_id for table in ours])
    tables = {}
    for table in ours:
        if (there := theirs.get(table.address)) is None:
            continue
        last = receipts.get(table.table_id)
        base = last if last and last.is_of(storage.url, table.address) else None
        if columns := _propose(table, there, base):
            tables[table.table_id] = ProposedTable(columns=columns)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Proposal(project=project, created_at=now, tables=tables)


def _propose(
    ours: Described, theirs: StorageTable, base: Receipt | None
) -> dict[str, ProposedColumn]:
    names, _ = their_names(ours.columns, theirs.columns)
    spelled = {name: column for column, name in names.items()}
    found = {}
    for name, there in theirs.columns.items():
        column = spelled.get(name, name)
        told = {key: base.value(column, key) if base else None for key in KEYS}
        if said := _otherwise(there, ours.columns.get(column, {}), told):
            found[column] = _proposed(said)
    return found


def _otherwise(
    there: StorageColumn, ours: Mapping[str, str | None], told: Mapping[str, str | None]
) -> dict[str, Said]:
    """What is said there and not here, by key."""
    found = {}
    for key, name in KEYS.items():
        word = plain(ours.get(key))
        for said in there.said:  # what counts most comes first
            value = plain(known_basetype(said.value) if key == "basetype" else said.value)
            if said.key != name or value is None:
                continue
            if said.provider not in (USER, PROVIDER) and word is not None:
                continue
            if said.provider == PROVIDER and value == plain(told[key]):
                continue
            if value != word:
                found[key] = said
            break
    return found


def _proposed(said: Mapping[str, Said]) -> ProposedColumn:
    fields: dict[str, Any] = {}
    for key, it in said.items():
        fields[key] = known_basetype(it.value) if key == "basetype" else _readable(it.value)
    sure = {_CONFIDENCE.get(it.provider, "medium") for it in said.values()}
    return ProposedColumn(
        **fields,
        confidence="high" if sure == {"high"} else "medium",
        source="keboola_import",
        evidence=[_evidence(it) for it in said.values()],
    )


def _evidence(said: Said) -> str:
    who = "by a person" if said.provider == USER else f"by {printable(said.provider)}"
    return f"{said.key} {who} in Keboola" + (f", {printable(said.at)}" if said.at else "")


def _readable(text: str) -> str:
    return "\n".join(visible(line) for line in (plain(text) or "").split("\n"))
