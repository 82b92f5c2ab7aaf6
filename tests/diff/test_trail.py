from __future__ import annotations

from itertools import pairwise

import pytest

from agnes.diff.trail import trail
from agnes.diff.versions import key_called
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"


def steps(at: GitRepository, name: str = "revenue/mrr"):
    repository = Repository(locate(at.path), PARTS)
    return list(trail(repository, repository.resolve("HEAD"), key_called(name)))


def test_only_commits_that_wrote_the_file_are_steps(catalog):
    start = catalog.git("rev-parse", "HEAD")
    catalog.write("metrics/revenue/arr.yml", metric_yaml("arr", unit="EUR"))
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    changed = catalog.commit()
    catalog.commit("nothing")
    assert [step.commit for step in steps(catalog)] == [changed, start]


def test_another_ending_is_the_same_definition(catalog):
    catalog.git("mv", MRR, MRR.replace(".yml", ".yaml"))
    catalog.commit()
    newest, oldest = steps(catalog)
    assert (newest.change, oldest.old) == (None, None)
    assert newest.old.blob == newest.new.blob == oldest.new.blob


def test_another_ending_and_another_content_is_one_change(catalog):
    catalog.git("mv", MRR, MRR.replace(".yml", ".yaml"))
    catalog.write(MRR.replace(".yml", ".yaml"), metric_yaml("mrr", unit="EUR"))
    catalog.commit()
    newest, oldest = steps(catalog)
    assert (newest.change, oldest.old) == (None, None)
    assert newest.old.blob == oldest.new.blob


def test_several_renames_are_followed(catalog):
    names = ["mrr", "one", "two", "three"]
    for old, new in pairwise(names):
        catalog.git("mv", f"metrics/revenue/{old}.yml", f"metrics/revenue/{new}.yml")
        catalog.commit()
    found = steps(catalog, "revenue/three")
    assert [step.change.from_ for step in found] == [
        *("revenue/two", "revenue/one", "revenue/mrr"),
        None,
    ]


def test_a_rename_among_many_files_that_move_is_the_right_one(catalog):
    for name in ("arr", "mrr"):
        catalog.git("mv", f"metrics/revenue/{name}.yml", f"metrics/revenue/new_{name}.yml")
    catalog.commit()
    assert steps(catalog, "revenue/new_mrr")[0].change.from_ == "revenue/mrr"


def test_what_was_removed_is_found_under_its_id(catalog):
    (catalog.path / MRR).unlink()
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()
    assert [step.change.kind for step in steps(catalog)] == ["added", "removed", "added"]


@pytest.mark.parametrize("name", ["tables/orders", "agnes.yml"])
def test_tables_and_settings_have_a_trail_too(catalog, name):
    assert [step.change.id for step in steps(catalog, name)] == [name]


@pytest.mark.parametrize("name", ["nope", "", "a/b/c", "../agnes", "revenue/\udcff", "tables/a/b"])
def test_an_id_that_never_was_has_none(catalog, name):
    assert steps(catalog, name) == []


def test_a_link_in_place_of_the_file_is_its_end(catalog):
    (catalog.path / MRR).unlink()
    (catalog.path / MRR).symlink_to("arr.yml")
    catalog.commit()
    assert [step.new is None for step in steps(catalog)] == [True, False]


def test_a_shallow_clone_ends_the_trail(catalog, tmp_path):
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()
    clone = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", "--depth=1", f"file://{catalog.path}", str(clone.path))
    [step] = steps(clone)
    assert (step.cut, step.old, step.change) == (True, None, None)
