"""An analyst's folder, and a real server with data for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from agnes.workspace.layout import Workspace
from tests.api.conftest import Running, built, server, start
from tests.cli.conftest import Done, da
from tests.conftest import GitRepository, empty_repository, own_environment, small_catalog
from tests.tables.conftest import write_parquet
from tests.workspace.between import Between, between

__all__ = ["built", "da", "server", "start"]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Workspace:
    """An empty folder to work in, on a machine that knows no server."""
    folder = tmp_path / "analysis"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    return Workspace(folder)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small catalog and two tables more, with its cache."""
    folder = tmp_path_factory.mktemp("stock") / "repository"
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        made = small_catalog(empty_repository(folder))
        made.write("tables/in.c-crm.company.yml", "id: in.c-crm.company\n")
        made.write("tables/salaries.yml", "id: salaries\naccess: {groups: [finance]}\n")
        made.commit("More tables", at=1_700_000_001)
        reconcile(locate(folder))
    return folder


@pytest.fixture
def stocked(repository: GitRepository, stock: Path, start) -> Running:
    """A server of three tables: orders, in.c-crm.company, and salaries for finance alone."""
    shutil.copytree(stock, repository.path, dirs_exist_ok=True)
    running = start(repository)
    put(running, "orders", rows=5000)
    put(running, "in.c-crm.company", rows=3)
    put(running, "salaries", rows=2)
    return running


def put(running: Running, table_id: str, rows: int) -> bytes:
    """Give a table that many rows."""
    path = running.instance.data.file(table_id)
    write_parquet(path, f"SELECT range AS id, hash(range) AS h FROM range({rows})")
    return path.read_bytes()


@pytest.fixture
def ready(da, stocked: Running, place: Workspace) -> Running:
    """The server, after a setup as an analyst."""
    done = da(
        "analyst", "setup", "--server-url", stocked.url, "--token", stocked.token("ada@example.com")
    )
    assert done.code == 0, done.err
    return stocked


@pytest.fixture
def middle(stocked: Running) -> Iterator[Between]:
    """A server before the real one, which passes everything on until it is told otherwise."""
    with between(stocked.url) as found:
        yield found


@pytest.fixture
def set_up(da, stocked: Running, middle: Between, place: Workspace) -> Callable[[], Done]:
    """Run a setup as an analyst, at the server in the middle."""
    token = stocked.token("ada@example.com")
    return lambda: da("analyst", "setup", "--server-url", middle.url, "--token", token)
