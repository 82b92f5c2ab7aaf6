"""An analyst's folder, and a real server with data for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from agnes.workspace.layout import Workspace
from tests.api.conftest import Running, built, server, start
from tests.cli.conftest import Done, da
from tests.conftest import GitRepository
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


@pytest.fixture
def stocked(catalog: GitRepository, start) -> Running:
    """A server of three tables: orders, in.c-crm.company, and salaries for finance alone."""
    catalog.write("tables/in.c-crm.company.yml", "id: in.c-crm.company\n")
    catalog.write("tables/salaries.yml", "id: salaries\naccess: {groups: [finance]}\n")
    catalog.commit("More tables")
    running = start(catalog)
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
