"""The starter pack with something of everything that can be wrong, on a real server."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from agnes.api.app import create_app
from agnes.certify import certify
from agnes.config import author
from agnes.config.instance import InstanceSettings
from agnes.edit import Editor
from agnes.git.refs import Location
from agnes.scaffold import create_catalog
from agnes.sync.reconcile import reconcile

ADA = ("Ada Lovelace", "ada@example.com")
METRIC = "name: {0}\ndisplay_name: {1}\ncategory: finance\nunit: USD\ngrain: monthly\n{2}sql: {3}\n"
SELECT = "SELECT DATE_TRUNC('month', order_date) AS month, SUM(amount) AS total FROM {} GROUP BY 1"
ORDERS = SELECT.format("orders")
ADDED = {
    "metrics/finance/gross_margin.yml": METRIC.format(
        "gross_margin", "Gross margin", "description: Left after the cost of goods.\n", ORDERS
    ),
    "metrics/finance/contribution_margin.yml": METRIC.format(
        "contribution_margin", "Contribution margin", "description: Left after all.\n", ORDERS
    ),
    "metrics/finance/bookings.yml": METRIC.format(
        "bookings",
        "Bookings",
        "description: What was signed.\nsynonyms: [signed contract value]\n"
        "status: deprecated\nreplaced_by: revenue/total_revenue\n",
        ORDERS,
    ),
    "metrics/finance/payroll_cost.yml": METRIC.format(
        "payroll_cost",
        "Payroll cost",
        "description: What people are paid.\nsynonyms: [salaries]\ntable: payroll\n",
        SELECT.format("payroll"),
    ),
    "tables/payroll.yml": "id: payroll\naccess: {groups: [finance]}\n"
    "columns: {order_date: {basetype: DATE}, amount: {basetype: NUMERIC}}\n",
}
LAPSED = "metrics/sales/new_customers.yml"
STALE = "metrics/operations/infrastructure_cost.yml"


@dataclass(frozen=True)
class Served:
    """A server, and the token of an analyst there."""

    url: str
    token: str


def make_catalog(folder: Path) -> Location:
    """Make it, with its history."""
    location = create_catalog(folder, author=author(*ADA)).location
    _write(location, folder, ADDED, "feat(metrics): add what finance counts")
    editor = Editor(location, author(*ADA))
    editor.apply(certify(editor, ["sales/new_customers"]), "feat: certify", "manual")
    reconcile(location)
    changed = (folder / LAPSED).read_text()
    changed = re.sub(r"(\n  WHERE )", r"\1NOT FALSE AND ", changed)
    assert changed != (folder / LAPSED).read_text()
    broken = (folder / STALE).read_text().replace("\nunit:", "\nunti:")
    _write(location, folder, {LAPSED: changed, STALE: broken}, "feat(metrics): change two")
    reconcile(location)
    return location


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Serve it on loopback, as long as the block runs."""
    make_catalog(folder / "catalog")
    settings = InstanceSettings.load(catalog=folder / "catalog", data_dir=folder / "data")
    app = create_app(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server does not start"
            time.sleep(0.01)
        instance = app.state.instance
        user = instance.state.users.create("agent@example.com", role="analyst")
        token = instance.authenticator.sign_in_as(user).token
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", token)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


def _write(location: Location, folder: Path, files: dict[str, str], subject: str) -> None:
    """Commit files as git would, whatever is in them."""
    import subprocess

    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    who = ["-c", f"user.name={ADA[0]}", "-c", f"user.email={ADA[1]}"]
    for command in (["add", "--all"], [*who, "commit", "--quiet", "--no-verify", "-m", subject]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    reconcile(location)
