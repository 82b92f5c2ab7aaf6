"""What a sync has to know of a registered table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot


@dataclass(frozen=True)
class Registered:
    """A registered table: where its data comes from, and when.

    Args:
        basetypes: of its columns, as far as they are known.
        schedule: `every 6h`, `daily 07:00`; None where it is brought in by hand.
        profiled: whether it is profiled after each sync.
    """

    id: str
    source_type: str = "local"
    bucket: str | None = None
    source_table: str | None = None
    query_mode: str = "local"
    schedule: str | None = None
    profiled: bool = True
    basetypes: dict[str, str | None] = field(default_factory=dict)

    @property
    def is_fetched(self) -> bool:
        """Whether its data is to be here at all."""
        return self.source_type in ("local", "keboola") and self.query_mode != "remote"


def registered(snapshot: Snapshot) -> dict[str, Registered]:
    """The registered tables of a snapshot, by id."""
    basetypes: dict[str, dict[str, str | None]] = {}
    for column in snapshot.all_columns():
        basetypes.setdefault(column["table_id"], {})[column["column_name"]] = column["basetype"]
    return {
        row["id"]: Registered(
            row["id"],
            row["source_type"],
            row["bucket"],
            row["source_table"],
            row["query_mode"],
            row["sync_schedule"],
            row["profile_after_sync"],
            basetypes.get(row["id"], {}),
        )
        for row in snapshot.tables()
    }
