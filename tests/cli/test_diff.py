"""`da metrics diff`."""

from __future__ import annotations

import json

import duckdb
import pytest

from agnes.diff.change import CLASSES
from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"


@pytest.fixture
def edited(here):
    here.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    return here


def test_nothing_differs_from_itself(da, here) -> None:
    done = da("metrics", "diff")
    assert (done.code, done.out, done.err) == (0, "Nothing differs\n", "")


def test_a_change_is_shown_with_its_class_and_both_values(da, edited) -> None:
    assert da("metrics", "diff").out.splitlines() == [
        "Verdict: major",
        "",
        "~ revenue/mrr  breaking",
        "    unit: unit changed  breaking",
        "      - USD",
        "      + EUR",
    ]


def test_what_comes_goes_and_moves_has_a_mark(da, here) -> None:
    here.git("mv", MRR, "metrics/revenue/net.yml")
    here.write("metrics/revenue/net.yml", metric_yaml("net", "Monthly recurring revenue"))
    here.write("metrics/sales/deals.yml", "name: deals\nsql: SELECT 1 AS deals\n")
    (here.path / "tables/orders.yml").unlink()
    lines = [it for it in da("metrics", "diff").out.splitlines() if it[:1] in "+->~" and it]
    assert lines == [
        "> revenue/net  renamed, before revenue/mrr  breaking",
        "+ sales/deals  added  compatible",
        "- tables/orders  removed  breaking",
    ]


def test_the_json_is_what_programs_read(da, edited) -> None:
    found = da("metrics", "diff", "--json").json
    assert found == da("metrics", "diff", "--format", "json").json
    assert found.pop("impact").keys() == {"effects", "metrics"}
    assert found == {
        "base": edited.git("rev-parse", "HEAD"),
        "head": "worktree",
        "verdict": "major",
        "changes": [
            {
                "id": "revenue/mrr",
                "kind": "changed",
                "from": None,
                "class": "breaking",
                "path": MRR,
                "fields": [
                    {
                        "field": "unit",
                        "class": "breaking",
                        "old": "USD",
                        "new": "EUR",
                        "what": "unit changed",
                    }
                ],
            }
        ],
        "diagnostics": [],
    }


def test_values_that_json_does_not_know_are_printed_all_the_same(da, here) -> None:
    here.write(MRR, metric_yaml("mrr") + "meta: {big: 1e308, day: 2020-01-01, deep: [{a: null}]}\n")
    json.loads(da("metrics", "diff", "--json").out)
    assert "meta added" in da("metrics", "diff").out


def test_markdown_is_the_comment_with_findings(da, here) -> None:
    here.write(MRR, metric_yaml("mrr", grain="montly"))
    out = da("metrics", "diff", "--format", "markdown").out
    assert out.startswith("<!-- agnes: review -->\n## Metrics: major\n")
    assert "### Findings of validation" in out
    assert "AG203" in out


@pytest.mark.parametrize("floor", CLASSES)
@pytest.mark.parametrize(
    ("class_", "text"),
    [
        ("cosmetic", "# x\n" + metric_yaml("mrr", "Monthly recurring revenue")),
        ("documentation", metric_yaml("mrr", "Monthly recurring revenue") + "owner: ada\n"),
        ("compatible", metric_yaml("mrr", "Monthly recurring revenue") + "dimensions: [plan]\n"),
        ("breaking", metric_yaml("mrr", "Monthly recurring revenue", unit="EUR")),
        (
            "result-changing",
            metric_yaml("mrr", "Monthly recurring revenue").replace("SUM(", "AVG("),
        ),
    ],
)
def test_fail_on_fails_from_a_class_on(da, here, class_, text, floor) -> None:
    here.write(MRR, text)
    done = da("metrics", "diff", "--fail-on", floor)
    assert done.code == (CLASSES.index(class_) >= CLASSES.index(floor))
    assert bool(done.err) == bool(done.code)
    assert class_ in done.out


def test_fail_on_keeps_the_answer_whole(da, edited) -> None:
    done = da("metrics", "diff", "--json", "--fail-on", "breaking")
    assert (done.code, done.json["verdict"]) == (1, "major")
    assert "1 change(s) of class breaking or graver" in done.err


def test_a_side_that_does_not_parse_is_named_and_fails(da, here) -> None:
    here.write(MRR, "name: mrr\nsql: [\n")
    done = da("metrics", "diff", "--fail-on", "breaking")
    assert done.code == 1
    assert done.out.startswith(f"{MRR}:")
    assert "cannot be read in the head" in done.out


def test_a_class_that_does_not_exist_is_a_wrong_call(da, here) -> None:
    assert da("metrics", "diff", "--fail-on", "grave").code == 2
    assert da("metrics", "diff", "--format", "html").code == 2


def test_a_base_that_does_not_exist_is_an_error_with_a_remedy(da, here) -> None:
    done = da("metrics", "diff", "nope")
    assert (done.code, done.out) == (1, "")
    assert "no commit is called 'nope'" in done.err
    assert "git branch -a" in done.err


def test_histories_without_a_common_commit_are_an_error_with_a_remedy(da, here) -> None:
    here.git("switch", "--quiet", "--orphan", "other")
    here.write("agnes.yml", "")
    here.commit()
    done = da("metrics", "diff", "main")
    assert done.code == 1
    assert "no commit in common" in done.err
    assert "BASE HEAD" in done.err


def test_two_revisions_and_spans_are_taken(da, edited) -> None:
    edited.commit()
    for arguments in (["HEAD~1", "HEAD"], ["HEAD~1..HEAD"], ["HEAD~1...HEAD"], ["HEAD~1"]):
        done = da("metrics", "diff", *arguments)
        assert "~ revenue/mrr  breaking" in done.out, arguments


def test_another_catalog_can_be_named(da, edited, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    assert "revenue/mrr" in da("metrics", "diff", "--catalog", edited.path).out


def test_a_terminal_is_sent_nothing_that_somebody_wrote_as_control(da, here) -> None:
    text = metric_yaml("mrr", "Monthly recurring revenue").replace(
        "description: What Monthly recurring revenue means.",
        'description: "\\u200eevil \\u2028line\\u200f"',
    )
    here.write(MRR, text + 'owner: "\\xadx\\u061c"\n')
    out = da("metrics", "diff").out
    assert "evil" in out
    assert not set(out) & set("\u200e\u2028\u200f\xad\u061c")


def test_what_cannot_be_posted_is_printed_all_the_same(da, edited, monkeypatch) -> None:
    monkeypatch.delenv("GITHUB_REF", raising=False)
    done = da("metrics", "diff", "--format", "markdown", "--post")
    assert done.code == 2
    assert "## Metrics: major" in done.out
    assert "no CI job of a pull request" in done.err


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    values = "(DATE '2025-01-01', 1000.0::DOUBLE), (DATE '2025-02-01', 10.0)"
    duckdb.sql(f"FROM (VALUES {values}) t(month, amount)").write_parquet(
        str(folder / "orders.parquet")
    )
    return folder


def test_with_data_the_numbers_before_and_after_are_told(da, here, data) -> None:
    text = metric_yaml("mrr", "Monthly recurring revenue")
    here.write(MRR, text.replace("SUM(amount)", "SUM(amount) * 0.5"))
    done = da("metrics", "diff", "--data", data)
    assert (done.code, done.err) == (0, "")
    start, _, numbers = done.out.partition("\nNumbers before and after\n")
    assert start.startswith("Verdict: major")
    assert numbers.splitlines() == [
        "  revenue/mrr (USD): 2 of 2 periods differ; 2025-02-01: 10 → 5 (-50.0%)",
        "      month       before  after  difference       %",
        "      2025-02-01      10      5          -5  -50.0%  ▏",
        "      2025-01-01   1,000    500        -500  -50.0%  ████████████████",
    ]
    assert (
        "### Numbers before and after"
        in da("metrics", "diff", "--data", data, "--format", "markdown").out
    )
    said = da("metrics", "diff", "--data", data, "--json").json
    assert said["values"]["metrics"][0]["counts"]["different"] == 2
    assert said.keys() > da("metrics", "diff", "--json").json.keys()


def test_with_data_and_no_other_query_no_number_moves(da, edited, data) -> None:
    out = da("metrics", "diff", "--data", data).out
    assert out.endswith("\nNo metric has another query, so no number moves\n")


def test_a_query_that_fails_is_told_and_does_not_fail_the_command(da, here, data) -> None:
    text = metric_yaml("mrr", "Monthly recurring revenue")
    here.write(MRR, text.replace("SUM(amount)", "SUM(amuont)"))
    done = da("metrics", "diff", "--data", data)
    assert done.code == 0
    assert "revenue/mrr (USD): could not be run" in done.out
    assert "the new query failed: " in done.out


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nothing", "neither a folder nor a data snapshot"), (".", "no data: there is no <table_id>")],
)
def test_a_folder_without_data_is_an_error_with_a_remedy(da, edited, folder, message) -> None:
    done = da("metrics", "diff", "--data", folder)
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert "da demo-data data" in done.err


def test_numbers_need_a_catalog_at_hand(da, data, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = da("metrics", "diff", "HEAD", "--data", data)
    assert done.code == 1
    assert "a server compares definitions, not numbers" in done.err
