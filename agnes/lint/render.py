"""Diagnostics for other programs: GitHub, GitLab, and whatever reads SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha1
from typing import Any

from agnes import __version__
from agnes.lint.rules import RULES
from agnes.model.diagnostic import Diagnostic

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB = {"error": "error", "warning": "warning", "hint": "notice"}
_GITLAB = {"error": "major", "warning": "minor", "hint": "info"}
_SARIF = {"error": "error", "warning": "warning", "hint": "note"}


def github(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Workflow commands, which GitHub shows as annotations on the lines.

    Source of the format: "Workflow commands for GitHub Actions" in GitHub's documentation.
    """
    for found in diagnostics:
        properties = {"file": found.path, "title": f"Agnes {found.code}"}
        if found.line:
            properties |= {"line": str(found.line), "col": str(found.column)}
        if found.end_line:
            properties["endLine"] = str(found.end_line)
            if found.end_line == found.line:
                properties["endColumn"] = str(max(found.end_column - 1, found.column))
        pairs = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        yield f"::{_GITHUB[found.severity]} {pairs}::{_escape(_message(found))}"


def gitlab(diagnostics: Iterable[Diagnostic]) -> str:
    """A Code Quality report, which GitLab shows on the lines of a merge request."""
    seen: dict[str, int] = {}
    issues = []
    for found in diagnostics:
        text = f"{found.path} {found.code} {found.message}"
        number = seen[text] = seen.get(text, 0) + 1
        issues.append(
            {
                "description": _message(found),
                "check_name": found.code,
                "fingerprint": sha1(f"{text} {number}".encode(), usedforsecurity=False).hexdigest(),
                "severity": _GITLAB[found.severity],
                "location": {"path": found.path, "lines": {"begin": max(found.line, 1)}},
            }
        )
    return json.dumps(issues, ensure_ascii=False, indent=2)


def sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """A SARIF 2.1.0 log, the format of code scanning."""
    results = list(diagnostics)
    codes = sorted({found.code for found in results})
    driver = {
        "name": "Agnes",
        "version": __version__,
        "rules": [
            {
                "id": code,
                "name": RULES[code].__name__,
                "shortDescription": {"text": RULES[code].title()},
                "defaultConfiguration": {"level": _SARIF[RULES[code].severity]},
            }
            for code in codes
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(found, codes) for found in results],
    }
    log = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2)


def _sarif_result(found: Diagnostic, codes: list[str]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(found.path)}}
    if found.line:
        place["region"] = {"startLine": found.line, "startColumn": max(found.column, 1)}
        if found.end_line:
            place["region"] |= {"endLine": found.end_line, "endColumn": max(found.end_column, 1)}
    return {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": _SARIF[found.severity],
        "message": {"text": _message(found)},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _message(found: Diagnostic) -> str:
    return f"{found.message}\n{found.hint}" if found.hint else found.message


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
