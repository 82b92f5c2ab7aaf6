"""Tables as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agnes.profile import Subject
from tests.queries.conftest import write_parquet

Table = Callable[..., Subject]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Makes a table `t` of the rows of a query."""

    def make(sql: str, **more) -> Subject:
        return Subject("t", [write_parquet(tmp_path / "t.parquet", sql)], **more)

    return make
