from __future__ import annotations

import pytest

from agnes.diff.ids import nearest_ids
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("revenue/mmr", "revenue/mrr"),
        ("sales/arr", "revenue/arr"),
        ("tables/order", "tables/orders"),
    ],
)
def test_ids_that_are_or_were_once_are_near(catalog, wanted, first):
    (catalog.path / "metrics/revenue/mrr.yml").unlink()
    catalog.commit()
    repository = Repository(locate(catalog.path), PARTS)
    assert nearest_ids(repository, repository.resolve("HEAD"), wanted)[0] == first


def test_nothing_is_near_to_nonsense(catalog):
    repository = Repository(locate(catalog.path), PARTS)
    assert nearest_ids(repository, repository.resolve("HEAD"), "xyzzy") == []
