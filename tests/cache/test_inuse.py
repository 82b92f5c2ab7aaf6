from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from agnes.cache.inuse import in_use

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of locks is Linux's")


@pytest.fixture
def files(tmp_path):
    made = [tmp_path / name for name in ("a.duckdb", "b.duckdb", "c.duckdb")]
    for path in made:
        duckdb.connect(str(path)).close()
    return made


@linux
def test_a_file_that_this_process_reads_is_in_use(files):
    with duckdb.connect(str(files[1]), read_only=True):
        assert in_use(files) == {files[1]}
    assert in_use(files) == set()


@linux
def test_a_file_that_another_process_reads_is_in_use(files):
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        "print(flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code, files[2]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    reader.stdout.readline()

    assert in_use(files) == {files[2]}
    reader.communicate()
    assert in_use(files) == set()


@linux
def test_asking_lets_no_lock_go(files):
    with duckdb.connect(str(files[0]), read_only=True):
        in_use(files)
        code = f"import duckdb; duckdb.connect({str(files[0])!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert b"lock" in done.stderr


def test_what_is_not_there_is_not_in_use(tmp_path):
    assert in_use([tmp_path / "gone.duckdb"]) == set()
