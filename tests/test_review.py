from __future__ import annotations

from agnes.review import review
from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"
WRONG = metric_yaml("mrr").replace("SUM(amount)", "SUM(amout)")


def test_a_review_has_what_differs_and_what_is_wrong_with_it(catalog) -> None:
    catalog.write(MRR, WRONG)
    found = review(catalog.path)
    assert [it.id for it in found.diff.changes] == ["revenue/mrr"]
    assert {it.path for it in found.findings} == {MRR}
    assert any("amout" in it.message for it in found.findings)


def test_findings_are_those_of_the_files_that_change(catalog) -> None:
    catalog.write(MRR, WRONG)
    catalog.commit("Wrong")
    catalog.write("metrics/revenue/arr.yml", metric_yaml("arr", unit="EUR"))
    assert {it.path for it in review(catalog.path, "HEAD").findings} <= {"metrics/revenue/arr.yml"}


def test_findings_of_a_commit_are_those_in_it_not_those_on_disk(catalog) -> None:
    catalog.write(MRR, WRONG)
    base, head = catalog.git("rev-parse", "HEAD"), catalog.commit("Wrong")
    catalog.write(MRR, metric_yaml("mrr"))
    assert review(catalog.path, base, head).findings
    assert review(catalog.path, head).findings == ()


def test_a_file_that_cannot_be_read_has_its_finding(catalog) -> None:
    catalog.write(MRR, "name: [\n")
    found = review(catalog.path)
    assert [it.path for it in found.diff.troubles] == [MRR]
    assert any(it.severity == "error" for it in found.findings)


def test_what_goes_has_no_findings_and_nothing_is_validated_for_nothing(catalog) -> None:
    assert review(catalog.path).findings == ()
    (catalog.path / MRR).unlink()
    found = review(catalog.path)
    assert [it.kind for it in found.diff.changes] == ["removed"]
    assert found.findings == ()


def test_findings_can_be_left_out(catalog) -> None:
    catalog.write(MRR, WRONG)
    assert review(catalog.path, findings=False).findings == ()


def test_a_bare_repository_is_reviewed(catalog, tmp_path) -> None:
    catalog.git("switch", "--quiet", "--create", "work")
    catalog.write(MRR, WRONG)
    catalog.commit()
    bare = tmp_path / "bare.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(bare))
    found = review(bare, "main...work")
    assert [it.id for it in found.diff.changes] == ["revenue/mrr"]
    assert {it.path for it in found.findings} == {MRR}


def test_as_data_it_is_the_difference_and_whom_it_hits(catalog) -> None:
    found = review(catalog.path)
    assert found.as_dict() == found.diff.as_dict() | {"impact": found.impact.as_dict()}


def test_whom_a_change_hits_is_told(catalog) -> None:
    text = (catalog.path / "tables/orders.yml").read_text()
    catalog.write("tables/orders.yml", text.replace("  amount: {basetype: NUMERIC}\n", ""))
    [effect] = review(catalog.path).impact.effects
    assert (effect.id, effect.read_by) == ("tables/orders.amount", ("revenue/arr", "revenue/mrr"))


def test_it_tells_how_far_it_is(catalog) -> None:
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    told: list[tuple[int, int]] = []
    review(catalog.path, advance=lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
