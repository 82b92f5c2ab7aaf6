"""`da diagnose` and `da status`: how things are, and what to do where they are not well."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_or_none
from agnes.cli.output import echo, note, print_json, style
from agnes.config import client as config

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


def diagnose(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Check the server, the token, clocks, the workspace or catalog, the data; say what to do.

    Exit code 1 where something fails.

    \b
    Examples:
      da diagnose
      da diagnose --json
    """
    from agnes import diagnosis
    from agnes.workspace.freshness import workspace_here

    workspace = None if catalog else workspace_here()
    checks = diagnosis.diagnose(catalog_or_none(catalog), workspace)
    overall = diagnosis.overall(checks)
    if json:
        print_json({"overall": overall, "checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            label = style(f"[{check.status}]".ljust(6), fg=_COLORS[check.status])
            echo(f"{label} {style(check.name, bold=True)}: {check.detail}")
            if check.remedy:
                echo(f"       {style('help:', fg='green')} {check.remedy}")
        echo(f"Overall: {overall}")
    if overall == "unhealthy":
        raise typer.Exit(1)


def status(
    local: Annotated[
        bool, typer.Option("--local", help="What is on this machine, without asking the server.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the server, who is signed in, and what was downloaded.

    \b
    Examples:
      da status
      da status --local --json
    """
    found = _on_this_machine()
    if not local and (address := config.server()) is not None:
        found |= _at_the_server(address)
    if json:
        print_json(found)
        return
    for key, label in _LABELS.items():
        if key in found:
            echo(f"{label}: {'-' if found[key] is None else found[key]}")
    if found["server"] is None:
        note("no server is configured: da auth login --server URL")


_LABELS = {
    "server": "Server",
    "status": "Status",
    "version": "Version",
    "instance_name": "Instance",
    "commit": "In force",
    "email": "Signed in",
    "tables_synced": "Tables synced",
    "last_sync": "Last sync",
}


def _on_this_machine() -> dict[str, Any]:
    state, address = config.sync_state(), config.server()
    login = None if address is None else config.login(address)
    tables = state.get("tables")
    return {
        "mode": "local",
        "server": address,
        "email": (login.email or "by DA_TOKEN") if login else None,
        "role": login.role if login else None,
        "tables_synced": len(tables) if isinstance(tables, dict) else 0,
        "last_sync": state.get("last_sync"),
    }


def _at_the_server(address: str) -> dict[str, Any]:
    from agnes.client import Client

    with Client(address) as client:
        health = client.get("/api/health")
    catalog = health.get("catalog") or {}
    names = ("status", "version", "instance_name")
    known = {name: health.get(name) for name in names}
    return {"mode": "server", **known, "commit": catalog.get("commit")}
