"""What tells one boot of the machine from another."""

from __future__ import annotations

from agnes.workspace import boot as module
from agnes.workspace.boot import boot


def test_a_boot_has_one_name():
    assert boot() == boot()


def test_a_system_that_does_not_say_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BOOT", tmp_path / "none")
    assert boot.__wrapped__() is None
