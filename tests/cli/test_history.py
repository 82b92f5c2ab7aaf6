"""`da metrics history` and `da metrics blame`."""

from __future__ import annotations

import pytest

from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"
DAY = 86_400
START = 1_700_000_000


@pytest.fixture
def changed(here):
    here.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    here.commit("feat: euro", at=START + DAY)
    return here


def test_history_says_who_when_and_what(da, changed):
    commit = changed.git("rev-parse", "HEAD")
    first, second = da("metrics", "history", "revenue/mrr").out.splitlines()
    assert first == (
        f"2023-11-15  {commit[:10]}  Ada Lovelace  breaking    unit changed (USD → EUR)"
    )
    assert second.endswith("Ada Lovelace  compatible  added")


def test_history_as_json_is_the_array_of_events(da, changed):
    found = da("metrics", "history", "revenue/mrr", "--json").json
    assert (found["id"], found["complete"]) == ("revenue/mrr", True)
    newest, oldest = found["events"]
    assert newest["commit"] == changed.git("rev-parse", "HEAD")
    assert (newest["time"], newest["subject"]) == ("2023-11-15T22:13:20", "feat: euro")
    assert (newest["class"], newest["fields"][0]["old"]) == ("breaking", "USD")
    assert oldest["kind"] == "added"


def test_history_begins_at_a_revision(da, changed):
    assert len(da("metrics", "history", "revenue/mrr", "--rev", "HEAD^").out.splitlines()) == 1


def test_history_of_a_removed_metric_can_still_be_told(da, changed):
    (changed.path / MRR).unlink()
    changed.commit()
    first, *rest = da("metrics", "history", "revenue/mrr").out.splitlines()
    assert first.endswith("breaking    removed")
    assert len(rest) == 2


@pytest.mark.parametrize("command", ["history", "blame"])
def test_an_unknown_id_names_the_nearest(da, here, command):
    done = da("metrics", command, "revenue/mmr")
    assert (done.code, done.out) == (1, "")
    assert "'revenue/mmr' not found" in done.err
    assert "did you mean: revenue/mrr" in done.err


def test_blame_shows_each_field_item_and_clause(da, changed):
    start, euro = (changed.git("rev-parse", rev)[:10] for rev in ("HEAD^", "HEAD"))
    lines = [line.split() for line in da("metrics", "blame", "revenue/mrr").out.splitlines()]
    assert ["2023-11-15", euro, "Ada", "Lovelace", "unit", "EUR"] in lines
    assert ["2023-11-14", start, "Ada", "Lovelace", "item", "mrr", "synonym"] in lines
    assert ["2023-11-14", start, "Ada", "Lovelace", "source", "FROM", "orders"] in lines


def test_blame_as_json_has_a_commit_for_each_line(da, changed):
    found = da("metrics", "blame", "revenue/mrr", "--json").json
    lines = {(line["field"], line["part"]): line for line in found["lines"]}
    assert lines["unit", None]["subject"] == "feat: euro"
    assert lines["sql", "column mrr"]["text"] == "SUM(amount) AS mrr"
    assert lines["sql", "column mrr"]["subject"] == "Start"
    assert (found["stale"], lines["unit", None]["complete"]) == (False, True)


def test_blame_of_what_was_removed_says_where_to_look(da, changed):
    (changed.path / MRR).unlink()
    commit = changed.commit()
    done = da("metrics", "blame", "revenue/mrr")
    assert done.code == 1
    assert f"da metrics blame revenue/mrr --rev {commit[:10]}^" in done.err
    assert da("metrics", "blame", "revenue/mrr", "--rev", f"{commit[:10]}^").code == 0


def test_blame_of_what_was_renamed_says_what_it_is_called_now(da, changed):
    changed.git("mv", MRR, "metrics/revenue/monthly.yml")
    changed.commit()
    done = da("metrics", "blame", "revenue/mrr")
    assert done.code == 1
    assert "it is called revenue/monthly now" in done.err


def test_blame_of_what_never_was_valid_says_so(da, here):
    here.write("metrics/revenue/bad.yml", "unit: [")
    here.commit()
    assert "never was valid" in da("metrics", "blame", "revenue/bad").err


def test_blame_of_a_stale_metric_says_so(da, changed):
    changed.write(MRR, "unit: [")
    changed.commit()
    done = da("metrics", "blame", "revenue/mrr")
    assert done.code == 0
    assert "does not validate" in done.err


@pytest.mark.parametrize(("command", "lines"), [("history", 1), ("blame", 10)])
def test_a_shallow_clone_says_where_it_ends_and_how_to_fetch_more(
    da, changed, tmp_path, command, lines
):
    changed.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="CHF"))
    changed.commit()
    edge = changed.git("rev-parse", "HEAD^")[:10]
    clone = tmp_path / "clone"
    changed.git("clone", "--quiet", "--depth=2", f"file://{changed.path}", str(clone))
    done = da("metrics", command, "revenue/mrr", "--catalog", clone)
    assert len(done.out.splitlines()) >= lines
    assert f"it ends at {edge}" in done.err
    assert "git fetch --unshallow" in done.err
    assert (f"^{edge}" in done.out) == (command == "blame")


def test_nobodys_name_moves_the_cursor(da, here):
    here.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    here.git("add", "--all")
    here.git("commit", "--quiet", "--message", "x", GIT_AUTHOR_NAME="\x1b[2JEve")
    for command in ("history", "blame"):
        assert "\x1b" not in da("metrics", command, "revenue/mrr").out
