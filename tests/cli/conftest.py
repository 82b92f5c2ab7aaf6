"""Running commands as `da` does, in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from agnes.cli.main import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Da = Callable[..., Done]


@pytest.fixture
def da(monkeypatch, capsys) -> Da:
    """Run a command; return its exit code and what it printed."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["da", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code
        printed = capsys.readouterr()
        return Done(int(code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def here(catalog, monkeypatch):
    """The catalog of two metrics, as the current folder."""
    monkeypatch.chdir(catalog.path)
    return catalog
