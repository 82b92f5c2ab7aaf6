"""`da metrics log`."""

from __future__ import annotations

import pytest

from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"
DAY = 86_400
START = 1_700_000_000


@pytest.fixture
def changed(here):
    text = metric_yaml("mrr", "Monthly recurring revenue", unit="EUR")
    here.write(MRR, text)
    here.commit("feat: euro", at=START + DAY)
    here.git("tag", "v1")
    here.write(MRR, text.replace("FROM orders", "FROM orders WHERE amount > 0"))
    here.commit("fix: no refunds", at=START + 2 * DAY)
    return here


def heads(out: str) -> list[str]:
    """The subjects of the commits that are told."""
    return [line.split("  ")[-1] for line in out.splitlines() if line[:2] == "20"]


def test_log_tells_each_commit_and_what_it_changed(da, changed):
    lines = da("metrics", "log").out.splitlines()
    assert lines[0].endswith("Ada Lovelace  fix: no refunds")
    assert lines[1] == "  ~ revenue/mrr  sql: filter added (amount > 0)  result-changing"
    assert heads("\n".join(lines)) == ["fix: no refunds", "feat: euro", "Start"]


@pytest.mark.parametrize(
    ("options", "subjects"),
    [
        (["--since", "v1"], ["fix: no refunds"]),
        (["--since", "2023-11-15"], ["fix: no refunds", "feat: euro"]),
        (["--since", "2023-11-17"], []),
        (["--class", "result-changing"], ["fix: no refunds"]),
        (["--class", "breaking"], ["fix: no refunds", "feat: euro"]),
        (["--limit", "1"], ["fix: no refunds"]),
        (["--rev", "v1"], ["feat: euro", "Start"]),
    ],
)
def test_log_tells_less_when_asked_to(da, changed, options, subjects):
    done = da("metrics", "log", *options)
    assert (done.code, heads(done.out)) == (0, subjects)


def test_log_of_nothing_says_so(da, changed):
    assert da("metrics", "log", "--since", "HEAD").out == "Nothing changed its meaning\n"


def test_log_as_json_has_the_changes_of_each_commit(da, changed):
    found = da("metrics", "log", "--json").json
    assert found["complete"]
    entry = found["entries"][0]
    assert (entry["subject"], entry["class"]) == ("fix: no refunds", "result-changing")
    assert entry["changes"][0]["id"] == "revenue/mrr"
    assert da("metrics", "log", "--format", "json").json == found


def test_log_as_markdown_is_for_a_release(da, changed):
    out = da("metrics", "log", "--since", "v1", "--format", "markdown").out
    assert out.startswith("## Metrics since v1\n\n### 🔴 Result-changing")


@pytest.mark.parametrize("since", ["2023-13-01", "2023-02-30"])
def test_a_day_that_is_none_is_wrong_usage(da, changed, since):
    done = da("metrics", "log", "--since", since)
    assert done.code == 2
    assert "is no date" in done.err


def test_an_unknown_revision_is_an_error(da, changed):
    assert da("metrics", "log", "--since", "v9").code == 1


def test_of_many_definitions_of_one_commit_the_first_are_listed(da, here):
    for number in range(30):
        here.write(f"metrics/many/m{number}.yml", metric_yaml(f"m{number}"))
    here.commit()
    lines = da("metrics", "log", "--limit", "1").out.splitlines()
    assert (len(lines), lines[-1]) == (22, "  + and 10 more added")


def test_a_shallow_clone_says_where_the_log_ends(da, changed, tmp_path):
    clone = tmp_path / "clone"
    changed.git("clone", "--quiet", "--depth=2", f"file://{changed.path}", str(clone))
    done = da("metrics", "log", "--catalog", clone, "--json")
    assert (done.json["complete"], len(done.json["entries"])) == (False, 1)
    assert "git fetch --unshallow" in done.err
