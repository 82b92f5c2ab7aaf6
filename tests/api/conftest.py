"""A real server on loopback, in a thread of the tests, and clients that are signed in."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State

from agnes.api.app import create_app
from agnes.api.instance import Instance
from agnes.auth.principal import Role
from agnes.config.instance import InstanceSettings
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from tests.auth.migrated import lay_state
from tests.conftest import (
    GitRepository,
    cost_little,
    empty_repository,
    own_environment,
    small_catalog,
)

PASSWORD = "correct horse battery"
_TLS = ssl.create_default_context()
"""One for all clients: making it takes longer than most requests."""


class _Server(uvicorn.Server):
    """One that looks more often whether it is to end."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            await asyncio.sleep(0.005)


@dataclass
class Running:
    """A server that answers."""

    url: str
    app: FastAPI
    repository: GitRepository
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def instance(self) -> Instance:
        return self.app.state.instance

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=_TLS)
        self._clients.append(made)
        return made

    def token(self, email: str, role: Role = "analyst", groups: tuple[str, ...] = ()) -> str:
        """A token of a user, who is made if need be; no password is hashed for it."""
        users = self.instance.state.users
        user = users.by_email(email) or users.create(email, role=role, groups=groups)
        return self.instance.authenticator.sign_in_as(user).token

    def as_(self, role: Role, *groups: str) -> httpx.Client:
        """A client of a user with a role and groups: `server.as_("analyst", "finance")`."""
        name = "-".join((role, *groups))
        return self.client(self.token(f"{name}@example.com", role, groups))

    def commit(self, files: dict[str, str | None], message: str = "Change") -> str:
        """Commit files with git's own client, and wait until the commit is served."""
        for path, content in files.items():
            if content is None:
                (self.repository.path / path).unlink()
            else:
                self.repository.write(path, content)
        commit = self.repository.commit(message)
        self.wait_for(commit)
        return commit

    def wait_for(self, commit: str) -> None:
        deadline = time.monotonic() + 20
        while self.instance.serving.edition.commit != commit:
            assert time.monotonic() < deadline, f"{commit} is not served"
            time.sleep(0.02)


Start = Callable[..., Running]
_IDLE: list[FastAPI] = []
"""Apps of servers that have ended: their routes, which take long to make, are made already."""


@contextmanager
def application(settings: InstanceSettings) -> Iterator[FastAPI]:
    """An app, which nobody else has meanwhile."""
    limits = {"body_mb", "upload_mb"}  # which go into the routes
    is_usual = not settings.model_fields_set & limits
    app = _IDLE.pop() if is_usual and _IDLE else create_app(settings)
    app.state = State({"settings": settings})
    yield app
    if is_usual:
        _IDLE.append(app)


@contextmanager
def served(repository: GitRepository, data_dir: Path, **settings: Any) -> Iterator[Running]:
    """A server, as long as the block runs."""
    given = {"catalog": repository.path, "data_dir": data_dir} | settings
    with pytest.MonkeyPatch.context() as monkeypatch, ExitStack() as stack:
        cost_little(monkeypatch)
        lay_state(data_dir / "state")
        app = stack.enter_context(application(InstanceSettings.load(**given)))
        yield stack.enter_context(_listening(app, repository))


@contextmanager
def _listening(app: FastAPI, repository: GitRepository) -> Iterator[Running]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    running = Running(f"http://127.0.0.1:{listening.getsockname()[1]}", app, repository)
    try:
        while not server.started:
            assert thread.is_alive(), "the server does not start"
            time.sleep(0.01)
        yield running
    finally:
        for client in running._clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server does not end"
        listening.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers: `start(repository, query_rows=5)`."""
    with ExitStack() as stack:
        number = count()

        def start(repository: GitRepository, **settings: Any) -> Running:
            data_dir = settings.pop("data_dir", tmp_path / f"data-{next(number)}")
            return stack.enter_context(served(repository, data_dir, **settings))

        yield start


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of the small catalog, whose commit is always the same."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        folder = tmp_path_factory.mktemp("built") / "repository"
        repository = small_catalog(empty_repository(folder))
        reconcile(locate(repository.path))
    return repository.path / ".git" / "agnes"


@pytest.fixture
def server(start: Start, catalog: GitRepository, built: Path) -> Running:
    """A server of the small catalog, which finds its cache built."""
    shutil.copytree(built, catalog.path / ".git" / "agnes")
    return start(catalog)


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the small catalog for all tests of a module, which only read."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        repository = small_catalog(empty_repository(folder / "repository"))
    with served(repository, folder / "data") as running:
        yield running
