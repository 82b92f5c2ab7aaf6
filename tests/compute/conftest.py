"""The starter metrics and their sample data, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from agnes.compute.engine import DuckDB
from agnes.demo import write_demo_data
from agnes.load.document import read_document
from agnes.model.layout import Slot
from agnes.model.metric import Metric
from agnes.queries.tables import tables_in

STARTER = Path(__file__).parents[2] / "catalog_repo/metrics"


def starter_metrics() -> dict[str, Metric]:
    """The metrics of the starter catalog, by id."""
    found = {}
    for path in sorted(STARTER.glob("*/*.yml")):
        metric_id = f"{path.parent.name}/{path.stem}"
        slot = Slot(f"metrics/{metric_id}.yml", "metric", metric_id)
        metric = read_document(slot, path.read_bytes()).value
        assert isinstance(metric, Metric)
        found[metric_id] = metric
    return found


METRICS = starter_metrics()


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo-data")
    write_demo_data(folder)
    return folder


@pytest.fixture(scope="session")
def demo_tables(demo_data):
    return tables_in(demo_data, [path.stem for path in demo_data.glob("*.parquet")])


@pytest.fixture(scope="session")
def engine(demo_tables):
    with DuckDB(demo_tables) as opened:
        yield opened
