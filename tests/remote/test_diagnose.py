"""`da diagnose` and `da status`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from agnes import __version__
from agnes.config import client as config
from agnes.config.client import Login


def found(da, *arguments: object) -> dict[str, dict[str, str]]:
    done = da("diagnose", "--json", *arguments)
    return {check["name"]: check for check in done.json["checks"]}


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A folder without a catalog, and no server."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))


@pytest.fixture
def odd():
    """A server of an older version, whose clock is an hour slow."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "degraded", "version": "0.0.1", "services": SERVICES})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def date_time_string(self, _: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


SERVICES = {"state": {"status": "error"}, "catalog": {"status": "ok"}}


def test_where_all_is_well_every_check_says_so(da, away):
    done = da("diagnose")

    assert (done.code, done.out.splitlines()[-1]) == (0, "Overall: healthy")
    assert "help:" not in done.out
    assert found(da).keys() == {"settings", "server", "version", "clock", "token"}


def test_a_catalog_and_its_data_folder_are_looked_at(da, away):
    path = away.repository.path
    (path / "data" / "state").mkdir(parents=True)
    checks = found(da, "--catalog", path)

    assert checks["catalog"]["status"] == "ok"
    assert checks["data folder"]["status"] == "ok"


def test_without_a_server_and_a_catalog_there_is_nothing_to_ask(da, nowhere):
    done = da("diagnose")

    assert done.code == 1
    assert "[fail] settings: there is neither a server nor a catalog" in done.out
    assert "help: sign in to one" in done.out
    assert done.out.endswith("Overall: unhealthy\n")


def test_a_catalog_alone_is_fine(da, nowhere, catalog):
    assert da("catalog", "sync", "--catalog", catalog.path).code == 0

    checks = found(da, "--catalog", catalog.path)

    assert {check["status"] for check in checks.values()} == {"ok"}


def test_a_catalog_that_is_not_served_has_its_remedy(da, nowhere, catalog):
    check = found(da, "--catalog", catalog.path)["catalog"]

    assert (check["status"], check["remedy"]) == ("warn", "da catalog sync")


def test_a_server_that_is_down_is_a_failure_and_the_rest_is_told(da, nowhere, monkeypatch):
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:1")

    done = da("diagnose")

    assert done.code == 1
    assert "[ok]   settings" in done.out
    assert "[fail] server: Cannot reach http://127.0.0.1:1" in done.out


def test_what_is_odd_about_a_server_is_told(da, nowhere, odd):
    config.save_login(Login(odd, "some"))

    checks = found(da)

    assert checks["server"]["status"] == "warn"
    assert "degraded: state" in checks["server"]["detail"]
    assert checks["version"]["detail"] == f"here {__version__}, there 0.0.1"
    assert checks["clock"]["status"] == "warn"
    assert 3590 < int(checks["clock"]["detail"].split()[2]) < 3610


def test_who_is_not_signed_in_is_told(da, away):
    config.forget_login()

    check = found(da)["token"]

    assert (check["status"], check["remedy"]) == ("fail", "da auth login")


def test_a_token_that_is_refused_is_told(da, away, monkeypatch):
    monkeypatch.setenv("DA_TOKEN", "none")

    assert "the server refuses it" in found(da)["token"]["detail"]


def test_a_token_that_others_may_read_is_told(da, away):
    config.token_file().chmod(0o644)

    check = found(da)["token"]

    assert check["status"] == "warn"
    assert check["remedy"] == f"chmod 600 {config.token_file()}"


def test_a_secret_that_others_may_read_is_told(da, nowhere, catalog, monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    secret = tmp_path / "data" / "state" / ".jwt_secret"
    secret.parent.mkdir(parents=True)
    secret.write_text("0" * 64)
    secret.chmod(0o640)

    assert found(da, "--catalog", catalog.path)["data folder"]["status"] == "fail"


def test_settings_that_cannot_be_read_are_a_failure(da, nowhere, tmp_path):
    (tmp_path / "da").mkdir()
    (tmp_path / "da" / "config.yaml").write_text("server: [")

    check = found(da)["settings"]

    assert check["status"] == "fail"
    assert "config.yaml cannot be read" in check["detail"]


def test_status_tells_of_the_server_and_who_is_signed_in(da, away):
    lines = da("status").out.splitlines()

    assert f"Server: {away.url}" in lines
    assert "Status: healthy" in lines
    assert "Signed in: admin@example.com" in lines
    assert "Tables synced: 0" in lines
    assert da("status", "--json").json["commit"] == away.instance.serving.edition.commit


def test_status_of_this_machine_asks_nobody(da, nowhere, monkeypatch):
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:1")
    config.save_sync_state({"tables": {"orders": "h"}, "last_sync": "2026-01-01T00:00:00Z"})

    assert "Tables synced: 1" in da("status", "--local").out
    assert da("status", "--local", "--json").json == {
        "mode": "local",
        "server": "http://127.0.0.1:1",
        "email": None,
        "role": None,
        "tables_synced": 1,
        "last_sync": "2026-01-01T00:00:00Z",
    }


def test_status_without_a_server_says_how_to_get_one(da, nowhere):
    done = da("status")

    assert done.code == 0
    assert "Tables synced: 0" in done.out
    assert "da auth login" in done.err


def test_status_of_a_server_that_is_down_is_an_error(da, nowhere, monkeypatch):
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:1")

    done = da("status")

    assert (done.code, done.out) == (1, "")
    assert "Cannot reach" in done.err
