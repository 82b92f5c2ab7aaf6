"""What came of tests, as the XML that CI systems read: JUnit's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from agnes.numbers.testing import Outcome, Report

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, however it is written: https://www.w3.org/TR/xml/#charsets"""
_TALLY = {"failures": "failed", "errors": "error", "skipped": "skipped"}


def junit(report: Report) -> bytes:
    """A report as JUnit's XML: a suite for each metric, a case for each test."""
    root = ET.Element("testsuites", {"name": "da metrics test"} | _tally(report.outcomes))
    by_metric = sorted(report.outcomes, key=lambda it: it.metric)
    for metric, group in groupby(by_metric, key=lambda it: it.metric):
        outcomes = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": metric} | _tally(outcomes))
        for outcome in outcomes:
            _add(suite, outcome)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _tally(outcomes: Sequence[Outcome]) -> dict[str, str]:
    statuses = [it.status for it in outcomes]
    counts = {name: str(sum(it == status for it in statuses)) for name, status in _TALLY.items()}
    seconds = f"{sum(it.seconds for it in outcomes):.3f}"
    return {"tests": str(len(outcomes))} | counts | {"time": seconds}


def _add(suite: ET.Element, outcome: Outcome) -> None:
    said = {
        "name": outcome.name,
        "classname": outcome.metric.replace("/", "."),
        "file": outcome.path,
        "line": str(outcome.line),
        "time": f"{outcome.seconds:.3f}",
    }
    case = ET.SubElement(suite, "testcase", {key: _clean(text) for key, text in said.items()})
    if outcome.status == "passed":
        return
    reason = _clean(outcome.reason or "")
    kind = {"failed": "failure", "error": "error", "skipped": "skipped"}[outcome.status]
    found = ET.SubElement(case, kind, {"message": reason})
    if kind != "skipped":
        found.set("type", kind)
        found.text = _clean(f"{outcome.path}:{outcome.line}: {reason}")


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
