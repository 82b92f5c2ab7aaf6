"""Where the data is that something is computed on."""

from __future__ import annotations

import pytest

from agnes.compute.folder import parquet_folder, tables_of
from agnes.errors import NotFoundError


@pytest.mark.parametrize("below", [".", "data/parquet", "data", "parquet"])
def test_the_files_are_in_a_folder_or_where_they_are_kept_below_it(tmp_path, below):
    folder = tmp_path / below
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.parquet").write_bytes(b"")
    assert parquet_folder([tmp_path / "elsewhere", tmp_path]) == folder
    assert tables_of(folder) == {"orders": [folder / "orders.parquet"]}


def test_what_is_no_table_is_left_out(tmp_path):
    for name in ("-rf.parquet", ".parquet", "a b.parquet", "orders.csv"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.parquet").mkdir()
    assert tables_of(tmp_path) == {}


def test_it_is_said_where_no_data_were_found(tmp_path):
    with pytest.raises(NotFoundError, match=f"no data: .* in {tmp_path}"):
        parquet_folder([tmp_path])
