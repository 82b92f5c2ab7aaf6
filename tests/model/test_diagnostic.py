from __future__ import annotations

import json

import pytest

from agnes.model.diagnostic import Diagnostic, has_errors

FINDING = Diagnostic("metrics/revenue/mrr.yml", 3, 7, "AG203", "error", "`unit` must be text")


def test_a_finding_reads_as_editors_and_terminals_link_it():
    assert str(FINDING) == "metrics/revenue/mrr.yml:3:7: error AG203 `unit` must be text"


def test_a_finding_about_a_whole_file_has_no_line():
    whole = Diagnostic("agnes.yml", 0, 0, "AG207", "warning", "not a place for it")

    assert str(whole) == "agnes.yml: warning AG207 not a place for it"


def test_a_finding_is_plain_data_for_json():
    assert json.loads(json.dumps(FINDING.as_dict())) == {
        "path": "metrics/revenue/mrr.yml",
        "line": 3,
        "column": 7,
        "code": "AG203",
        "severity": "error",
        "message": "`unit` must be text",
        "hint": None,
        "end_line": 0,
        "end_column": 0,
    }


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], False),
        (["warning", "hint"], False),
        (["warning", "error"], True),
    ],
)
def test_only_an_error_is_an_error(severities, expected):
    findings = [Diagnostic("a.yml", 0, 0, "AG209", severity, "x") for severity in severities]

    assert has_errors(findings) is expected


def test_findings_are_ordered_by_path_line_and_column():
    places = [("b.yml", 1, 1), ("a.yml", 10, 1), ("a.yml", 2, 9), ("a.yml", 2, 1)]
    findings = [Diagnostic(*place, "AG203", "error", "x") for place in places]

    ordered = [(finding.path, finding.line, finding.column) for finding in sorted(findings)]

    assert ordered == sorted(places)


def test_findings_that_differ_in_their_hint_alone_can_be_ordered():
    without = Diagnostic("a.yml", 1, 1, "AG203", "error", "x")
    with_hint = Diagnostic("a.yml", 1, 1, "AG203", "error", "x", "do y")

    assert sorted([with_hint, without]) == [without, with_hint]
