"""What is kept of earlier runs, whatever happens to the file it is kept in."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time

import pytest

from agnes.lint import results as module
from agnes.lint.results import Results, rules_version


def keep(folder, **found) -> Results:
    results = Results(folder)
    results.see(found)
    results.put(found)
    results.save()
    return results


def rows(folder) -> int:
    with sqlite3.connect(Results(folder).path) as database:
        return int(database.execute("SELECT count(*) FROM results").fetchone()[0])


def test_what_is_kept_is_found_by_the_next_run(tmp_path):
    keep(tmp_path / "a" / "b", one={"ž": [1, None]}, none=None)

    results = Results(tmp_path / "a" / "b")

    assert results.get("one") == {"ž": [1, None]}
    assert "none" in results
    assert results.get("none") is None
    assert "two" not in results
    assert results.get("two") is None


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert keep(None, one=1).get("one") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_finds_nothing_new_writes_nothing(tmp_path):
    results = keep(tmp_path, one=1)
    before = results.path.stat().st_mtime_ns

    again = Results(tmp_path)
    again.see(["one"])
    again.save()

    assert results.path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_file_is_replaced(tmp_path, content):
    path = keep(tmp_path, one=1).path
    path.write_bytes(content)

    assert Results(tmp_path).get("one") is None
    keep(tmp_path, two=2)
    assert Results(tmp_path).get("two") == 2


def test_a_file_that_is_cut_off_is_replaced(tmp_path):
    path = keep(tmp_path, **{f"key{number}": "x" * 500 for number in range(100)}).path
    os.truncate(path, path.stat().st_size // 2)

    assert Results(tmp_path).found.keys() <= {f"key{number}" for number in range(100)}
    keep(tmp_path, two=2)
    keep(tmp_path, two=2)
    assert Results(tmp_path).get("two") == 2


def test_a_value_that_is_no_json_is_as_if_it_were_not_there(tmp_path):
    path = keep(tmp_path, one=1, two=2).path
    with sqlite3.connect(path) as database:
        database.execute("UPDATE results SET value = '{' WHERE key = 'one'")

    results = Results(tmp_path)

    assert (results.get("one"), results.get("two")) == (None, 2)


def test_a_folder_in_the_place_of_the_file_does_not_matter(tmp_path):
    Results(tmp_path).path.mkdir()

    assert keep(tmp_path, one=1).get("one") == 1


def test_a_file_in_the_place_of_the_folder_does_not_matter(tmp_path):
    (tmp_path / "lint").write_text("")

    assert keep(tmp_path / "lint", one=1).get("one") == 1


def test_a_file_that_disappears_is_written_anew(tmp_path):
    results = keep(tmp_path, one=1)
    results.path.unlink()
    results.put({"two": 2})
    results.save()

    assert Results(tmp_path).get("two") == 2


def test_a_file_that_another_run_writes_to_is_neither_waited_for_nor_lost(tmp_path):
    path = keep(tmp_path, one=1).path
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    start = time.monotonic()
    results = keep(tmp_path, two=2)
    assert time.monotonic() - start < 5
    assert results.get("two") == 2

    other.execute("INSERT INTO results VALUES ('three', '3')")
    other.execute("COMMIT")
    other.close()
    again = Results(tmp_path)
    assert (again.get("one"), again.get("three")) == (1, 3)


def test_a_full_disk_does_not_matter(tmp_path):
    program = (
        "import resource, sys, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "from agnes.lint.results import Results\n"
        "results = Results(pathlib.Path(sys.argv[1]))\n"
        "results.put({'one': 1})\n"
        "results.save()\n"
        "print(results.get('one'))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_a_folder_of_somebody_else_does_not_matter(tmp_path):
    path = keep(tmp_path / "lint", one=1).path
    path.write_bytes(b"damaged" * 100)
    path.parent.chmod(0o555)
    program = (
        "import os, sys, pathlib\n"
        "from agnes.lint.results import Results, rules_version\n"
        "rules_version()  # imports what another user may not read\n"
        "os.setuid(65534)\n"
        "for folder in map(pathlib.Path, sys.argv[1:]):\n"
        "    results = Results(folder)\n"
        "    results.put({'one': 1})\n"
        "    results.save()\n"
        "    print(results.get('one'))\n"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folders = [str(path.parent), str(closed / "lint")]

    done = subprocess.run(
        [sys.executable, "-c", program, *folders], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n1\n", "")


def test_growth_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SPARE", 10)
    for run in range(10):
        keep(tmp_path, **{f"{run} {number}": None for number in range(10)})
        assert rows(tmp_path) <= 10 + 10 + 10 + 10

    assert Results(tmp_path).found.keys() >= {f"9 {number}" for number in range(10)}


def test_other_versions_of_the_rules_have_files_of_their_own_and_not_too_many(tmp_path):
    for number in range(6):
        other = tmp_path / f"{number}.sqlite"
        other.write_text("")
        os.utime(other, (number, number))
    (tmp_path / "notes.txt").write_text("")

    path = keep(tmp_path, one=1).path

    names = {"4.sqlite", "5.sqlite", path.name, "notes.txt"}
    assert {file.name for file in tmp_path.iterdir()} == names


def test_the_version_changes_with_the_code_that_decides(tmp_path):
    package = module.Path(module.agnes.__file__).parent
    program = "from agnes.lint.results import rules_version; print(rules_version())"

    def version() -> str:
        done = [sys.executable, "-c", program]
        return subprocess.run(done, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    subprocess.run(["cp", "-r", "--preserve", str(package), str(tmp_path / "agnes")], check=True)
    first = version()
    assert version() == first
    rule = tmp_path / "agnes" / "lint" / "rules" / "sql.py"
    rule.write_text(rule.read_text() + "\n")
    assert version() != first
    assert rules_version() == rules_version()


def test_concurrent_runs_keep_what_each_found(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from agnes.lint.results import Results\n"
        "for number in range(20):\n"
        "    results = Results(pathlib.Path(sys.argv[1]))\n"
        "    results.put({f'{sys.argv[2]} {number}': number})\n"
        "    results.save()\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"
    ]

    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert rows(tmp_path) == 60
