"""Samples come from all over a table's files."""

from __future__ import annotations

import pytest

from agnes.errors import UnavailableError
from agnes.proposals.sampling import Sampler
from tests.queries.conftest import write_parquet


@pytest.fixture(scope="module")
def sampler():
    with Sampler() as sampler:
        yield sampler


@pytest.mark.parametrize("rows", [3, 700, 60_000])
def test_rows_from_all_over_the_table(sampler, tmp_path, rows):
    file = write_parquet(tmp_path / "t.parquet", f"SELECT range AS i FROM range({rows})")

    schema = sampler.schema([file])
    values = sampler.sample([file], schema, ["i"])["i"]

    assert schema.rows == rows
    assert len(values) == len(set(values)) == min(rows, 500)
    assert min(map(int, values)) <= 0.05 * rows
    assert max(map(int, values)) >= 0.95 * rows - 1
    assert values == sampler.sample([file], schema, ["i"])["i"]


def test_rows_from_each_of_several_files(sampler, tmp_path):
    files = [
        write_parquet(tmp_path / f"{at}.parquet", f"SELECT {at} AS i, range r FROM range(40000)")
        for at in range(3)
    ]

    values = sampler.sample(files, sampler.schema(files), ["i"])["i"]

    assert set(values) == {"0", "1", "2"}


def test_more_columns_than_are_read_at_once(sampler, tmp_path):
    columns = ", ".join(f"{at} AS c{at}" for at in range(1_200))
    file = write_parquet(tmp_path / "t.parquet", f"SELECT {columns}")

    values = sampler.sample([file], sampler.schema([file]), [f"c{at}" for at in range(1_200)])

    assert values["c1199"] == ["1199"]


def test_the_share_of_values_that_another_column_has(sampler, tmp_path):
    file = write_parquet(tmp_path / "t.parquet", 'SELECT range AS "a""b" FROM range(10)')

    assert sampler.share_in(["1", "2", "x", "y"], [file], 'a"b') == 0.5
    with pytest.raises(UnavailableError):
        sampler.share_in(["1"], [file], "none")
