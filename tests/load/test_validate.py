from __future__ import annotations

import pytest

from agnes.errors import NotFoundError
from agnes.load.validate import validate_folder
from tests.conftest import metric_yaml


@pytest.fixture
def write(tmp_path):
    def write(files: dict[str, str]):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


def findings(found) -> list[tuple[str, str]]:
    return [(finding.path, finding.code) for finding in found]


def test_a_good_catalog_has_no_findings(write):
    root = write(
        {
            "agnes.yml": "name: Acme\n",
            "metrics/revenue/mrr.yml": metric_yaml("mrr"),
            "tables/orders.yml": "id: orders\n",
            "metrics/README.md": "not YAML: [",
        }
    )

    assert validate_folder(root) == (3, [])


def test_everything_that_is_wrong_is_found(write):
    root = write(
        {
            "agnes.yml": "nmae: Acme\n",
            "metrics/metrics.yml": "categories: [{name: revenue, metrics: [mrr, gone]}]\n",
            "metrics/revenue/mrr.yml": metric_yaml("arr"),
            "metrics/Sales/deals.yml": metric_yaml("deals"),
            "tables/orders.yml": "id: [",
        }
    )

    count, found = validate_folder(root)

    assert count == 5
    assert findings(found) == [
        ("agnes.yml", "AG202"),
        ("metrics/Sales/deals.yml", "AG207"),
        ("metrics/metrics.yml", "AG208"),
        ("metrics/revenue/mrr.yml", "AG204"),
        ("tables/orders.yml", "AG101"),
    ]


def test_a_plain_folder_of_metrics_can_be_checked(write):
    root = write({"revenue/mrr.yml": metric_yaml("mrr"), "revenue/arr.yml": "name: ["})

    count, found = validate_folder(root)

    assert count == 2
    assert [finding.code for finding in found] == ["AG101"]


def test_a_finding_names_a_file_that_is_there(write):
    root = write({"revenue/mrr.yml": "name: [", "mrr.yml": metric_yaml("mrr")})

    _, found = validate_folder(root)

    assert [(root / finding.path).exists() for finding in found] == [True, True]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (["metrics/revenue/arr.yml"], ["metrics/revenue/arr.yml"]),
        (["metrics/revenue"], ["metrics/revenue/arr.yml"]),
        (["tables", "metrics/revenue/mrr.yml"], ["tables/orders.yml"]),
        (["."], ["metrics/revenue/arr.yml", "tables/orders.yml"]),
        (["docs"], []),
    ],
)
def test_some_files_alone_can_be_checked(write, only, expected):
    root = write(
        {
            "metrics/metrics.yml": "categories: []\n",
            "metrics/revenue/mrr.yml": metric_yaml("mrr"),
            "metrics/revenue/arr.yml": "name: [",
            "tables/orders.yml": "id: [",
        }
    )

    _, found = validate_folder(root, {root / path for path in only})

    assert [finding.path for finding in found if finding.code != "AG208"] == expected


def test_some_files_alone_are_not_held_against_the_index(write):
    root = write(
        {
            "metrics/metrics.yml": "categories: [{name: revenue, metrics: [mrr, arr]}]\n",
            "metrics/revenue/mrr.yml": metric_yaml("mrr"),
            "metrics/revenue/arr.yml": metric_yaml("arr"),
        }
    )

    assert validate_folder(root, {root / "metrics/metrics.yml"}) == (1, [])


def test_a_broken_index_is_not_blamed_for_what_it_does_not_list(write):
    root = write({"metrics/metrics.yml": "categories: [", "metrics/a/mrr.yml": metric_yaml("mrr")})

    _, found = validate_folder(root)

    assert findings(found) == [("metrics/metrics.yml", "AG101")]


def test_what_is_no_folder_is_an_error(tmp_path):
    with pytest.raises(NotFoundError):
        validate_folder(tmp_path / "missing")
