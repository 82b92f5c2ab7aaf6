"""Where things are in a workspace.

data/parquet/<table_id>.parquet     the tables' data
data/duckdb/analytics.duckdb        a view per table, the catalog's tables beside them
data/duckdb/<commit>.duckdb         the catalog as the server gave it
data/metadata/                      schema.json, metrics.json, profiles.json, last_sync.json
user/artifacts/  user/sessions/     the analyst's own; uploaded by `da sync`
CLAUDE.md  AGENTS.md                what an agent reads first
.claude/                            CLAUDE.local.md (the analyst's), settings.json, skills/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agnes.workspace.freshness import LAST_SYNC, find_root, read_state

MARK = "AI Data Analyst"
"""What the CLAUDE.md of a workspace contains, and no other."""


@dataclass(frozen=True)
class Workspace:
    """An analyst's folder."""

    root: Path

    @property
    def parquet_dir(self) -> Path:
        """The tables' data."""
        return self.root / "data" / "parquet"

    def parquet(self, table_id: str) -> Path:
        """A table's data."""
        return self.parquet_dir / f"{table_id}.parquet"

    @property
    def duckdb_dir(self) -> Path:
        """The databases."""
        return self.root / "data" / "duckdb"

    @property
    def database(self) -> Path:
        """The one database that answers everything."""
        return self.duckdb_dir / "analytics.duckdb"

    def snapshot(self, commit: str) -> Path:
        """The catalog at a commit, as the server gave it."""
        return self.duckdb_dir / f"{commit}.duckdb"

    @property
    def metadata_dir(self) -> Path:
        """What is known of the data, as JSON."""
        return self.root / "data" / "metadata"

    @property
    def schema(self) -> Path:
        """The tables."""
        return self.metadata_dir / "schema.json"

    @property
    def metrics(self) -> Path:
        """The metrics."""
        return self.metadata_dir / "metrics.json"

    @property
    def profiles(self) -> Path:
        """The tables' profiles."""
        return self.metadata_dir / "profiles.json"

    @property
    def last_sync(self) -> Path:
        """When, and from where, all this came."""
        return self.root / LAST_SYNC

    @property
    def artifacts(self) -> Path:
        """What the analyst made."""
        return self.root / "user" / "artifacts"

    @property
    def sessions(self) -> Path:
        """Records of the agent's sessions."""
        return self.root / "user" / "sessions"

    @property
    def claude_md(self) -> Path:
        """The instructions for Claude Code."""
        return self.root / "CLAUDE.md"

    @property
    def agents_md(self) -> Path:
        """The same for other agents."""
        return self.root / "AGENTS.md"

    @property
    def claude_dir(self) -> Path:
        """The settings of Claude Code."""
        return self.root / ".claude"

    @property
    def local_md(self) -> Path:
        """The analyst's own instructions; never overwritten."""
        return self.claude_dir / "CLAUDE.local.md"

    @property
    def is_initialized(self) -> bool:
        """Whether a setup has made it."""
        try:
            return MARK in self.claude_md.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False

    def state(self) -> dict[str, Any]:
        """What the last sync noted; nothing where there was none, or it cannot be read."""
        return read_state(str(self.root))


def find_workspace(start: Path) -> Workspace | None:
    """The workspace that a folder is in: the nearest one that a sync has noted itself in."""
    root = find_root(str(start))
    return None if root is None else Workspace(Path(root))
