"""Every rule finds the mistake of its bad example, and nothing of it in the good one."""

from __future__ import annotations

import pytest

from agnes.lint.files import folder_files
from agnes.lint.page import BASE, examples
from agnes.lint.rules import RULES
from agnes.lint.run import Request, lint

WITH_EXAMPLES = [code for code, rule in RULES.items() if rule.level != "data" and code != "AG703"]


def found(tmp_path, files, code):
    files = BASE | files
    if not RULES[code].on:
        files["agnes.yml"] = f"lint: {{severities: {{{code}: hint}}}}\n"
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return lint(folder_files(tmp_path), Request()).diagnostics


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_bad_example_of_a_rule_is_found(tmp_path, code):
    diagnostics = found(tmp_path, examples(RULES[code])["Bad"], code)

    assert code in {item.code for item in diagnostics}
    for item in diagnostics:
        assert item.line > 0 or code in ("AG206", "AG207")


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_good_example_of_a_rule_is_clean(tmp_path, code):
    diagnostics = found(tmp_path, examples(RULES[code])["Good"], code)

    assert code not in {item.code for item in diagnostics}
    assert [item for item in diagnostics if item.severity == "error"] == []


def test_codes_are_unique_and_sorted_by_kind():
    assert list(RULES) == sorted(RULES)
    assert all(rule.title().endswith(".") for rule in RULES.values())
