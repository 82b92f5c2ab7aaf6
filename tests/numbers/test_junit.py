"""What came of tests, as JUnit's XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from agnes.numbers.junit import junit
from agnes.numbers.testing import Outcome, Report

PATH = "metrics/revenue/mrr.yml"
OUTCOMES = [
    Outcome("revenue/mrr", "2025-03: equals 5", PATH, 41, "passed", seconds=0.5),
    Outcome("revenue/mrr", "not < 0", PATH, 44, "failed", "expected no rows, got 2", seconds=0.25),
    Outcome("revenue/mrr", "typo", PATH, 45, "error", "no column amuont"),
    Outcome("sales/new", "ledger", "metrics/sales/new.yml", 9, "skipped", "there is no data"),
]
TALLY = ("tests", "failures", "errors", "skipped", "time")
CASE = {"name", "classname", "file", "line", "time"}


def tally(element: ET.Element) -> tuple[str, ...]:
    return tuple(element.attrib[name] for name in TALLY)


def test_a_suite_is_a_metric_and_a_case_a_test():
    root = ET.fromstring(junit(Report(OUTCOMES)))
    assert (root.tag, tally(root)) == ("testsuites", ("4", "1", "1", "1", "0.750"))
    assert [(it.tag, it.attrib["name"], tally(it)) for it in root] == [
        ("testsuite", "revenue/mrr", ("3", "1", "1", "0", "0.750")),
        ("testsuite", "sales/new", ("1", "0", "0", "1", "0.000")),
    ]
    cases = list(root.iter("testcase"))
    assert all(set(case.attrib) == CASE for case in cases)
    assert [(case.attrib["file"], case.attrib["line"]) for case in cases] == [
        (it.path, str(it.line)) for it in OUTCOMES
    ]
    assert [[found.tag for found in case] for case in cases] == [
        *([], ["failure"], ["error"], ["skipped"]),
    ]
    failure = cases[1][0]
    assert failure.attrib == {"message": "expected no rows, got 2", "type": "failure"}
    assert failure.text == f"{PATH}:44: expected no rows, got 2"


def test_no_tests_are_an_empty_report():
    root = ET.fromstring(junit(Report([])))
    assert (tally(root), len(root)) == (("0", "0", "0", "0", "0.000"), 0)


@given(st.text())
def test_whatever_text_there_is_the_file_is_xml(text):
    found = Outcome("revenue/mrr", text, PATH, 1, "failed", text)
    root = ET.fromstring(junit(Report([found])))
    assert len(root.findall("./testsuite/testcase/failure")) == 1
