"""Commands that ask a real server, because no catalog is at hand."""

from __future__ import annotations

import pytest

from agnes.config import client as config
from agnes.config.client import Login
from tests.api.conftest import built, server, start
from tests.cli.conftest import da

__all__ = ["built", "da", "server", "start"]


@pytest.fixture
def away(server, tmp_path, monkeypatch):
    """The server, from a folder without a catalog; an admin is signed in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    sign_in(server, "admin")
    return server


def sign_in(server, role: str, *groups: str) -> None:
    email = f"{role}@example.com"
    config.save_login(Login(server.url, server.token(email, role, groups), email, role))
