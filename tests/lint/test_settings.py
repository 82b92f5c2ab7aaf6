"""What agnes.yml and comments say about findings."""

from __future__ import annotations

import time

import pytest

from agnes.lint.facts import SettingsFacts
from agnes.lint.rules import RULES
from agnes.lint.run import Request
from agnes.lint.settings import Judge
from agnes.model.diagnostic import Diagnostic
from tests.lint.conftest import REVENUE, codes, marked, metric

STAR = "SELECT * FROM orders"


def settings(severities: str = "{}", ignores: str = "{}") -> dict[str, str]:
    return {"agnes.yml": f"lint:\n  severities: {severities}\n  ignores: {ignores}\n"}


# Severities


@pytest.mark.parametrize("severity", ["error", "warning", "hint"])
def test_a_severity_is_taken_from_the_settings(find, severity):
    found = find(settings(f"{{AG407: {severity}}}") | {REVENUE: metric(sql=STAR)})

    assert [(item.code, item.severity) for item in found] == [("AG407", severity)]


@pytest.mark.parametrize("off", ["off", '"off"'])
def test_a_rule_can_be_switched_off_with_or_without_quotes(find, off):
    assert find(settings(f"{{AG407: {off}}}") | {REVENUE: metric(sql=STAR)}) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AG211", "grain: monthly\nname: revenue\ntable: orders\nsql: SELECT 1 AS x FROM orders\n"),
        ("AG212", metric(synonyms="[turnover]")),
    ],
)
def test_a_rule_of_taste_is_checked_on_request_only(find, code, text):
    assert find({REVENUE: text}) == []
    assert codes(find(settings(f"{{{code}: warning}}") | {REVENUE: text})) == [code]


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.fixed()])
def test_what_cannot_be_served_stays_an_error(code):
    finding = Diagnostic(REVENUE, 1, 1, code, "error", "")
    judge = Judge(SettingsFacts({code: "off"}, {"**": [code]}), {}, "data")

    assert list(judge.judge([finding])) == [finding]
    if code != "AG902":
        assert [item.code for item in judge.unknown()] == ["AG902", "AG902"]


def test_softening_what_cannot_be_served_is_an_error_where_it_is_said(find):
    files = settings("{AG203: warning}", '{"metrics/**": [AG101]}')

    found = find(files)

    assert codes(found) == ["AG902", "AG902"]
    assert [marked(item, files["agnes.yml"]) for item in found] == ["AG203", "AG101"]
    assert "cannot be softened" in found[0].message


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("AG401", "SELECT SUM(amount FROM orders"),
        ("AG402", "DROP TABLE orders"),
        ("AG403", "SELECT getenv('HOME') FROM orders"),
        ("AG404", f"SELECT {'(' * 400}1{')' * 400} FROM orders"),
    ],
)
def test_nobody_opens_the_gate(find, code, sql):
    soft = settings(f"{{{code}: off}}", f'{{"**": [{code}]}}')
    comment = {REVENUE: metric(sql=f"{sql} # agnes: ignore[{code}]")}

    found = find(soft | comment, Request("references"))

    assert [item.code for item in found if item.severity == "error"] == [
        *("AG902", "AG902"),
        *(code, "AG902"),
    ]
    assert found[0].message == f"{code} cannot be softened: such a query must not run"
    assert found[0].hint == "mend the query"


def test_a_code_that_does_not_exist_names_the_nearest(find):
    found = find(settings("{AG421: error}") | {REVENUE: metric() + "# agnes: ignore[AG999]\n"})

    assert [(item.path, item.code, item.message) for item in found] == [
        ("agnes.yml", "AG902", "there is no rule AG421"),
        (REVENUE, "AG902", "there is no rule AG999"),
    ]
    assert found[0].hint == "did you mean AG411?"


def test_a_code_in_small_letters_is_told_in_capitals(find):
    [found] = find(settings("{ag407: off}"))

    assert (found.code, found.hint) == ("AG203", "did you mean `AG407`?")


def test_the_findings_about_ignores_have_severities_too(find):
    text = metric() + "# agnes: ignore[AG407]\n"

    assert codes(find({REVENUE: text})) == ["AG901"]
    assert find(settings("{AG901: off}") | {REVENUE: text}) == []


# Paths


@pytest.mark.parametrize(
    ("pattern", "hits"),
    [
        (REVENUE, True),
        ("metrics/sales/*.yml", True),
        ("metrics/*/revenue.yml", True),
        ("metrics/*", False),
        ("*.yml", False),
        ("*", False),
        ("**", True),
        ("**/*.yml", True),
        ("**/revenue.yml", True),
        ("metrics/**/revenue.yml", True),
        ("metrics/sales/**/revenue.yml", True),
        ("metrics/**", True),
        ("metrics/sales/", True),
        ("metrics/", True),
        ("metrics/sale/", False),
        ("metrics/sales", False),
        ("metrics/sales/revenu?.yml", True),
        ("metrics?sales/revenue.yml", False),
        ("metrics/sales/revenue.yml?", False),
        ("metrics/sales/re*nue.yml", True),
        ("metrics/sales/revenue*.yml", True),
        ("metrics/sales/[r]evenue.yml", False),
        ("metrics/sales/revenue.ym.", False),
        ("METRICS/**", False),
        ("", False),
    ],
)
def test_a_path_pattern_hits_what_it_says(pattern, hits):
    finding = Diagnostic(REVENUE, 1, 1, "AG407", "hint", "")
    judge = Judge(SettingsFacts({}, {pattern: ["AG407"]}), {}, "binding")

    assert list(judge.judge([finding])) == ([] if hits else [finding])
    assert len(list(judge.unused(files=True))) == (0 if hits else 1)


def test_a_hostile_pattern_takes_no_time():
    finding = Diagnostic("metrics/" + "a" * 4000 + ".yml", 1, 1, "AG407", "hint", "")
    judge = Judge(SettingsFacts({}, {"**a" * 40 + "*a" * 40 + "b": ["AG407"]}), {}, "binding")

    start = time.monotonic()
    assert list(judge.judge([finding])) == [finding]
    assert time.monotonic() - start < 10


def test_a_pattern_that_hits_nothing_is_a_finding_at_its_code(find):
    files = settings(ignores='{"metrics/legacy/**": [AG406, AG407]}')

    found = find(files | {REVENUE: metric(sql=STAR)})

    assert [(item.path, item.code) for item in found] == [
        ("agnes.yml", "AG901"),
        ("agnes.yml", "AG901"),
        (REVENUE, "AG407"),
    ]
    assert [marked(item, files["agnes.yml"]) for item in found[:2]] == ["AG406", "AG407"]


def test_of_two_patterns_that_hit_both_are_used(find):
    files = settings(ignores='{"metrics/**": [AG407], "metrics/sales/": [AG407]}')

    assert find(files | {REVENUE: metric(sql=STAR)}) == []


# Lines


@pytest.mark.parametrize(
    "text",
    [
        metric(sql=f"{STAR} # agnes: ignore[AG407]"),
        metric(sql=f"{STAR}   #agnes:ignore[ AG407 , AG410]").replace(
            "orders  ", "orders LIMIT 1 "
        ),
        metric(sql=f"|\n  {STAR} -- agnes: ignore[AG407]"),
        metric(sql=f'"{STAR}"  # why not  # agnes: ignore[AG407]'),
    ],
)
def test_a_comment_covers_the_findings_of_its_line(find, text):
    assert find({REVENUE: text}) == []


def test_a_comment_covers_its_line_and_rules_only(find):
    text = metric(sql=f"|\n  -- agnes: ignore[AG407]\n  {STAR} -- agnes: ignore[AG410]")

    found = find({REVENUE: text})

    assert [(item.line, item.code) for item in found] == [(5, "AG901"), (6, "AG407"), (6, "AG901")]
    assert marked(found[0], text) == "-- agnes: ignore[AG407]"


@pytest.mark.parametrize(
    ("before", "end"), [("", "\n"), ("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")]
)
def test_positions_are_in_characters_whatever_the_file_looks_like(find, before, end):
    text = f"{before}unit: žluť 🎉 # agnes: ignore[AG301]\n" + metric(
        sql="|\n  SELECT 'ěšč🎉' AS x, * FROM orders -- ❤ agnes: ignore[AG410]"
    )
    data = text.replace("\n", end).encode()

    found = find({REVENUE: data})

    assert [(item.line, item.code) for item in found] == [(1, "AG901"), (6, "AG407")]
    assert [marked(item, data) for item in found] == ["# agnes: ignore[AG301]", "*"]


def test_an_ignore_of_what_cannot_be_served_is_an_error(find):
    found = find({REVENUE: metric(grain="montly # agnes: ignore[AG203]")})

    assert codes(found) == ["AG203", "AG902"]


def test_an_ignore_that_ignores_nothing_can_be_ignored_itself(find):
    assert find({REVENUE: metric() + "# agnes: ignore[AG407, AG901]\n"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "name: revenue\nsql: [ # agnes: ignore[AG407]\n",
        metric(sql="|\n  SELECT * -- agnes: ignore[AG407]\n  FROM orders WHERE"),
        metric(grain="montly", table="[ # agnes: ignore[AG302]\n]"),
    ],
)
def test_a_broken_file_is_not_told_off_for_ignores_that_may_yet_hit(find, text):
    path_too = settings(ignores='{"metrics/sales/**": [AG410]}')

    found = find(path_too | {REVENUE: text})

    assert found
    assert "AG901" not in codes(found)


def test_an_ignore_of_a_rule_that_is_off_is_not_told_off(find):
    text = metric() + "# agnes: ignore[AG407, AG211]\n"

    assert find(settings("{AG407: off}") | {REVENUE: text}) == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("syntax", []),
        ("schema", ["AG209"]),
        ("references", ["AG209", "AG302", "AG407"]),
        ("binding", ["AG209", "AG302", "AG407", "AG501"]),
    ],
)
def test_an_ignore_is_due_once_its_rule_is_checked(find, level, expected):
    text = metric() + f"# agnes: ignore[{', '.join(['AG209', 'AG302', 'AG407', 'AG501'])}]\n"

    found = find({REVENUE: text}, Request(level))

    assert [item.message.split()[0] for item in found] == expected
    assert set(codes(found)) <= {"AG901"}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("syntax", []),
        ("schema", ["AG203", "AG209"]),
        ("references", ["AG203", "AG209", "AG407"]),
        ("binding", ["AG203", "AG209", "AG407", "AG501"]),
    ],
)
def test_levels_build_on_each_other(find, level, expected):
    text = metric(grain=None, type="wrong", sql="SELECT *, regoin FROM orders")

    assert sorted(codes(find({REVENUE: text}, Request(level)))) == expected
