"""One running server: its settings, its catalog, its users, its data."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agnes.auth.authenticator import Authenticator
from agnes.auth.database import default_url
from agnes.auth.secret import signing_key
from agnes.auth.state import State
from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.changes import Changes
from agnes.config import person
from agnes.config.instance import InstanceSettings
from agnes.errors import AgnesError, NotACatalogError
from agnes.git.refs import Location, find_catalog, locate
from agnes.profile import Profiles, Subject, profile_changed_tables
from agnes.queries import Queries
from agnes.sandbox import Limits
from agnes.serving.past import Past
from agnes.serving.serving import Serving
from agnes.sync.follow import follow_branch, follow_upstream
from agnes.sync.reconcile import reconcile
from agnes.sync.status import status
from agnes.tables.folder import DataFolder
from agnes.tables.place import data_folder
from agnes.tables.registered import Registered, registered
from agnes.tables.sources import Sources
from agnes.tables.syncer import Syncer
from agnes.tables.uploads import Uploads

LOG = logging.getLogger("agnes.api")

STATUS_SECONDS = 2.0


@dataclass
class Instance:
    """What routes work with.

    Args:
        data_dir: state, data, uploads.
        stopping: set when the server ends.
    """

    settings: InstanceSettings
    location: Location
    data_dir: Path
    state: State
    authenticator: Authenticator
    serving: Serving
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.past = Past(self.serving)
        committer = person(self.settings.committer, "AGNES_COMMITTER")
        self.changes = Changes(self.location, committer, push=self.settings.push)
        self.profiles = Profiles(self.data_dir / "profiles")
        self.queries = Queries(
            Limits(
                seconds=self.settings.query_seconds,
                memory_mb=self.settings.query_memory_mb,
                rows=self.settings.query_rows,
            ),
            self.settings.query_workers,
        )
        self._status: tuple[float, dict[str, Any]] | None = None
        self.data = DataFolder(self.data_dir)
        sources = Sources.of(self.settings, self.data_dir)
        self.syncer = Syncer(self.data, self._tables, sources, after=self._profile)
        self.uploads = Uploads(
            self.data_dir / "uploads",
            self.settings.upload_mb << 20,
            self.settings.upload_quota_mb << 20,
        )

    @classmethod
    def open(cls, settings: InstanceSettings) -> Instance:
        """Open what the settings name.

        Raises:
            NotACatalogError: there is no catalog.
            UnavailableError: the data folder or the state database cannot be used.
        """
        location = locate(catalog_of(settings))
        data_dir = data_folder(settings, location)
        state = State.open(state_url(settings, data_dir))
        given = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
        key = signing_key(given, data_dir / "state")
        authenticator = Authenticator(state, key, lifetime=settings.token_lifetime)
        return cls(settings, location, data_dir, state, authenticator, Serving(location))

    def begin(self) -> str | None:
        """Put the branch's tip in force, as far as that can be done.

        Returns:
            What is wrong, where it cannot; what was in force before is then served, if there is.
        """
        problem = None
        try:
            if self.settings.follow is not None:
                follow_branch(self.location, self.settings.follow)
            elif self.settings.fetch_every is not None:
                follow_upstream(self.location)
            reconcile(self.location)
        except AgnesError as error:
            problem = error.message
        with suppress(AgnesError):
            self.serving.refresh()
        return problem

    def close(self) -> None:
        """End what runs, and let the state database go."""
        self.stopping.set()
        self.syncer.stop()
        self.queries.close()
        self.state.close()

    def complain(self, error: AgnesError) -> None:
        """Log an error of something that nobody waits for."""
        LOG.error("failed", extra={"facts": {"error": error.message, "hint": error.hint}})

    def status(self) -> dict[str, Any]:
        """What the cache is at; looked at anew every other second at most."""
        now = time.monotonic()
        if self._status is None or now - self._status[0] > STATUS_SECONDS:
            self._status = (now, status(self.location))
        return self._status[1]

    def state_problem(self) -> str | None:
        """Why the state database does not answer; None where it does."""
        try:
            self.state.ping()
        except AgnesError as error:
            return error.message
        return None

    def subject(self, table_id: str) -> Subject | None:
        """What is profiled of a registered table; None where there is none of that id."""
        with self.serving.edition.reading() as snapshot:
            table = next((row for row in snapshot.tables() if row["id"] == table_id), None)
            columns = snapshot.columns(table_id)
        if table is None:
            return None
        entry = self.data.entry(table_id)
        files = [self.data.file(table_id)] if entry else []
        return Subject.of(table, columns, files, entry.hash if entry else None)

    def relate(self, table_id: str) -> list[dict[str, Any]]:
        """The tables that hang together with a table, by their data."""
        from agnes.profiling.related import related_tables

        with self.serving.edition.reading() as snapshot:
            tables = snapshot.tables()
        files = {it: [self.data.file(it)] for it in self.data.entries()}
        return related_tables(table_id, tables, files)

    def _profile(self, table: Registered) -> None:
        subject = self.subject(table.id)
        if subject is not None:
            profile_changed_tables(self.profiles, [table.id], {table.id: subject}, self.relate)

    def _tables(self) -> dict[str, Registered]:
        with self.serving.edition.reading() as snapshot:
            return registered(snapshot)

    @property
    def name(self) -> str:
        """What people call it."""
        if self.settings.instance_name:
            return self.settings.instance_name
        return str(self._catalog_name() or self.location.path.name)

    def _catalog_name(self) -> Any:
        if self.serving.is_ready:
            return self.serving.edition.info["name"]
        current = Store(self.location).current()
        if current is not None:
            with suppress(AgnesError), Snapshot(current.path) as snapshot:
                return snapshot.info()["name"]
        return None


def catalog_of(settings: InstanceSettings) -> Path:
    """The catalog that is served.

    Raises:
        NotACatalogError: there is none.
    """
    found = settings.catalog or find_catalog(Path.cwd())
    if found is None:
        raise NotACatalogError(
            f"no catalog here: neither {Path.cwd()} nor a folder above it has an agnes.yml",
            "go to one, name one with --catalog PATH, or start with sample data: da serve --demo",
        )
    return found


def state_url(settings: InstanceSettings, data_dir: Path) -> str:
    """Where the state database is."""
    if settings.state_url is not None:
        return settings.state_url.get_secret_value()
    return default_url(data_dir / "state")
