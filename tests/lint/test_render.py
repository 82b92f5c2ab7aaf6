"""Findings for GitHub, GitLab and SARIF."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator

from agnes.lint import render
from agnes.lint.rules import RULES
from agnes.model.diagnostic import Diagnostic

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text("utf-8"))
ODD = "metrics/naše tržby/a,b:50%#1.yml"
FOUND = [
    Diagnostic("metrics/a/b.yml", 3, 8, "AG203", "error", "wrong", "did you mean x?", 3, 14),
    Diagnostic("metrics/a/b.yml", 5, 1, "AG407", "hint", "a star", None, 9, 2),
    Diagnostic("metrics/a/c.yml", 0, 0, "AG206", "error", "twice"),
    Diagnostic("metrics/a/c.yml", 2, 0, "AG209", "warning", "no grain"),
    Diagnostic(ODD, 1, 1, "AG101", "error", "50% of\r\nit, it seems: žluť", "see 100%", 1, 1),
]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            FOUND[0],
            (
                "::error file=metrics/a/b.yml,title=Agnes AG203,line=3,col=8,endLine=3,endColumn=13"
                "::wrong%0Adid you mean x?"
            ),
        ),
        (
            FOUND[1],
            "::notice file=metrics/a/b.yml,title=Agnes AG407,line=5,col=1,endLine=9::a star",
        ),
        (FOUND[2], "::error file=metrics/a/c.yml,title=Agnes AG206::twice"),
        (
            FOUND[4],
            (
                "::error file=metrics/naše tržby/a%2Cb%3A50%25#1.yml,title=Agnes AG101,line=1,"
                "col=1,endLine=1,endColumn=1::50%25 of%0D%0Ait, it seems: žluť%0Asee 100%25"
            ),
        ),
    ],
)
def test_github_shows_a_finding_on_its_lines(found, line):
    assert list(render.github([found])) == [line]


def test_a_warning_is_a_warning_everywhere():
    warning = FOUND[3]

    assert next(render.github([warning])).startswith("::warning ")
    assert json.loads(render.gitlab([warning]))[0]["severity"] == "minor"
    assert json.loads(render.sarif([warning]))["runs"][0]["results"][0]["level"] == "warning"


@given(st.text())
def test_nothing_ends_a_github_command_early(text):
    [line] = render.github([Diagnostic(text, 1, 1, "AG101", "error", text, text)])

    assert "\n" not in line
    assert "\r" not in line
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert properties.count(",") == 3
    for code, char in (("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        message = message.replace(code, char)
    assert message == (f"{text}\n{text}" if text else text)


def test_gitlab_reads_a_list_of_issues():
    issues = json.loads(render.gitlab(FOUND))

    assert issues[0] == {
        "description": "wrong\ndid you mean x?",
        "check_name": "AG203",
        "fingerprint": issues[0]["fingerprint"],
        "severity": "major",
        "location": {"path": "metrics/a/b.yml", "lines": {"begin": 3}},
    }
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [3, 5, 1, 2, 1]
    assert issues[4]["location"]["path"] == ODD
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major"}
    assert json.loads(render.gitlab([])) == []


def prints(found: list[Diagnostic]) -> list[str]:
    return [issue["fingerprint"] for issue in json.loads(render.gitlab(found))]


def test_fingerprints_are_unique_also_of_equal_findings():
    same = [replace(FOUND[1], line=line) for line in (5, 6, 7)]

    assert len(set(prints([*FOUND, *same[1:]]))) == len(FOUND) + 2


def test_a_fingerprint_stays_when_lines_move():
    moved = [replace(item, line=item.line + 40, end_line=item.end_line + 40) for item in FOUND]

    assert prints(moved) == prints(FOUND)


def test_sarif_fits_its_schema():
    # The schema is draft 4 or 7, depending on where it was taken from.
    validator = Draft4Validator if "draft-04" in SCHEMA["$schema"] else Draft7Validator
    every = [Diagnostic("a.yml", 1, 1, code, "error", "x") for code in RULES]

    for found in ([], FOUND, every):
        log = json.loads(render.sarif(found))
        validator(SCHEMA).validate(log)
        assert len(log["runs"][0]["results"]) == len(found)


def test_sarif_points_at_characters_of_a_file():
    run = json.loads(render.sarif(FOUND))["runs"][0]
    results = run["results"]

    assert run["columnKind"] == "unicodeCodePoints"
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert places[0]["region"] == {"startLine": 3, "startColumn": 8, "endLine": 3, "endColumn": 14}
    assert places[3]["region"] == {"startLine": 2, "startColumn": 1}
    assert "region" not in places[2]
    uri = places[4]["artifactLocation"]["uri"]
    assert uri == "metrics/na%C5%A1e%20tr%C5%BEby/a%2Cb%3A50%25%231.yml"
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in results] == [item.code for item in FOUND]
