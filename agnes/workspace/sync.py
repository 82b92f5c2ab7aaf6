"""Bringing a workspace up to date, by difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from agnes.cache.engine import warm
from agnes.config import client as config
from agnes.errors import AgnesError, NotFoundError
from agnes.workspace import catalog
from agnes.workspace.data import Data
from agnes.workspace.download import Watch, hash_of
from agnes.workspace.manifest import Manifest, fetch_manifest
from agnes.workspace.outcome import Outcome
from agnes.workspace.setup import make_folders
from agnes.workspace.state import State, stamped
from agnes.workspace.uploads import note_as_sent, upload

if TYPE_CHECKING:
    from pathlib import Path

    from agnes.client import Client
    from agnes.workspace.database import Built
    from agnes.workspace.layout import Workspace

DEFAULT_INTERVAL = "1 hour"


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
        if self._is_of_now(self._manifest):
            # A commit that changes nothing that this user sees makes no copy old.
            self.state.all["announced_commit"] = self.state.get("commit")
        elif self._manifest.commit:
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

    def catalog_and_data(self, watch: Watch, told: Callable[[], None] = lambda: None) -> None:
        """Bring both up to date, at the same time.

        Args:
            told: called when the catalog is there, or has failed; data may come on meanwhile.

        Raises:
            UnauthorizedError: the token is not good any more.
        """

        def first() -> None:
            self.catalog()
            told()
            if self.outcome.catalog_changed:
                warm()  # the database is built when the data are there

        pool = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        try:
            catalog = pool.submit(first)
            try:
                self.data(watch)
            except AgnesError:
                wait([catalog])  # it has a connection of the client, which is closed after this
                raise
            catalog.result()
        finally:
            pool.shutdown(wait=False)  # whoever presses Ctrl-C waits for nothing

    def catalog(self) -> None:
        """Bring the local copy of the catalog up to date."""
        state, manifest = self.state, self.manifest
        if self._is_of_now(manifest):
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

        def again() -> Manifest:
            self.ask()
            return self.manifest

        data = Data(self.workspace, self._client, self.state, self.outcome)
        if only is None:
            data.bring_all(self.manifest, watch, again)
        else:
            data.bring_one(only, self.manifest, watch, again)

    def build(self) -> None:
        """Make the database anew, unless it is of what is here and can be read."""
        state, workspace = self.state, self.workspace
        tables = {id_: it.get("hash") for id_, it in state.notes("tables").items()}
        parts = [str(workspace.root.resolve()), state.get("commit"), state.get("etag"), tables]
        of = sha256(repr(parts).encode()).hexdigest()
        if not self._has_catalog():
            return
        if not self._is_built(of):
            from agnes.workspace.database import build_database

            try:
                self.built = build_database(workspace, workspace.snapshot(state.get("commit")))
            except AgnesError as error:
                self.outcome.fail("analytics.duckdb", error, "da sync")
                return
            self.outcome.notes += self.built.notes()
        state.all["built"] = stamped(workspace.database, of)

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

    def _is_of_now(self, manifest: Manifest) -> bool:
        """Whether the catalog that is here is the one that the user sees at the server."""
        return self._has_catalog() and self.state.get("catalog_hash") == manifest.catalog != ""

    def _has_catalog(self) -> bool:
        files = (self.workspace.schema, self.workspace.metrics)
        commit = self.state.get("commit")
        return (
            bool(commit)
            and self.workspace.snapshot(commit).is_file()
            and all(path.is_file() for path in files)
        )

    def _is_built(self, of: str) -> bool:
        """Whether the database is of what is here; opened only if it was touched since."""
        known, path = self.state.all.get("built"), self.workspace.database
        if not isinstance(known, dict) or known.get("hash") != of or not path.is_file():
            return False
        if stamped(path, of) == known:
            return True
        from agnes.workspace.database import is_damaged

        return not is_damaged(path)

    def _fail_docs(self, what: str, error: AgnesError) -> None:
        self.outcome.fail(what, error, "da sync --docs-only")


def _text_hash(workspace: Workspace) -> str:
    """What CLAUDE.md and AGENTS.md are, to know whether somebody changed them."""
    return ":".join(hash_of(path) for path in (workspace.claude_md, workspace.agents_md))


def sync(run: Sync, watch: Watch, *, data: bool = True, table: str | None = None) -> Outcome:
    """Bring a workspace up to date.

    Args:
        run: of the workspace.
        data: whether the data too, or only what is known of them.
        table: this one's data and nothing else.

    Raises:
        AgnesError: nothing of it can be done. Otherwise what went wrong is in the outcome.
    """
    whole = data and table is None
    make_folders(run.workspace)
    run.ask()
    try:
        if whole:
            run.catalog_and_data(watch)
        elif data:
            run.data(watch, table)
        else:
            run.catalog()
    finally:
        run.note()  # also what came before somebody interrupted it
    if table is None:
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
