"""Bringing a workspace up to date, by difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from agnes.config import client as config
from agnes.errors import AgnesError, ConflictError, NotFoundError
from agnes.model.layout import printable
from agnes.model.names import nearest
from agnes.workspace import catalog
from agnes.workspace.download import Watch, clear_parts, fetch_tables, hash_of
from agnes.workspace.manifest import TABLE_ID, Manifest, Table, fetch_manifest
from agnes.workspace.setup import make_folders
from agnes.workspace.state import State, is_as_noted, stamped
from agnes.workspace.uploads import note_as_sent, upload

if TYPE_CHECKING:
    from pathlib import Path

    from agnes.client import Client
    from agnes.workspace.database import Built
    from agnes.workspace.layout import Workspace

DEFAULT_INTERVAL = "1 hour"


@dataclass
class Outcome:
    """What a sync did.

    Args:
        downloaded, unchanged: ids of tables.
        removed: ids of tables that are gone, or that the user may not see any more.
        uploaded: paths within the workspace.
        catalog_changed: whether another catalog is here than before.
        errors: what went wrong, by what it was about.
        notes: what else the user should know.
    """

    downloaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    catalog_changed: bool = False
    errors: dict[str, AgnesError] = field(default_factory=dict)
    retry: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def fail(self, what: str, error: AgnesError, retry: str = "") -> None:
        """Note an error, and the command that tries it again."""
        self.errors[what] = error
        if retry:
            self.retry[what] = retry


class Sync:
    """A sync of a workspace, whose parts are run one after the other.

    Args:
        client: of the workspace's server.
    """

    def __init__(self, workspace: Workspace, client: Client) -> None:
        self.workspace = workspace
        self.state = State(workspace)
        self.outcome = Outcome()
        self._client = client
        self.built: Built | None = None
        self._manifest: Manifest | None = None

    def ask(self) -> None:
        """Ask the server what it has, as everything else does first.

        Raises:
            AgnesError: it does not say.
        """
        self._manifest = fetch_manifest(self._client)
        if self._manifest.commit:
            self.state.all["announced_commit"] = self._manifest.commit

    @property
    def manifest(self) -> Manifest:
        """What the server has.

        Raises:
            AgnesError: it does not say.
        """
        if self._manifest is None:
            self.ask()
        assert self._manifest is not None
        return self._manifest

    def catalog(self) -> None:
        """Bring the local copy of the catalog up to date."""
        state, manifest = self.state, self.manifest
        if self._has_catalog() and state.get("catalog_hash") == manifest.catalog != "":
            return
        before = state.get("etag")
        try:
            tag, commit = catalog.fetch_snapshot(
                self._client, self.workspace, before, state.get("commit")
            )
            catalog.fetch_documents(self._client, self.workspace)
        except AgnesError as error:
            self._fail_docs("catalog", error)
            return
        self.outcome.catalog_changed = tag != before or not tag
        state.all |= {"etag": tag, "commit": commit, "catalog_hash": manifest.catalog}
        # What was served when the manifest came may have gone by: this came later.
        if commit != manifest.commit:
            state.all |= {"announced_commit": commit, "catalog_hash": ""}

    def profiles(self) -> None:
        """Bring the tables' profiles up to date."""
        state, version = self.state, self.manifest.profiles
        changed = self.outcome.catalog_changed or bool(self.outcome.downloaded)
        same = self.workspace.profiles.is_file() and state.get("profiles_hash") == version
        if same and not changed:
            return
        try:
            catalog.fetch_profiles(self._client, self.workspace)
        except AgnesError as error:
            self._fail_docs("profiles", error)
        else:
            state.all["profiles_hash"] = version

    def data(self, watch: Watch, only: str | None = None) -> None:
        """Download what is new, and remove what is gone.

        Args:
            only: one table's id, the others stay as they are.

        Raises:
            NotFoundError: there is no such table.
            UnauthorizedError: the token is not good any more.
        """
        wanted = dict(self.manifest.tables)
        if only is None:
            for table_id, reason in self.manifest.refused.items():
                self.outcome.fail(printable(table_id)[:200], AgnesError(reason))
            self._remove_gone()
            clear_parts(self.workspace.parquet_dir, wanted)
        elif only in wanted:
            wanted = {only: wanted[only]}
        else:
            near = nearest(only, list(wanted))
            raise NotFoundError(
                f"the server has no data of a table '{printable(only)}' for you",
                f"did you mean {', '.join(near)}?" if near else None,
            )
        missing = [table for table in wanted.values() if not self._is_here(table)]
        self._download(missing, watch)

    def build(self) -> None:
        """Make the database anew, unless it is of what is here."""
        state, workspace = self.state, self.workspace
        tables = {id_: it.get("hash") for id_, it in state.notes("tables").items()}
        built = [str(workspace.root.resolve()), state.get("commit"), state.get("etag"), tables]
        of = sha256(repr(built).encode()).hexdigest()
        if not self._has_catalog() or (workspace.database.is_file() and state.get("built") == of):
            return
        from agnes.workspace.database import build_database

        try:
            self.built = build_database(workspace, workspace.snapshot(state.get("commit")))
        except AgnesError as error:
            self.outcome.fail("analytics.duckdb", error, "da sync")
            return
        state.all["built"] = of
        self.outcome.notes += [
            f"{name} has no view in analytics.duckdb: {printable(reason)}"
            for name, reason in self.built.skipped.items()
        ]
        self.outcome.notes += [
            f"your {old} in analytics.duckdb is called {new} now"
            for old, new in self.built.renamed.items()
        ]
        if self.built.replaced:
            kept = self.built.replaced.name
            self.outcome.notes.append(f"analytics.duckdb could not be read; it is kept as {kept}")

    def instruct(self, *, force: bool = False) -> list[Path]:
        """Write the instructions for agents anew; what somebody changed by hand stays.

        Args:
            force: whatever was changed.

        Returns:
            the files that were written.
        """
        from agnes.workspace.instructions import Facts, write_instructions

        workspace, state = self.workspace, self.state
        if not force and _text_hash(workspace) != state.get("instructions"):
            self.outcome.notes.append(
                "CLAUDE.md or AGENTS.md was changed by hand, so both stay as they are; "
                "renew them: da analyst setup --force"
            )
            return []
        had_notes = workspace.local_md.exists()
        facts = Facts(
            instance_name=state.get("instance_name") or self._client.server,
            server_url=self._client.server,
            sync_interval=state.get("sync_interval") or DEFAULT_INTERVAL,
            metrics=self.metrics(),
            template=self._template(),
        )
        files = write_instructions(workspace, facts)
        if not had_notes and workspace.local_md.exists():
            note_as_sent(workspace, state)
        state.all["instructions"] = _text_hash(workspace)
        return files

    def uploads(self) -> None:
        """Send what was not sent yet."""
        try:
            sent, failed = upload(self._client, self.workspace, self.state)
        except AgnesError as error:
            self.outcome.fail("uploads", error, "da sync --upload-only")
            return
        self.outcome.uploaded = sent
        for name, reason in failed.items():
            self.outcome.fail(name, reason, "da sync --upload-only")

    def metrics(self) -> list[Mapping[str, Any]]:
        """The metrics of the local copy."""
        try:
            found = json.loads(self.workspace.metrics.read_bytes())["metrics"]
        except (OSError, ValueError, LookupError, TypeError):
            return []
        return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []

    def note(self) -> None:
        """Keep the notes as they are; those of a setup that is not done yet are kept by nobody."""
        if "synced_at" in self.state.all:
            self.state.write()

    def keep(self, *, whole: bool = True) -> None:
        """Keep the notes at the end.

        Args:
            whole: data and catalog were both compared, so that all is of now.
        """
        state = self.state
        state.all["server"] = self._client.server
        if whole or "synced_at" not in state.all:
            state.all["synced_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        state.write()
        catalog.clear_snapshots(self.workspace, state.get("commit"))
        config.save_sync_state(
            {
                "workspace": str(self.workspace.root),
                "last_sync": state.all["synced_at"],
                "tables": {id_: it.get("hash") for id_, it in state.notes("tables").items()},
            }
        )

    def _template(self) -> str | None:
        """The instance's own template; older servers have none."""
        try:
            found = self._client.get("/api/workspace/template")
        except NotFoundError:
            return None
        text = found.get("template") if isinstance(found, dict) else None
        return text if isinstance(text, str) else None

    def _has_catalog(self) -> bool:
        files = (self.workspace.schema, self.workspace.metrics)
        commit = self.state.get("commit")
        return (
            bool(commit)
            and self.workspace.snapshot(commit).is_file()
            and all(path.is_file() for path in files)
        )

    def _is_here(self, table: Table) -> bool:
        known = self.state.notes("tables").get(table.id)
        path = self.workspace.parquet(table.id)
        if not is_as_noted(path, table.hash, known):
            if hash_of(path) != table.hash:
                return False
            self._note(table)
        self.outcome.unchanged.append(table.id)
        return True

    def _note(self, table: Table, *, written: bool = False) -> None:
        path = self.workspace.parquet(table.id)
        note = stamped(path, table.hash, written=written) | {"rows": table.rows}
        self.state.notes("tables")[table.id] = note

    def _download(self, tables: list[Table], watch: Watch) -> None:
        folder = self.workspace.parquet_dir
        failed = fetch_tables(self._client, tables, folder, watch)
        changed = [id_ for id_, error in failed.items() if isinstance(error, ConflictError)]
        if changed:  # between the manifest and the download: once more, as they are by now
            self.ask()
            again = [it for id_, it in self.manifest.tables.items() if id_ in changed]
            failed = {id_: it for id_, it in failed.items() if id_ not in changed}
            failed |= fetch_tables(self._client, again, folder, watch)
            fresh = {table.id: table for table in again}
            tables = [fresh.get(table.id, table) for table in tables]
        for table in tables:
            if table.id in failed:
                self.outcome.fail(table.id, failed[table.id], f"da sync --table {table.id}")
            elif self.workspace.parquet(table.id).is_file():
                self._note(table, written=True)
                self.outcome.downloaded.append(table.id)

    def _remove_gone(self) -> None:
        known = self.state.notes("tables")
        for table_id in sorted(known.keys() - self.manifest.tables.keys()):
            del known[table_id]
            if not TABLE_ID.fullmatch(table_id):
                continue  # somebody else wrote that into the notes
            self.workspace.parquet(table_id).unlink(missing_ok=True)
            self.outcome.removed.append(table_id)

    def _fail_docs(self, what: str, error: AgnesError) -> None:
        self.outcome.fail(what, error, "da sync --docs-only")


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Be the only one that syncs a workspace.

    Raises:
        ConflictError: another does.
    """
    from filelock import FileLock, Timeout

    workspace.metadata_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workspace.metadata_dir / ".sync.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ConflictError(
            f"another da syncs {workspace.root} at this moment", "wait for it, then try again"
        ) from None
    with lock:
        yield


def _text_hash(workspace: Workspace) -> str:
    """What CLAUDE.md and AGENTS.md are, to know whether somebody changed them."""
    return ":".join(hash_of(path) for path in (workspace.claude_md, workspace.agents_md))


def sync(
    run: Sync, watch: Watch, *, data: bool = True, docs: bool = True, table: str | None = None
) -> Outcome:
    """Bring a workspace up to date.

    Args:
        run: of the workspace.
        data, docs: which of the two.
        table: this one's data and nothing else.

    Raises:
        AgnesError: nothing of it can be done. Otherwise what went wrong is in the outcome.
    """
    whole = data and docs and table is None
    make_folders(run.workspace)
    run.ask()
    if docs and table is None:
        run.catalog()
    try:
        if data:
            run.data(watch, table)
    finally:
        run.note()  # also what came before somebody interrupted it
    if docs and table is None:
        run.profiles()
    run.build()
    if run.outcome.catalog_changed and run.workspace.is_initialized:
        run.instruct()
    if whole:
        run.uploads()
    run.keep(whole=whole)
    return run.outcome


def send(run: Sync) -> Outcome:
    """Send what was not sent yet, and do nothing else."""
    run.uploads()
    run.note()
    return run.outcome
