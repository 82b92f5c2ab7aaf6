"""The names of what a query may not use."""

from __future__ import annotations

import pytest

from agnes.sandbox.child import names
from agnes.sandbox.child.database import connect
from agnes.sandbox.child.names import Names, ask, build_of, names_of
from agnes.sql import known


@pytest.fixture
def connection():
    with connect(256) as opened:
        yield opened


def test_what_is_written_down_is_what_this_duckdb_has(connection):
    written = Names(known.FUNCTIONS, known.TABLE_FUNCTIONS, known.VIEWS)
    remedy = "run: python scripts/duckdb_names.py"
    assert (build_of(connection), ask(connection)) == (known.BUILD, written), remedy


@pytest.mark.parametrize("build", [("0123456789", *known.BUILD[1:]), (*known.BUILD, "spatial")])
def test_another_build_is_asked(connection, monkeypatch, build):
    monkeypatch.setattr(names.known, "BUILD", build)
    monkeypatch.setattr(names.known, "TABLE_FUNCTIONS", frozenset())
    assert "read_text" in names_of(connection).table_functions


def test_the_build_at_hand_need_not_be_asked(connection, monkeypatch):
    monkeypatch.setattr(names.known, "VIEWS", frozenset(["as_written_down"]))
    assert names_of(connection).views == {"as_written_down"}
