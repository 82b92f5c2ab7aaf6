"""`da merge-driver`."""

from __future__ import annotations

import pytest

BASE = "name: mrr\nunit: USD\ntype: sum\n"


@pytest.fixture
def files(tmp_path):
    """Write three versions; return their paths."""

    def write(*versions: str):
        paths = [tmp_path / name for name in ("base", "ours", "theirs")]
        for path, version in zip(paths, versions, strict=True):
            path.write_text(version)
        return paths

    return write


def test_ours_is_overwritten_without_a_word(da, files):
    paths = files(BASE, BASE.replace("USD", "EUR"), BASE.replace("sum", "max"))

    done = da("merge-driver", *paths, "metrics/revenue/mrr.yml")

    assert (done.code, done.out, done.err) == (0, "", "")
    assert paths[1].read_text() == "name: mrr\nunit: EUR\ntype: max\n"


def test_a_conflict_is_named_and_exits_with_1(da, files):
    paths = files(BASE, BASE.replace("USD", "EUR"), BASE.replace("USD", "CZK"))

    done = da("merge-driver", "--marker-size", 8, *paths, "metrics/revenue/mrr.yml")

    assert (done.code, done.out) == (1, "")
    assert done.err == "note: metrics/revenue/mrr.yml has a conflict in unit\n"
    assert "<<<<<<<< ours\nunit: EUR\n" in paths[1].read_text()


def test_a_merge_by_lines_says_why(da, files):
    paths = files(BASE, BASE + "unit: EUR\n", f"# new\n{BASE}")

    done = da("merge-driver", *paths)

    assert done.code == 0
    assert "was merged by lines: the key 'unit' is there twice" in done.err
    assert paths[1].read_text() == f"# new\n{BASE}unit: EUR\n"


def test_a_file_that_is_not_there_is_an_expected_error(da, files, tmp_path):
    paths = files(BASE, BASE, BASE)
    paths[0].unlink()

    done = da("merge-driver", *paths)

    assert done.code == 1
    assert "cannot merge" in done.err
    assert paths[1].read_text() == BASE
