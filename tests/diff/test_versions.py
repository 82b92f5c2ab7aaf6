from __future__ import annotations

from agnes.diff.versions import metric_at
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import metric_yaml


def test_a_metric_is_found_under_either_ending(catalog) -> None:
    catalog.git("mv", "metrics/revenue/arr.yml", "metrics/revenue/arr.yaml")
    catalog.write("metrics/revenue/wrong.yml", "name: [\n")
    commit = catalog.commit("Another ending")
    repository = Repository(locate(catalog.path), PARTS)
    tree = repository.catalog_tree(repository.root_tree(commit))
    for name, ending in (("mrr", "yml"), ("arr", "yaml")):
        found = metric_at(repository, tree, f"revenue/{name}")
        assert found is not None
        assert found.path == f"metrics/revenue/{name}.{ending}"
        assert found.content == metric_yaml(name, found.document.value.display_name).encode()
    broken = metric_at(repository, tree, "revenue/wrong")
    assert broken is not None
    assert not broken.is_whole


def test_a_metric_that_is_not_there_is_none(catalog) -> None:
    repository = Repository(locate(catalog.path), PARTS)
    tree = repository.catalog_tree(repository.root_tree(repository.tip().commit))
    assert metric_at(repository, tree, "revenue/nothing") is None
    assert metric_at(repository, None, "revenue/mrr") is None
