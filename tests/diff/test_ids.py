from __future__ import annotations

import pytest

from agnes.diff.ids import nearest_ids
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml


def near(catalog: GitRepository, wanted: str) -> list[str]:
    repository = Repository(locate(catalog.path), PARTS)
    return nearest_ids(repository, repository.resolve("HEAD"), wanted)


@pytest.mark.parametrize(
    ("wanted", "first"), [("revenue/mmr", "revenue/mrr"), ("tables/order", "tables/orders")]
)
def test_ids_that_are_there_are_near(catalog, wanted, first):
    assert near(catalog, wanted)[0] == first


def test_ids_that_were_there_once_are_near_where_nothing_else_is(catalog):
    catalog.write("metrics/people/headcount.yml", metric_yaml("headcount"))
    catalog.commit()
    (catalog.path / "metrics/people/headcount.yml").unlink()
    catalog.commit()
    assert near(catalog, "people/headcuont") == ["people/headcount"]


def test_nothing_is_near_to_nonsense(catalog):
    assert near(catalog, "xyzzy") == []
