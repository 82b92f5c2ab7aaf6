from __future__ import annotations

import pytest

from agnes.diff.history import change_in, history, subject
from agnes.git.refs import locate
from agnes.git.repository import Commit, Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"


def open_repository(at: GitRepository) -> Repository:
    return Repository(locate(at.path), PARTS)


def told(at: GitRepository, name: str = "revenue/mrr"):
    repository = open_repository(at)
    found = history(repository, repository.resolve("HEAD"), name)
    return [
        (event.change.class_, [field.what for field in event.change.fields])
        for event in found.events
        if event.change.kind == "changed"
    ]


def write(catalog: GitRepository, **replace: str) -> str:
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", **replace))
    return catalog.commit()


def test_each_change_has_its_class_and_says_what_moved(catalog):
    write(catalog, unit="EUR")
    text = metric_yaml("mrr", "Monthly recurring revenue", unit="EUR")
    catalog.write(MRR, text.replace("SELECT month", "select  month"))
    catalog.commit()
    catalog.write(MRR, text.replace("FROM orders", "FROM orders WHERE amount > 0"))
    catalog.commit()
    assert told(catalog) == [
        ("result-changing", ["filter added"]),
        ("cosmetic", ["written differently, the same query"]),
        ("breaking", ["unit changed"]),
    ]


def test_versions_that_do_not_validate_are_told_and_do_not_end_the_walk(catalog):
    write(catalog, unit="{}")
    write(catalog)
    assert told(catalog) == [
        ("compatible", ["validates again"]),
        ("breaking", ["does not validate any more"]),
    ]


def test_what_changed_behind_a_broken_version_is_told_when_it_is_mended(catalog):
    catalog.write(MRR, "unit: [")
    catalog.commit()
    catalog.write(MRR, "unit: {")
    catalog.commit()
    fixed = write(catalog, unit="EUR")
    assert told(catalog)[0] == ("breaking", ["validates again", "unit changed"])
    repository = open_repository(catalog)
    found = history(repository, repository.resolve("HEAD"), "revenue/mrr")
    assert change_in(repository, fixed, "revenue/mrr") == found.events[0].change


def test_a_commit_that_left_it_alone_made_nothing_of_it(catalog):
    commit = catalog.commit("nothing")
    assert change_in(open_repository(catalog), commit, "revenue/mrr") is None
    assert change_in(open_repository(catalog), commit, "revenue/nope") is None


def test_a_merge_is_told_as_what_it_brought(catalog):
    catalog.git("switch", "--quiet", "--create", "side")
    write(catalog, unit="EUR")
    write(catalog, unit="CHF")
    catalog.git("switch", "--quiet", "main")
    catalog.commit("nothing")
    catalog.git("merge", "--quiet", "--no-ff", "--message", "Merge the currency", "side")
    repository = open_repository(catalog)
    found = history(repository, repository.resolve("HEAD"), "revenue/mrr")
    assert [subject(event.commit) for event in found.events] == ["Merge the currency", "Start"]
    assert found.events[0].change.fields[0].new == "CHF"


def test_a_table_whose_column_is_read_tells_so(catalog):
    catalog.write("tables/orders.yml", "id: orders\ncolumns:\n  month: {basetype: DATE}\n")
    catalog.commit()
    [(class_, what)] = told(catalog, "tables/orders")
    assert class_ == "breaking"
    assert "column removed, and a metric reads it" in what


def test_a_history_as_data_says_whether_it_is_complete(catalog, tmp_path):
    write(catalog, unit="EUR")
    write(catalog, unit="CHF")
    clone = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", "--depth=2", f"file://{catalog.path}", str(clone.path))
    for at, complete, count in ((catalog, True, 3), (clone, False, 1)):
        repository = open_repository(at)
        data = history(repository, repository.resolve("HEAD"), "revenue/mrr").as_dict()
        assert (data["id"], data["complete"], len(data["events"])) == (
            "revenue/mrr",
            complete,
            count,
        )
        assert data["events"][0]["class"] == "breaking"
        assert data["events"][0]["author"] == "Ada Lovelace"


@pytest.mark.parametrize(("message", "wanted"), [("a\n\nb", "a"), ("\n a \n", "a"), ("", "")])
def test_the_subject_is_the_first_line(message, wanted):
    assert subject(Commit("0" * 40, None, "", "", message)) == wanted
