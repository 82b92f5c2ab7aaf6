"""`da metrics validate`, as its users see it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import duckdb
import pytest

from agnes.cli.output import snippet_lines
from tests.cli.test_output import on_a_terminal
from tests.conftest import metric_yaml

MRR, ARR, ORDERS = "metrics/revenue/mrr.yml", "metrics/revenue/arr.yml", "tables/orders.yml"
ERROR = metric_yaml("mrr", grain="often")
WARNING = metric_yaml("mrr").replace("grain: monthly\n", "")
HINT = metric_yaml("mrr") + "  ORDER BY month\n"
UNTIDY = (
    "# Who: finance\n\nsql: SELECT SUM(amount) AS mrr FROM orders  # all of it\n"
    "grian: monthly\nname: mrr\nsynonyms: [income, Income]\ntable: orders\n"
)
TIDY = (
    "# Who: finance\n"
    "\n"
    "name: mrr\n"
    "grain: monthly\n"
    "table: orders\n"
    "synonyms:\n  - income\n"
    "sql: SELECT SUM(amount) AS mrr FROM orders  # all of it\n"
)


@pytest.fixture
def validate(da):
    return lambda *arguments: da("metrics", "validate", *arguments)


# Exit codes


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (ERROR, [], 1),
        (ERROR, ["--level", "syntax"], 0),
        (WARNING, [], 0),
        (WARNING, ["--strict"], 1),
        (HINT, ["--strict"], 0),
        (metric_yaml("mrr"), ["--strict"], 0),
    ],
)
def test_errors_and_on_request_warnings_are_an_exit_code(validate, here, text, options, code):
    here.write(MRR, text)

    for output in ([], ["--json"], ["--format", "github"], ["--format", "sarif"]):
        assert validate(*options, *output).code == code


def test_the_last_line_counts(validate, here):
    assert validate().out == "4 file(s) checked, 0 error(s), 0 warning(s)\n"
    here.write(MRR, ERROR)
    here.write(ARR, HINT.replace("mrr", "arr").replace("Mrr", "Arr"))
    assert validate().out.endswith("\n4 file(s) checked, 1 error(s), 0 warning(s), 1 hint(s)\n")


@pytest.mark.parametrize(
    ("level", "codes"),
    [
        ("syntax", {"AG101"}),
        ("schema", {"AG101", "AG203"}),
        ("references", {"AG101", "AG203", "AG301"}),
        ("binding", {"AG101", "AG203", "AG301", "AG501"}),
    ],
)
def test_levels_build_on_each_other(validate, here, level, codes):
    here.write("metrics/revenue/a.yml", "name: [")
    here.write("metrics/revenue/b.yml", metric_yaml("b", grain="often", table="ordres"))
    here.write("metrics/revenue/c.yml", metric_yaml("c").replace("amount", "amuont"))

    found = validate("--level", level, "--json").json["diagnostics"]

    assert {item["code"] for item in found} == codes


# What is checked


@pytest.mark.parametrize(
    ("paths", "count"),
    [
        ([MRR], 1),
        (["metrics/revenue"], 2),
        (["metrics/revenue/"], 2),
        (["tables", MRR], 2),
        ([MRR, MRR], 1),
        (["."], 4),
        ([".", MRR], 4),
        (["metrics/../tables"], 1),
    ],
)
def test_paths_are_files_and_folders_of_the_catalog(validate, here, paths, count):
    here.write("docs/x.yml", "[")
    here.write(MRR, ERROR)

    done = validate(*paths, "--json").json

    assert done["files"] == count
    assert done["errors"] == (0 if paths[0] == "metrics/../tables" else 1)


@pytest.mark.parametrize("options", [[], ["--rev", "HEAD"], ["--fix"]])
@pytest.mark.parametrize("path", ["docs", "docs/x.yml", "README.md", "/etc/passwd"])
def test_a_path_where_nothing_can_be_checked_is_an_error(validate, here, path, options):
    here.write("docs/x.yml", "[")
    here.write("README.md", "# Numbers")
    here.commit()

    done = validate(path, *options)

    assert done.code == 1
    assert "error: " in done.err
    assert path.lstrip("/") in done.err


def test_a_path_with_a_wrong_ending_is_told(validate, here):
    here.write("metrics/revenue/new.YML", metric_yaml("new"))

    done = validate("metrics/revenue/new.YML")

    assert done.code == 1
    assert "new.YML: error AG207 the ending is .yml, in small letters" in done.out


def test_paths_count_from_where_one_is(validate, here, monkeypatch):
    here.write(MRR, ERROR)
    monkeypatch.chdir(here.path / "metrics" / "revenue")

    assert validate("mrr.yml").code == 1
    assert validate("arr.yml").code == 0
    assert validate("../../tables", "arr.yml", "--json").json["files"] == 2
    assert validate("..", "--json").json["files"] == 2
    assert validate("--catalog", here.path, "../revenue/mrr.yml").code == 1
    assert validate("--catalog", "../..", "mrr.yml").code == 1
    assert validate("--json").json["files"] == 4


def test_findings_are_told_by_paths_that_can_be_opened(validate, here, monkeypatch):
    here.write("teams/ops/agnes.yml", "name: Ops\n")
    here.write("teams/ops/metrics/ops/up.yml", metric_yaml("up", grain="often"))

    assert validate("teams/ops").out.startswith("teams/ops/metrics/ops/up.yml:3:8: error AG203")
    monkeypatch.chdir(here.path / "teams" / "ops")
    assert validate().out.startswith("metrics/ops/up.yml:3:8: error AG203")
    # GitHub counts from the top of the repository, wherever the command runs.
    github = validate("--format", "github").out
    assert github.startswith("::error file=teams/ops/metrics/ops/up.yml,")
    monkeypatch.chdir(here.path / "metrics")
    assert validate("../teams/ops").code == 1


def test_several_catalogs_can_be_checked_at_once(validate, here):
    here.write("other/agnes.yml", "name: Other\n")
    here.write("other/tables/x.yml", "id: y\n")
    here.write(MRR, ERROR)

    done = validate("other", MRR)

    assert done.out.count(": error ") == 2
    assert done.out.endswith("\n3 file(s) checked, 2 error(s), 0 warning(s)\n")


def test_one_file_outside_of_a_catalog_is_checked_and_nothing_around_it(
    validate, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "revenue").mkdir()
    (tmp_path / "revenue" / "mrr.yml").write_text(ERROR)
    (tmp_path / "revenue" / "arr.yml").write_text("name: [")

    done = validate("revenue/mrr.yml", "--json").json

    assert done["files"] == 1
    assert {item["path"] for item in done["diagnostics"]} == {"revenue/mrr.yml"}


def test_a_commit_can_be_checked(validate, here):
    here.write(MRR, ERROR)
    here.commit()
    here.write(MRR, metric_yaml("mrr"))

    assert validate("--rev", "HEAD").code == 1
    assert validate("--rev", "HEAD", ARR).code == 0
    assert validate("--rev", "HEAD~1").code == 0
    assert validate().code == 0


def test_what_is_staged_can_be_checked(validate, here, monkeypatch):
    here.write(MRR, ERROR)
    assert validate("--staged").out == "0 file(s) checked, 0 error(s), 0 warning(s)\n"
    here.git("add", MRR)
    here.write(MRR, metric_yaml("mrr"))
    done = validate("--staged")
    assert done.code == 1
    assert "  3 | grain: often\n    |        ^^^^^\n" in done.out
    monkeypatch.chdir(here.path / "tables")
    assert validate("--staged").code == 1
    assert validate("--staged", "../README.md", "/elsewhere/x.yml").code == 1


def test_staged_catalogs_in_folders_are_all_checked(validate, here):
    here.write("teams/ops/agnes.yml", "name: Ops\n")
    here.write("teams/ops/metrics/ops/up.yml", metric_yaml("up", grain="often"))
    here.git("add", "--all")

    assert validate("--staged").out.startswith("teams/ops/metrics/ops/up.yml:3:8: error")
    assert validate("--staged", "--catalog", here.path).code == 0
    assert validate("--staged", "--catalog", here.path / "teams" / "ops").code == 1
    here.commit()
    assert validate("--staged").code == 0
    assert validate("--staged", "teams/ops/metrics/ops/up.yml").code == 1


@pytest.mark.parametrize("folder", ["", "teams/ops/"])
def test_settings_cannot_be_deleted_from_under_a_catalog(validate, here, folder):
    here.write(f"{folder}agnes.yml", "name: Here\n")
    here.write(f"{folder}metrics/ops/up.yml", metric_yaml("up"))
    here.write(f"{folder}tables/orders.yml", (here.path / "tables" / "orders.yml").read_text())
    here.commit()
    here.git("rm", "--quiet", f"{folder}agnes.yml")
    here.write(f"{folder}metrics/ops/up.yml", metric_yaml("up", grain="often"))
    here.git("add", "--all")

    done = validate("--staged")

    assert done.code == 1
    assert f"{folder}agnes.yml: error AG207 agnes.yml is gone, and the catalog with it" in done.out
    assert f"{folder}metrics/ops/up.yml:3:8: error AG203" in done.out


def test_a_whole_catalog_may_be_deleted_and_a_folder_that_is_none_may_have_metrics(validate, here):
    here.git("rm", "--quiet", "-r", "agnes.yml", "metrics", "tables")
    here.write("elsewhere/metrics/a/b.yml", "[")
    here.git("add", "--all")

    assert validate("--staged").code == 0


def test_queries_run_on_data_on_request(validate, here, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with duckdb.connect() as connection:
        rows = "SELECT DATE '2024-01-01' AS month, 5 AS amount"
        connection.execute(f"COPY ({rows}) TO '{data / 'orders.parquet'}' (FORMAT parquet)")
    here.write(MRR, metric_yaml("mrr") + "validation: {result: {2024-01-01: 6}}\n")

    done = validate("--data", data)

    assert done.code == 1
    assert "error AG602 2024-01-01 gives 5, not 6" in done.out
    assert validate().code == 0


# Output


def test_a_finding_shows_its_line_and_a_caret(validate, here):
    here.write(MRR, metric_yaml("mrr", grain="montly"))

    message = "`grain` is 'montly'; it must be daily, weekly, monthly, quarterly or yearly"
    assert validate().out.splitlines() == [
        f"{MRR}:3:8: error AG203 {message}",
        "  3 | grain: montly",
        "    |        ^^^^^^",
        "  help: did you mean `monthly`?",
        "4 file(s) checked, 1 error(s), 0 warning(s)",
    ]


def snippet(source: str | None, **keys: object) -> list[str]:
    finding = {
        "line": 12,
        "column": 1,
        "end_line": 12,
        "end_column": 2,
    }
    finding |= dict.fromkeys(["path", "code", "message"], "x")
    finding |= {"severity": "error", "hint": None}
    return list(snippet_lines(finding | keys, source))[1:]


@pytest.mark.parametrize(
    ("source", "keys", "lines"),
    [
        ("\tgrain:\tx", {"column": 9, "end_column": 10}, ["\tgrain:\tx", "\t      \t^"]),
        ("name: žluť", {"column": 7, "end_column": 11}, ["name: žluť", "      ^^^^"]),
        ("売上: 円 x", {"column": 5, "end_column": 8}, ["売上: 円 x", "      ^^^^"]),
        ("a: 🎉e\u0301 x", {"column": 8, "end_column": 9}, ["a: 🎉e\u0301 x", "       ^"]),
        ("name: [", {"column": 7, "end_line": 0, "end_column": 0}, ["name: [", "      ^"]),
        ("sql: |", {"column": 6, "end_line": 15, "end_column": 3}, ["sql: |", "     ^"]),
        ("name: x   ", {"column": 7, "end_line": 13}, ["name: x", "      ^"]),
        ("x" * 300, {"column": 150, "end_column": 290}, [f"{'x' * 160}…", " " * 149 + "^" * 11]),
        (
            f"{'x' * 300}ab{'x' * 300}",
            {"column": 301, "end_column": 303},
            [f"…{'x' * 80}ab{'x' * 78}…", " " * 81 + "^^"],
        ),
    ],
)
def test_a_caret_stands_below_its_character(source, keys, lines):
    shown, carets = snippet(source, **keys)

    assert [shown.removeprefix("  12 | "), carets.removeprefix("     | ")] == lines


@pytest.mark.parametrize(
    "char",
    ["\x1b", "\0", "\x07", "\r", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\u2069", "\udcff"],
)
def test_a_file_cannot_move_the_cursor_or_turn_the_text_around(char):
    shown, carets = snippet(f"a{char}b: c", column=3, end_column=4)

    assert shown == "  12 | a\ufffdb: c"
    assert carets == "     |   ^"


def test_a_tab_and_joined_emoji_are_shown_as_they_are():
    assert snippet("a\tb \U0001f469\u200d\U0001f680")[0] == "  12 | a\tb \U0001f469\u200d\U0001f680"


@pytest.mark.parametrize(("source", "keys"), [(None, {}), ("", {}), ("   ", {})])
def test_what_cannot_be_shown_is_left_out(source, keys):
    assert snippet(source, **keys) == []


def test_json_has_the_shape_that_is_documented(validate, here):
    here.write(MRR, ERROR)
    here.write(ARR, HINT.replace("mrr", "arr").replace("Mrr", "Arr"))

    done = validate("--json")

    assert list(done.json) == ["files", "errors", "warnings", "hints", "diagnostics"]
    assert {key: done.json[key] for key in list(done.json)[:-1]} == {
        "files": 4,
        "errors": 1,
        "warnings": 0,
        "hints": 1,
    }
    assert done.json["diagnostics"][1] == {
        "path": MRR,
        "line": 3,
        "column": 8,
        "code": "AG203",
        "severity": "error",
        "message": "`grain` is 'often'; it must be daily, weekly, monthly, quarterly or yearly",
        "hint": None,
        "end_line": 3,
        "end_column": 13,
    }
    assert validate("--format", "json").out == done.out
    assert validate(ORDERS, "--json").json["diagnostics"] == []


def test_every_format_is_for_its_reader(validate, here):
    here.write(MRR, ERROR)

    assert validate("--format", "github").out.startswith(f"::error file={MRR},title=Agnes AG203,")
    assert json.loads(validate("--format", "gitlab").out)[0]["location"]["path"] == MRR
    assert json.loads(validate("--format", "sarif").out)["version"] == "2.1.0"
    here.write(MRR, metric_yaml("mrr"))
    assert validate("--format", "github").out == ""
    assert json.loads(validate("--format", "gitlab").out) == []
    assert json.loads(validate("--format", "sarif").out)["runs"][0]["results"] == []


def test_colors_are_for_terminals(here):
    here.write(MRR, ERROR)

    shown = on_a_terminal("metrics", "validate", cwd=here.path)
    assert "\x1b[31merror AG203\x1b[0m" in shown
    assert "\x1b[" not in on_a_terminal("metrics", "validate", cwd=here.path, TERM="dumb")
    command = [sys.executable, "-m", "agnes", "metrics", "validate"]
    done = subprocess.run(command, cwd=here.path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr == ""


# --fix


def test_fix_mends_and_then_checks(validate, here):
    validate("--fix")
    file = here.write(MRR, UNTIDY)
    file.chmod(0o640)
    other = (here.path / ARR).stat()

    done = validate("--fix")

    assert (done.code, done.err) == (0, f"note: mended {MRR}\n")
    assert file.read_text() == TIDY
    assert file.stat().st_mode & 0o777 == 0o640
    assert (here.path / ARR).stat() == other
    assert validate("--fix").err == ""
    assert sorted(path.name for path in file.parent.iterdir()) == ["arr.yml", "mrr.yml"]


@pytest.mark.parametrize("path", [MRR, "metrics/revenue/../revenue/mrr.yml"])
def test_fix_touches_nothing_but_the_paths(validate, here, path):
    here.write(MRR, UNTIDY)
    other = here.write("metrics/revenue/other.yml", UNTIDY.replace("mrr", "other"))

    done = validate(path, "--fix")

    assert done.err == f"note: mended {MRR}\n"
    assert other.read_text() == UNTIDY.replace("mrr", "other")


def test_fix_leaves_links_and_what_is_no_yaml_alone(validate, here):
    target = here.write("elsewhere.yml", UNTIDY)
    (here.path / "metrics" / "revenue" / "link.yml").symlink_to(target)
    here.write(MRR, UNTIDY + "  bad: [")
    here.write("metrics/README.yml", UNTIDY)

    validate("--fix")

    assert target.read_text() == UNTIDY
    assert (here.path / MRR).read_text() == UNTIDY + "  bad: ["
    assert (here.path / "metrics" / "README.yml").read_text() == UNTIDY


def test_fix_of_one_file_outside_of_a_catalog_leaves_its_neighbours(
    validate, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("mrr", "arr"):
        (tmp_path / f"{name}.yml").write_text(UNTIDY)
    (tmp_path / "revenue").mkdir()
    (tmp_path / "revenue" / "mrr.yml").write_text(UNTIDY)

    assert validate("revenue/mrr.yml", "--fix").err == "note: mended revenue/mrr.yml\n"
    assert (tmp_path / "revenue" / "mrr.yml").read_text() == TIDY
    assert (tmp_path / "mrr.yml").read_text() == UNTIDY


def test_a_file_that_cannot_be_mended_for_lack_of_space_stays_as_it_is(validate, here):
    validate("--fix")
    file = here.write(MRR, UNTIDY)

    done = subprocess.run(
        [sys.executable, "-m", "agnes", "metrics", "validate", "--fix"],
        cwd=here.path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )

    assert done.returncode == 1
    assert done.stderr == f"error: cannot write {file}: File too large\n"
    assert file.read_text() == UNTIDY
    assert sorted(path.name for path in file.parent.iterdir()) == ["arr.yml", "mrr.yml"]


# Wrong usage


@pytest.mark.parametrize(
    "options",
    [
        ["--staged", "--rev", "HEAD"],
        ["--staged", "--fix"],
        ["--rev", "HEAD", "--fix"],
        ["--level", "deep"],
        ["--format", "xml"],
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(validate, here, options):
    before = (here.path / MRR).stat()

    done = validate(*options)

    assert done.code == 2
    assert options[0] in done.err
    assert (here.path / MRR).stat() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope.yml"], 1, "Path not found: nope.yml"),
        (["--data", "nope"], 1, "nope is no folder"),
        (["--data", MRR], 1, f"{MRR} is no folder"),
        (["--rev", "nope"], 1, "no commit is called 'nope'"),
        (["--catalog", "nope"], 1, "nope is no folder"),
        (["--catalog", "metrics", ORDERS], 2, f"{ORDERS} is not in the catalog metrics"),
    ],
)
def test_what_is_not_there_is_named(validate, here, arguments, code, message):
    done = validate(*arguments)

    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_without_a_catalog_the_remedy_is_told(validate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    for options, remedy in (
        ([], "--catalog PATH"),
        (["--staged"], "git init"),
        (["--rev", "main", "--catalog", tmp_path], "git init"),
    ):
        done = validate(*options)
        assert (done.code, done.out) == (1, "")
        assert "help: " in done.err
        assert remedy in done.err


# Odd surroundings


def test_git_is_not_needed(validate, here, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(here.path), str(folder)], check=True)
    subprocess.run(["rm", "-rf", str(folder / ".git")], check=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", "")
    before = sorted(path.name for path in folder.rglob("*"))

    assert validate().code == 0
    (folder / MRR).write_text(ERROR)
    assert validate("--format", "github").code == 1
    assert sorted(path.name for path in folder.rglob("*")) == before


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_a_repository_of_somebody_else_can_be_checked_and_not_mended(here):
    here.write(MRR, UNTIDY)
    here.write(ARR, TIDY.replace("mrr", "arr"))
    # The folder of the tests is closed to others.
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        root = Path(temporary, "catalog")
        shutil.copytree(here.path, root)
        run = partial(_as_nobody, root)

        assert run().returncode == 1
        assert run().stderr == ""
        assert "AG202" in run().stdout
        done = run("--fix")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"error: cannot write {root / MRR}: Permission denied\n"
        (root / ARR).chmod(0)
        assert run().stderr == f"error: cannot read {ARR}: Permission denied\n"


def _as_nobody(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import os, sys, email.parser, encodings.utf_8_sig\n"
        "import agnes.cli.main, agnes.cli.validate, agnes.lint.check, agnes.lint.mend\n"
        "import agnes.lint.binding, agnes.lint.examine, agnes.lint.locate, agnes.yaml.edit\n"
        "from agnes.lint.results import rules_version\n"
        "rules_version()  # what another user may not read is imported\n"
        "os.setuid(65534)\n"
        "sys.argv[1:1] = ['metrics', 'validate', '--level', 'references']\n"
        "agnes.cli.main.main()\n"
    )

    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["-fix", "my metrics", "it's", 'quo"te', "ž 🎉", "a:b,c%d", "*"])
def test_folders_may_have_odd_names(validate, here, name, tmp_path, monkeypatch):
    folder = tmp_path / name
    subprocess.run(["cp", "-r", str(here.path), str(folder)], check=True)
    (folder / MRR).write_text(ERROR)
    monkeypatch.chdir(tmp_path)

    done = validate("--", f"{name}/{MRR}")

    assert done.code == 1
    assert done.out.startswith(f"{name}/{MRR}:3:8: error AG203")
    assert validate("--fix", "--", f"./{name}").code == 1
    for output in ("github", "gitlab", "sarif"):
        assert validate("--format", output, "--", name).code == 1


@pytest.mark.parametrize("name", ["-x.yml", "a b.yml", "it's.yml", 'q"q.yml', "ž.yml", "a\nb.yml"])
def test_files_of_odd_names_are_told_as_what_they_are(validate, here, name):
    here.write(f"metrics/revenue/{name}", metric_yaml("x"))

    done = validate(f"metrics/revenue/{name}")

    shown = name.replace("\n", "\\n")
    assert done.out.startswith(f"metrics/revenue/{shown}: error AG207 a metric's file name is")
    assert done.code == 1


def test_a_file_named_twice_by_case_is_told(validate, here):
    if (here.path / "TABLES").exists():
        pytest.skip("names do not differ in case here")
    here.write("tables/Orders.yml", "id: Orders\n")

    assert "AG206 Orders is already defined by tables/Orders.yml" not in validate().out
    assert "AG206" in validate().out


def test_the_results_of_a_run_are_found_by_the_next(validate, here):
    validate()
    kept = list(Path(here.path, ".git", "agnes", "lint").glob("*.sqlite"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    validate()
    assert kept[0].stat().st_mtime_ns == before
    assert here.git("status", "--porcelain") == ""


# Certificates


def test_active_metrics_without_a_valid_certificate_fail_when_one_is_required(validate, here):
    assert validate().code == 0
    done = validate("--require-certified")
    assert done.code == 1
    assert done.out.count("error AG704 the metric is not certified") == 2

    here.write(MRR, metric_yaml("mrr") + "status: draft\n")
    (here.path / "metrics/revenue/arr.yml").unlink()
    assert validate("--require-certified").code == 0


@pytest.mark.parametrize("output", ["text", "json", "github", "gitlab", "sarif"])
def test_every_format_tells_what_is_not_certified(validate, here, output):
    done = validate("--require-certified", "--format", output)

    assert done.code == 1
    assert "AG704" in done.out


def test_what_is_required_cannot_be_softened_by_the_settings(validate, here):
    here.write("agnes.yml", 'lint: {severities: {AG704: "off"}}\n')

    assert validate("--require-certified").code == 1


def test_certificates_can_be_required_by_the_settings(validate, here):
    here.write("agnes.yml", "lint: {severities: {AG704: error}}\n")

    assert validate().code == 1


def test_certificates_are_not_required_of_files_that_are_only_parsed(validate, here):
    assert validate("--require-certified", "--level", "schema").code == 2
