"""`da metrics`."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import metric_yaml


def test_list_groups_by_category(da, here):
    here.write("metrics/sales/deals.yml", metric_yaml("deals"))
    here.commit()
    done = da("metrics", "list")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if line.startswith("[")] == [
        "[revenue]",
        "[sales]",
    ]
    assert "revenue/mrr" in done.out


def test_list_of_one_category_holds_no_other(da, here):
    here.write("metrics/sales/deals.yml", metric_yaml("deals"))
    here.commit()
    assert "deals" not in da("metrics", "list", "--category", "revenue").out


def test_list_as_json_is_the_array_of_metrics(da, here):
    found = da("metrics", "list", "--json").json
    assert [metric["id"] for metric in found] == ["revenue/arr", "revenue/mrr"]


def test_an_empty_catalog_lists_no_metrics(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    da("init", "empty", "--empty")
    done = da("metrics", "list", "--catalog", "empty")
    assert (done.code, done.out) == (0, "No metrics\n")
    assert da("metrics", "list", "--catalog", "empty", "--json").json == []


def test_show_prints_what_to_know_before_using_a_number(da, here):
    text = metric_yaml("mrr", "Monthly recurring revenue")
    here.write("metrics/revenue/mrr.yml", text + "notes:\n  - Trials do not count.\n")
    commit = here.commit()
    out = da("metrics", "show", "revenue/mrr").out
    for part in (
        "Monthly recurring revenue",
        "Trials do not count.",
        "SELECT month",
        "orders",
        "USD",
        "mrr synonym",
        "metrics/revenue/mrr.yml",
        "Ada Lovelace",
        commit[:10],
    ):
        assert part in out


def test_show_as_json_is_the_metric(da, here):
    found = da("metrics", "show", "revenue/mrr", "--json").json
    assert found["id"] == "revenue/mrr"
    assert found["table_name"] == "orders"
    assert found["created_at"] == "2023-11-14T22:13:20"


def test_show_of_an_unknown_id_names_the_nearest(da, here):
    done = da("metrics", "show", "revenue/mmr")
    assert (done.code, done.out) == (1, "")
    assert "not found" in done.err
    assert "revenue/mrr" in done.err


def test_a_stale_metric_says_so_first_with_the_mistake(da, here):
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", grain="montly"))
    here.commit()
    lines = da("metrics", "show", "revenue/mrr").out.splitlines()
    assert lines[1].startswith("STALE")
    assert "metrics/revenue/mrr.yml:3:8: error AG203" in lines[2]
    assert "did you mean `monthly`?" in lines[3]


def test_a_deprecated_metric_names_what_to_use_instead(da, here):
    extra = "status: deprecated\nreplaced_by: revenue/arr\n"
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr") + extra)
    here.commit()
    lines = da("metrics", "show", "revenue/mrr").out.splitlines()
    assert lines[1] == "DEPRECATED: do not use it for new work. Use revenue/arr instead."


def test_reading_follows_the_branch_by_itself(da, here):
    da("metrics", "list")
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.commit()
    assert da("metrics", "show", "revenue/mrr", "--json").json["unit"] == "EUR"


def test_without_a_sync_the_answer_is_old_and_says_so(da, here):
    da("metrics", "list")
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.commit()
    done = da("metrics", "show", "revenue/mrr", "--json", "--no-sync")
    assert done.json["unit"] == "USD"
    assert "the branch has moved" in done.err


def test_any_revision_can_be_read(da, here):
    here.git("tag", "v1")
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.commit()
    for revision in ("v1", "HEAD~1", here.git("rev-parse", "v1")):
        done = da("metrics", "show", "revenue/mrr", "--json", "--rev", revision)
        assert done.json["unit"] == "USD"
    assert da("metrics", "show", "revenue/mrr", "--json").json["unit"] == "EUR"


def test_the_catalog_can_be_read_as_of_a_day(da, here):
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.write("metrics/revenue/new.yml", metric_yaml("new"))
    here.commit(at=1_700_000_000 + 86_400)
    for day, unit, count in (("2023-11-14", "USD", 2), ("2023-11-15", "EUR", 3)):
        assert da("metrics", "show", "revenue/mrr", "--json", "--as-of", day).json["unit"] == unit
        assert len(da("metrics", "list", "--json", "--as-of", day).json) == count
    assert da("metrics", "search", "new", "--as-of", "2023-11-14").out.startswith("Nothing fits")
    assert "Exported 2" in da("metrics", "export", "--dir", "out", "--as-of", "2023-11-14").out


def test_a_day_before_the_first_commit_is_an_error(da, here):
    done = da("metrics", "list", "--as-of", "2020-01-01")
    assert done.code == 1
    assert "the first commit is of 2023-11-14" in done.err


@pytest.mark.parametrize("day", ["1.2.2026", "2026-02-30", "yesterday", "", "20260131"])
def test_a_day_that_is_none_is_wrong_usage(da, here, day):
    done = da("metrics", "list", "--as-of", day)
    assert done.code == 2
    assert "write year-month-day: 2026-01-31" in done.err


@pytest.mark.parametrize("other", [["--rev", "HEAD"], ["--worktree"]])
def test_a_day_excludes_other_points_in_time(da, here, other):
    done = da("metrics", "list", "--as-of", "2026-01-31", *other)
    assert done.code == 2
    assert "exclude each other" in done.err


def test_an_unknown_revision_is_an_error(da, here):
    done = da("metrics", "list", "--rev", "nope")
    assert done.code == 1
    assert "'nope'" in done.err


def test_the_working_tree_is_read_when_asked_for_and_only_then(da, here):
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.write("metrics/revenue/new.yml", metric_yaml("new"))
    assert da("metrics", "show", "revenue/mrr", "--json", "--worktree").json["unit"] == "EUR"
    assert da("metrics", "show", "revenue/new", "--worktree").code == 0
    assert da("metrics", "show", "revenue/mrr", "--json").json["unit"] == "USD"
    assert da("metrics", "show", "revenue/new").code == 1


def test_a_revision_and_the_working_tree_exclude_each_other(da, here):
    assert da("metrics", "list", "--rev", "HEAD", "--worktree").code == 2


def test_search_as_json_has_the_contract_s_shape(da, here):
    found = da("metrics", "search", "monthly", "recurring", "--json").json
    assert found["query"] == "monthly recurring"
    assert found["total"] >= 1
    assert set(found["hits"][0]) == {
        *("id", "display_name", "description", "score", "why", "stale", "status"),
        "certification",
    }


def test_search_says_when_nothing_fits(da, here):
    done = da("metrics", "search", "weather")
    assert (done.code, done.out) == (0, "Nothing fits “weather”\n")
    assert da("metrics", "search", "weather", "--json").json["hits"] == []


def test_export_and_import_give_the_same_data(da, here, tmp_path):
    before = da("metrics", "list", "--json").json
    exported = da("metrics", "export", "--dir", tmp_path / "out")
    assert exported.out == f"Exported 2 metric(s) to {tmp_path / 'out'}\n"
    da("init", tmp_path / "other", "--empty")
    done = da("metrics", "import", tmp_path / "out", "--catalog", tmp_path / "other")
    assert "Imported 2 metric(s)" in done.out
    after = da("metrics", "list", "--json", "--catalog", tmp_path / "other").json
    own = {"source", "created_at", "updated_at", "path", "blob", "commit_id", "author"}
    assert [{k: v for k, v in row.items() if k not in own} for row in after] == [
        {k: v for k, v in row.items() if k not in own} for row in before
    ]
    assert {row["source"] for row in after} == {"yaml_import"}


def test_importing_again_makes_no_commit(da, here, tmp_path):
    da("metrics", "export", "--dir", tmp_path / "out")
    before = here.git("rev-parse", "HEAD")
    done = da("metrics", "import", tmp_path / "out")
    assert "Nothing to change; no commit" in done.out
    assert here.git("rev-parse", "HEAD") == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(da, here, tmp_path):
    pack = tmp_path / "pack" / "sales"
    pack.mkdir(parents=True)
    (pack / "deals.yml").write_text(metric_yaml("deals"))
    before = here.git("rev-parse", "HEAD")
    done = da("metrics", "import", tmp_path / "pack", "--dry-run", "--json")
    assert done.json["added"] == ["sales/deals"]
    assert done.json["commit"] is None
    assert here.git("rev-parse", "HEAD") == before
    assert here.git("status", "--porcelain") == ""


def test_one_bad_file_among_a_hundred_stops_the_whole_import(da, here, tmp_path):
    pack = tmp_path / "pack" / "sales"
    pack.mkdir(parents=True)
    for number in range(100):
        (pack / f"m{number}.yml").write_text(metric_yaml(f"m{number}"))
    (pack / "m7.yml").write_text("name: m7\nsql: [\n")
    (pack / "m8.yml").write_text(metric_yaml("m8", grain="often"))
    before = here.git("rev-parse", "HEAD")
    done = da("metrics", "import", tmp_path / "pack")
    assert done.code == 1
    assert "m7.yml:" in done.err
    assert "m8.yml:3:8" in done.err
    assert here.git("rev-parse", "HEAD") == before


def test_an_older_instance_s_database_is_imported(da, here, tmp_path):
    path = tmp_path / "system.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (4);"
            "CREATE TABLE metric_definitions (id VARCHAR, name VARCHAR, display_name VARCHAR, "
            "category VARCHAR, grain VARCHAR, synonyms VARCHAR[], sql VARCHAR, sql_variants JSON);"
            "INSERT INTO metric_definitions VALUES ('ops/uptime', 'uptime', 'Uptime', 'ops', "
            "'daily', ['availability'], 'SELECT 1', '{\"by_region\": \"SELECT 2\"}');"
            "CREATE TABLE column_metadata (table_id VARCHAR, column_name VARCHAR, basetype VARCHAR,"
            " description VARCHAR, confidence VARCHAR, source VARCHAR);"
            "INSERT INTO column_metadata VALUES "
            "('hosts', 'id', 'STRING', 'Host', 'high', 'manual');"
            "CREATE TABLE table_registry (id VARCHAR, name VARCHAR, source_type VARCHAR);"
            "INSERT INTO table_registry VALUES ('hosts', 'Hosts', 'local')"
        )
    done = da("metrics", "import", path)
    assert done.code == 0, done.err
    found = da("metrics", "show", "ops/uptime", "--json").json
    assert found["synonyms"] == ["availability"]
    assert found["sql_variants"] == {"by_region": "SELECT 2"}
    assert (here.path / "tables" / "hosts.yml").read_text().startswith("id: hosts\n")


def test_add_takes_one_metric(da, here, tmp_path):
    file = tmp_path / "margin.yml"
    file.write_text("category: sales\n" + metric_yaml("margin"))
    done = da("metrics", "add", "--file", file)
    assert done.code == 0, done.err
    assert da("metrics", "show", "sales/margin", "--json").json["source"] == "yaml_import"
    assert here.git("log", "-1", "--format=%s") == "feat(metrics): add sales/margin"
    assert here.git("status", "--porcelain") == ""


def test_add_of_a_metric_without_category_names_file_line_and_remedy(da, here, tmp_path):
    file = tmp_path / "margin.yml"
    file.write_text(metric_yaml("margin"))
    done = da("metrics", "add", "--file", file)
    assert done.code == 1
    assert "margin.yml:1:1: error AG201 `category` is missing" in done.err
    assert "help: add `category: ...`" in done.err


def test_remove_deletes_the_file_in_a_commit(da, here):
    assert da("metrics", "remove", "revenue/mrr").out == "- revenue/mrr\n"
    assert da("metrics", "show", "revenue/mrr").code == 1
    assert not (here.path / "metrics" / "revenue" / "mrr.yml").exists()
    assert here.git("status", "--porcelain") == ""


def test_remove_of_an_unknown_id_names_the_nearest(da, here):
    done = da("metrics", "remove", "revenue/mmr")
    assert done.code == 1
    assert "revenue/mrr" in done.err


def test_a_change_on_a_detached_head_is_refused(da, here):
    here.git("checkout", "--quiet", "--detach")
    done = da("metrics", "remove", "revenue/mrr")
    assert done.code == 1
    assert "HEAD is detached" in done.err


def test_validate_finds_what_is_wrong_on_disk(da, here):
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", grain="montly"))
    done = da("metrics", "validate")
    assert done.code == 1
    assert "metrics/revenue/mrr.yml:3:8: error AG203" in done.out
    assert "1 error(s)" in done.out
    assert da("metrics", "validate", "metrics/revenue/arr.yml").code == 0
    found = da("metrics", "validate", "--json")
    assert found.code == 1
    assert found.json["errors"] == 1


def test_validate_works_on_a_plain_folder(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales").mkdir()
    (tmp_path / "sales" / "deals.yml").write_text(metric_yaml("deals"))
    assert da("metrics", "validate", ".").code == 0
    (tmp_path / "sales" / "deals.yml").write_text(metric_yaml("other"))
    assert "AG204" in da("metrics", "validate", ".").out


@pytest.mark.parametrize("command", [("import", "nope"), ("validate", "nope")])
def test_a_path_that_is_not_there_is_named(da, here, command):
    done = da("metrics", *command)
    assert done.code == 1
    assert "Path not found: nope" in done.err


# Certificates


def lapse(here):
    text = (here.path / "metrics/revenue/mrr.yml").read_text()
    here.write("metrics/revenue/mrr.yml", text.replace("unit: USD", "unit: EUR"))
    here.commit("Price in euro")


def test_a_certificate_shows_wherever_a_metric_does(da, here):
    done = da("metrics", "certify", "revenue/mrr")
    assert (done.code, done.out) == (0, "~ revenue/mrr\n")
    assert here.git("log", "-1", "--format=%s") == "feat(metrics): certify revenue/mrr"

    lines = da("metrics", "list").out.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("CERTIFIED")] == ["revenue/mrr"]
    assert "CERTIFIED by ada@example.com on 20" in da("metrics", "show", "revenue/mrr").out
    row = da("metrics", "show", "revenue/mrr", "--json").json
    assert (row["certification"], row["certified_by"]) == ("certified", "ada@example.com")
    assert row["certified"]["on"] == row["certified_on"]
    hit = da("metrics", "search", "mrr", "--json").json["hits"][0]
    assert (hit["id"], hit["certification"]) == ("revenue/mrr", "certified")


def test_a_certificate_that_lapsed_shows_wherever_a_metric_does(da, here):
    da("metrics", "certify", "revenue/mrr")
    lapse(here)

    lines = da("metrics", "list").out.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("LAPSED")] == ["revenue/mrr"]
    shown = da("metrics", "show", "revenue/mrr").out
    assert "LAPSED: it means something else than ada@example.com certified" in shown
    assert "approve of it: da metrics certify revenue/mrr" in shown
    assert "LAPSED" in da("metrics", "search", "mrr").out
    assert "warning AG701 the certificate lapsed" in da("metrics", "validate").out
    rows = da("metrics", "list", "--json").json
    assert {row["id"]: row["certification"] for row in rows} == {
        "revenue/arr": None,
        "revenue/mrr": "lapsed",
    }


def test_a_dry_run_certifies_nothing(da, here):
    done = da("metrics", "certify", "revenue/mrr", "--dry-run", "--json")

    assert (done.json["changed"], done.json["commit"]) == (["revenue/mrr"], None)
    assert "certified" not in (here.path / "metrics/revenue/mrr.yml").read_text()


def test_a_certificate_is_taken_back(da, here):
    da("metrics", "certify", "revenue/mrr")
    assert da("metrics", "certify", "revenue/mrr", "--revoke").code == 0

    assert da("metrics", "show", "revenue/mrr", "--json").json["certification"] is None


def test_who_certifies_what_is_not_there_is_told_the_nearest_id(da, here):
    done = da("metrics", "certify", "revenue/arr", "revenue/mr")

    assert done.code == 1
    assert "Metric 'revenue/mr' not found" in done.err
    assert "did you mean: revenue/mrr" in done.err


def test_a_certificate_is_exported_and_imported(da, here, tmp_path):
    da("metrics", "certify", "revenue/mrr")
    exported = tmp_path / "out"
    da("metrics", "export", "--dir", exported)

    assert "definition: " in (exported / "revenue" / "mrr.yml").read_text()
    assert da("metrics", "import", exported, "--json").json["unchanged"] == [
        *("revenue/arr", "revenue/mrr")
    ]
