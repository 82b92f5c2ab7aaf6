"""Commits that certify what they should not."""

from __future__ import annotations

import pytest

from agnes.lint.check import check_revision, check_staged
from agnes.lint.run import Request
from agnes.load.certificate import definition
from agnes.load.document import read_document
from agnes.model.layout import Slot
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"
CLOSED = "name: Test catalog\ncertifiers: [ada@example.com]\n"


def certified(text: str, by: str = "ada@example.com") -> str:
    name = text.split()[1]
    value = read_document(Slot(MRR, "metric", f"revenue/{name}"), text.encode()).value
    said = f"by: {by}, on: 2026-07-29, definition: {definition(value)}"
    return f"certified: {{{said}}}\n{text}"


def staged(at: GitRepository, path: str = MRR) -> list[str]:
    at.git("add", "--all")
    return told(check_staged(at.path, Request("references")))


def committed(at: GitRepository, revision: str = "HEAD") -> list[str]:
    return told(check_revision(at.path, revision, Request("references")))


def told(done) -> list[str]:
    return [item.message for item in done.report.diagnostics if item.code == "AG703"]


IN_PASSING = ["it is certified by the commit that changes its meaning"]


def test_who_certifies_what_is_there_may(catalog):
    catalog.write(MRR, certified(metric_yaml("mrr", "Monthly recurring revenue")))

    assert staged(catalog) == []
    catalog.commit("Certify")
    assert committed(catalog) == []


def test_nobody_certifies_in_the_commit_that_changes_the_meaning(catalog):
    catalog.write(MRR, certified(metric_yaml("mrr", unit="EUR")))

    assert staged(catalog) == IN_PASSING
    catalog.commit("Price in euro")
    assert committed(catalog) == IN_PASSING


def test_documentation_may_change_in_the_commit_that_certifies(catalog):
    catalog.write(MRR, certified(metric_yaml("mrr", "Another title")))

    assert staged(catalog) == []


def test_a_certificate_that_was_there_may_stay_when_the_meaning_changes(catalog):
    catalog.write(MRR, certified(metric_yaml("mrr")))
    catalog.commit("Certify")
    catalog.write(MRR, certified(metric_yaml("mrr")).replace("unit: USD", "unit: EUR"))

    assert staged(catalog) == []


def test_nobody_certifies_in_the_name_of_another(catalog):
    catalog.write(MRR, certified(metric_yaml("mrr"), by="grace@example.com"))

    assert staged(catalog) == ["grace@example.com certifies in a commit by ada@example.com"]
    catalog.commit("Certify")
    assert committed(catalog) == ["grace@example.com certifies in a commit by ada@example.com"]


@pytest.mark.parametrize(("settings", "count"), [("name: Open\n", 0), (CLOSED, 1)])
def test_a_new_metric_brings_a_certificate_along_only_where_anybody_may_certify(
    catalog, settings, count
):
    catalog.write("agnes.yml", settings)
    catalog.write("metrics/revenue/new.yml", certified(metric_yaml("new")))

    assert len(staged(catalog)) == count


def test_a_metric_that_moves_keeps_its_certificate(catalog):
    catalog.write("agnes.yml", CLOSED)
    catalog.write(MRR, certified(metric_yaml("mrr")))
    catalog.commit("Certify")
    catalog.write("metrics/sales/mrr.yml", certified(metric_yaml("mrr")))
    (catalog.path / MRR).unlink()

    assert staged(catalog) == []


def test_a_merge_is_not_blamed_for_what_it_merges(catalog):
    catalog.git("switch", "--quiet", "--create", "branch")
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit("Price in euro")
    catalog.write(MRR, certified(metric_yaml("mrr", unit="EUR")))
    catalog.commit("Certify")
    catalog.git("switch", "--quiet", "main")
    catalog.write("agnes.yml", "name: Meanwhile\n")
    catalog.commit("Meanwhile")

    catalog.git("merge", "--quiet", "--no-commit", "branch")
    assert staged(catalog) == []
    catalog.git("commit", "--quiet", "--message", "Merge")
    assert committed(catalog) == []


def test_a_merge_that_certifies_something_else_is(catalog):
    catalog.git("switch", "--quiet", "--create", "branch")
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit("Price in euro")
    catalog.git("switch", "--quiet", "main")
    catalog.git("merge", "--quiet", "--no-ff", "--no-commit", "branch")
    catalog.write(MRR, certified(metric_yaml("mrr", unit="GBP")))

    assert staged(catalog) == IN_PASSING
    catalog.commit("Merge")
    assert committed(catalog) == IN_PASSING


def test_the_first_commit_may_hold_certificates(repository):
    repository.write("agnes.yml", CLOSED)
    repository.write(MRR, certified(metric_yaml("mrr")))

    assert staged(repository) == []
    repository.commit("Start")
    assert committed(repository) == []
    repository.commit("Nothing")
    assert committed(repository) == []


def test_a_metric_that_could_not_be_read_is_not_certified_by_who_mends_it(catalog):
    catalog.write(MRR, metric_yaml("mrr", unit="EUR", grain="montly"))
    catalog.commit("Oops")
    catalog.write(MRR, certified(metric_yaml("mrr", unit="USD")))

    assert staged(catalog) == IN_PASSING
