from __future__ import annotations

import os

import pytest

from agnes.errors import NotFoundError
from agnes.git.entry import Entry
from agnes.load.folder import Folder


@pytest.fixture
def write(tmp_path):
    def write(*paths: str) -> Folder:
        for path in paths:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.fsencode(f"content of {path}"))
        return Folder(tmp_path)

    return write


def paths(folder: Folder) -> list[str]:
    return [entry.path for entry in folder.entries()]


def test_a_catalogs_files_are_found_under_their_paths(write):
    folder = write(
        *("agnes.yml", "metrics/metrics.yml", "metrics/revenue/mrr.yml", "tables/orders.yml"),
        *("README.md", "docs/x.yml", "proposals/p.yml"),
    )

    assert not folder.bare_metrics
    assert paths(folder) == [
        *("agnes.yml", "metrics/metrics.yml", "metrics/revenue/mrr.yml"),
        "tables/orders.yml",
    ]


def test_a_plain_folder_is_what_metrics_is_in_a_catalog(write):
    folder = write("revenue/mrr.yml", "metrics.yml")

    assert folder.bare_metrics
    assert sorted(paths(folder)) == ["metrics/metrics.yml", "metrics/revenue/mrr.yml"]


@pytest.mark.parametrize("name", ["agnes.yml", "metrics/a/b.yml", "tables/orders.yml"])
def test_one_of_a_catalogs_parts_makes_a_folder_a_catalog(write, name):
    assert not write(name, "revenue/mrr.yml").bare_metrics


@pytest.mark.parametrize("prefix", ["", "metrics/"])
def test_content_and_size_are_those_on_disk(write, prefix):
    folder = write(f"{prefix}revenue/mrr.yml")
    [entry] = folder.entries()

    assert folder.read(entry) == f"content of {prefix}revenue/mrr.yml".encode()
    assert folder.size(entry) == len(folder.read(entry))
    assert folder.path(entry.path) == folder.root / f"{prefix}revenue/mrr.yml"


def test_hidden_files_and_folders_are_passed_over(write):
    folder = write("metrics/.git/x.yml", "metrics/a/.b.yml", "metrics/a/b.yml", "tables/.x/y.yml")

    assert paths(folder) == ["metrics/a/b.yml"]


def test_an_empty_folder_has_no_files(tmp_path):
    assert Folder(tmp_path).entries() == []


@pytest.mark.parametrize("name", ["missing", "file.yml"])
def test_what_is_no_folder_is_an_error(tmp_path, name):
    (tmp_path / "file.yml").write_text("x")

    with pytest.raises(NotFoundError, match=name):
        Folder(tmp_path / name)


@pytest.mark.parametrize("target", ["real.yml", "/etc/passwd", "missing", "."])
def test_a_link_is_not_followed(write, target):
    folder = write("metrics/revenue/mrr.yml", "metrics/revenue/real.yml")
    (folder.root / "metrics/revenue/link.yml").symlink_to(target)

    assert Entry("metrics/revenue/link.yml", "", "symlink") in folder.entries()
    assert len(folder.entries()) == 3


def test_a_link_to_a_folder_is_not_followed(write):
    folder = write("metrics/revenue/mrr.yml", "elsewhere/arr.yml")
    (folder.root / "metrics/sales").symlink_to(folder.root / "elsewhere")

    assert {(entry.path, entry.kind) for entry in folder.entries()} == {
        ("metrics/revenue/mrr.yml", "file"),
        ("metrics/sales", "symlink"),
    }


@pytest.mark.parametrize("name", ["metrics", "tables"])
def test_a_catalogs_folder_that_is_a_link_is_not_followed(write, name):
    folder = write("agnes.yml", "elsewhere/revenue/mrr.yml")
    (folder.root / name).symlink_to(folder.root / "elsewhere")

    assert [(entry.path, entry.kind) for entry in folder.entries()] == [
        ("agnes.yml", "file"),
        (name, "symlink"),
    ]


def test_settings_that_are_a_link_are_not_followed(write):
    folder = write("metrics/revenue/mrr.yml", "elsewhere.yml")
    (folder.root / "agnes.yml").symlink_to(folder.root / "elsewhere.yml")

    assert Entry("agnes.yml", "", "symlink") in folder.entries()


def test_what_is_neither_file_nor_folder_is_no_file(write):
    # Reading a pipe would wait for its writer forever.
    folder = write("metrics/revenue/mrr.yml")
    os.mkfifo(folder.root / "metrics/revenue/pipe.yml")

    assert [entry.path for entry in folder.entries() if entry.kind == "file"] == [
        "metrics/revenue/mrr.yml"
    ]


def test_a_name_that_is_no_utf8_can_be_read(write):
    folder = write(os.fsdecode(b"metrics/revenue/m\xe9.yml"))

    [entry] = folder.entries()

    assert entry.path == "metrics/revenue/m\udce9.yml"
    assert folder.read(entry)
