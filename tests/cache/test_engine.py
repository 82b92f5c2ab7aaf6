from pathlib import Path

import duckdb
import pytest

from agnes.cache.engine import attached, warm


def test_what_is_written_is_in_the_file_alone_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "it's.duckdb"
    with attached(path) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 42 AS number")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    with duckdb.connect(str(path)) as alone:  # nobody else has it open, or this would be refused
        assert alone.execute("SELECT number FROM numbers").fetchone() == (42,)


def test_a_file_that_is_only_read_cannot_be_written(tmp_path: Path) -> None:
    with attached(tmp_path / "a.duckdb") as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 42 AS number")
    with (
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
        attached(tmp_path / "a.duckdb", read_only=True) as connection,
    ):
        connection.execute("DELETE FROM numbers")


def test_two_files_do_not_see_each_other(tmp_path: Path) -> None:
    with attached(tmp_path / "a.duckdb") as first, attached(tmp_path / "b.duckdb") as second:
        first.execute("CREATE TABLE mine AS SELECT 1 AS number")
        with pytest.raises(duckdb.CatalogException):
            second.execute("SELECT * FROM mine")


@pytest.mark.parametrize("content", [b"", b"no database", b"x" * 8192])
def test_after_a_file_that_is_none_the_next_one_opens(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(content)
    with pytest.raises(duckdb.Error), attached(broken, read_only=True):
        pass
    warm()
    with attached(tmp_path / "whole.duckdb") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_what_a_failed_block_began_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with attached(path) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER)")
    with pytest.raises(duckdb.BinderException), attached(path) as connection:
        connection.execute("BEGIN; INSERT INTO numbers VALUES (1); SELECT not_there")
    with attached(path, read_only=True) as connection:
        assert connection.execute("SELECT * FROM numbers").fetchall() == []
