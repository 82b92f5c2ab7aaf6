"""What may be wrong between a user and their metrics: each thing checked, with its remedy."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agnes import __version__
from agnes.client import Client
from agnes.config import client as config
from agnes.errors import AgnesError, UnauthorizedError

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace

Status = Literal["ok", "warn", "fail"]
_CLOCK = 60.0
"""Seconds that two clocks may differ."""
_SPACE = 1_000_000_000
"""Bytes that should be free."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        detail: what was found.
        remedy: what to do, if it is not `ok`.
    """

    name: str
    status: Status
    detail: str
    remedy: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return asdict(self)


def overall(checks: list[Check]) -> str:
    """`healthy`, `degraded` where something is to be seen to, `unhealthy` where it must be."""
    found = {check.status for check in checks}
    return "unhealthy" if "fail" in found else "degraded" if "warn" in found else "healthy"


def diagnose(catalog: Path | None, workspace: Workspace | None = None) -> list[Check]:
    """Look at everything that a command may need.

    Args:
        catalog: the one at hand.
        workspace: the one around.
    """
    checks = list(_settings(need_server=catalog is None and workspace is None))
    address = _configured()
    if address is not None:
        checks += _server(address)
    if workspace is not None:
        checks += _workspace(workspace, address)
    if catalog is not None:
        checks += _guarded("catalog", lambda: _catalog(catalog))
        checks += _guarded("data folder", lambda: _data_folder(catalog))
    return checks


def _configured() -> str | None:
    try:
        return config.server()
    except AgnesError:
        return None


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """What a check finds; an expected error is found too."""
    try:
        yield from look()
    except AgnesError as error:
        yield Check(name, "fail", error.message, error.hint)


def _settings(*, need_server: bool) -> Iterator[Check]:
    try:
        address = config.server()
    except AgnesError as error:
        yield Check("settings", "fail", error.message, error.hint)
        return
    if address is not None:
        yield Check("settings", "ok", f"{config.config_dir()} names {address}")
    elif need_server:
        remedy = "sign in to one, `da auth login --server URL`, or go to a catalog's folder"
        yield Check("settings", "fail", "there is neither a server nor a catalog", remedy)
    else:
        yield Check("settings", "ok", "no server is configured; what is at hand is read")


def _server(address: str) -> Iterator[Check]:
    with Client(address) as client:
        started = datetime.now(UTC)
        try:
            answer = client.request("GET", "/api/health")
        except AgnesError as error:
            remedy = (
                "is the server up, and the address right? change it: da setup init --server-url"
            )
            yield Check("server", "fail", error.message, remedy)
            return
        ended = datetime.now(UTC)
        health = answer.data if isinstance(answer.data, dict) else {}
        yield _health(client, health)
        yield _version(str(health.get("version", "")))
        yield from _clock(answer.headers.get("date"), started, ended)
        if client.is_exposed:
            remedy = "put TLS before it (docs/running.md), and use https://"
            yield Check("encryption", "warn", "the token travels in the clear", remedy)
    yield from _token(address)


def _health(client: Client, health: dict[str, Any]) -> Check:
    status = health.get("status")
    if status not in ("healthy", "degraded", "unhealthy"):
        remedy = "is that the address of an Agnes server?"
        return Check("server", "fail", f"{client.server} does not say how it is", remedy)
    services = health.get("services")
    parts = services.items() if isinstance(services, dict) else ()
    troubled = [
        name for name, it in parts if isinstance(it, dict) and it.get("status") not in ("ok", None)
    ]
    detail = f"{client.server} is {status}" + (f": {', '.join(troubled)}" if troubled else "")
    if status == "healthy":
        return Check("server", "ok", detail)
    remedy = "its logs and `da catalog status` there say why"
    return Check("server", "warn" if status == "degraded" else "fail", detail, remedy)


def _version(there: str) -> Check:
    same = there.split(".")[:2] == __version__.split(".")[:2]
    detail = f"here {__version__}, there {there or 'unknown'}"
    return Check("version", *("ok", detail) if same else ("warn", detail, "use the same version"))


def _clock(header: str | None, started: datetime, ended: datetime) -> Iterator[Check]:
    """Compare clocks by a header that has whole seconds, written some time between two moments."""
    try:
        there = parsedate_to_datetime(header or "")
    except ValueError:
        return
    there = there.replace(tzinfo=there.tzinfo or UTC)
    early = (started - there).total_seconds() - 1
    late = (there - ended).total_seconds()
    apart = max(early, late, 0.0)
    if apart <= _CLOCK:
        yield Check("clock", "ok", "it agrees with the server's")
    else:
        remedy = "set both by NTP: tokens and timestamps rely on them"
        yield Check("clock", "warn", f"it is {apart:.0f} s apart from the server's", remedy)


def _token(address: str) -> Iterator[Check]:
    try:
        login = config.login(address)
    except AgnesError as error:
        yield Check("token", "fail", error.message, error.hint)
        return
    if login is None:
        yield Check("token", "fail", f"nobody is signed in to {address}", "da auth login")
        return
    with Client(address, login.token) as client:
        try:
            client.get("/auth/me")
        except UnauthorizedError as error:
            yield Check("token", "fail", f"the server refuses it: {error.message}", error.hint)
            return
        except AgnesError as error:
            yield Check("token", "fail", error.message, error.hint)
            return
    path = config.token_file()
    if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Check("token", "warn", f"others may read {path}", f"chmod 600 {path}")
    else:
        yield Check("token", "ok", f"it is good{f', of {login.email}' if login.email else ''}")


def _workspace(workspace: Workspace, address: str | None) -> Iterator[Check]:
    from agnes.model.layout import printable
    from agnes.workspace.checkup import checkup

    for finding in checkup(workspace):
        yield Check(*finding)
    noted = workspace.state().get("server")
    home = printable(noted) if isinstance(noted, str) else None
    if address is None:
        remedy = f"sign in again: da auth login --server {home or 'URL'}"
        yield Check("sync", "warn", "no server is configured, so nothing here is renewed", remedy)
    elif home is not None and home != address:
        remedy = f"ask that one: da auth login --server {home}"
        yield Check("sync", "warn", f"this workspace is of {home}, not of {address}", remedy)


def _catalog(path: Path) -> Iterator[Check]:
    from agnes.git.refs import locate
    from agnes.sync.status import status

    found = status(locate(path))
    commit = (found["commit"] or "nothing")[:10]
    detail = f"{found['catalog']} is {found['state']}, {commit} is in force"
    remedies = {
        "behind": "da catalog sync",
        "degraded": "da catalog status",
        "missing": "da catalog sync",
        "damaged": "da catalog rebuild",
    }
    if found["state"] == "fresh":
        yield Check("catalog", "ok", detail)
    else:
        failed = found["state"] == "damaged"
        yield Check("catalog", "fail" if failed else "warn", detail, remedies[found["state"]])


def _data_folder(catalog: Path) -> Iterator[Check]:
    """The folder of an instance that is run here, if one is."""
    try:
        from agnes.config.instance import InstanceSettings
    except ImportError:  # without the server's libraries
        return
    folder = InstanceSettings.load().data_dir or catalog / "data"
    if not folder.is_dir():
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = f"let who runs the server own it: chown -R USER {folder}"
        yield Check("data folder", "fail", f"{folder} cannot be written: {error.strerror}", remedy)
        return
    secret = folder / "state" / ".jwt_secret"
    free = shutil.disk_usage(folder).free
    if secret.is_file() and secret.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        remedy = f"chmod 600 {secret}, and make a new one if somebody may have read it"
        yield Check("data folder", "fail", f"others may read {secret}", remedy)
    elif free < _SPACE:
        remedy = "free some, or move it: AGNES_DATA_DIR"
        yield Check("data folder", "warn", f"{free / 1e6:.0f} MB are free in {folder}", remedy)
    else:
        yield Check("data folder", "ok", f"{folder}, {free / 1e9:.0f} GB free")
