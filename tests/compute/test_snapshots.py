"""Snapshots of data."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from agnes.compute import snapshots
from agnes.compute.snapshots import DataSnapshots
from agnes.errors import AgnesError, ConflictError, NotFoundError, UsageError

NOON = datetime(2026, 11, 28, 6, 15, 40, tzinfo=UTC)


@pytest.fixture
def parquet(tmp_path) -> Path:
    folder = tmp_path / "data" / "parquet"
    folder.mkdir(parents=True)
    (folder / "orders.parquet").write_bytes(b"first")
    (folder / "in.c-crm.company.parquet").write_bytes(b"companies")
    return folder


@pytest.fixture
def kept(parquet) -> DataSnapshots:
    return DataSnapshots(parquet)


def sync(parquet: Path, content: bytes, table: str = "orders") -> None:
    """Put a new file in a table's place, as a sync does."""
    part = parquet / ".part"
    part.write_bytes(content)
    part.replace(parquet / f"{table}.parquet")


def content(kept: DataSnapshots, name: str, table: str = "orders") -> bytes:
    return kept.get(name).data().tables[table][0].read_bytes()


def test_it_is_beside_the_data_and_called_after_the_time(kept, parquet, tmp_path):
    taken = kept.take(now=NOON)
    assert taken.snapshot.folder == tmp_path / "data/snapshots/2026-11-28T0615"
    assert taken.is_new
    assert taken.copied == ()
    assert taken.snapshot.hashes["orders"] == sha256(b"first").hexdigest()
    assert sorted(taken.snapshot.tables) == ["in.c-crm.company", "orders"]


def test_it_has_no_copies_and_keeps_what_a_sync_replaces(kept, parquet):
    kept.take("before")
    file = kept.get("before").folder / "orders.parquet"
    assert file.samefile(parquet / "orders.parquet")
    sync(parquet, b"second")
    assert content(kept, "before") == b"first"


def test_what_is_written_into_a_file_is_noticed_when_it_is_used(kept, parquet):
    kept.take("before")
    with (parquet / "orders.parquet").open("r+b") as file:
        file.write(b"FIRST")
    with pytest.raises(AgnesError, match=r"before is damaged: orders\.parquet .* written to"):
        kept.get("before").data()


def test_a_file_that_is_gone_is_noticed_too(kept):
    taken = kept.take("before")
    (taken.snapshot.folder / "orders.parquet").unlink()
    with pytest.raises(AgnesError, match=r"before is damaged: .* No such file"):
        taken.snapshot.data()


def test_without_a_name_nothing_new_is_no_snapshot(kept, parquet):
    first = kept.take(now=NOON)
    again = kept.take(now=NOON + timedelta(hours=1))
    assert (again.is_new, again.snapshot) == (False, first.snapshot)
    assert kept.take("named", now=NOON + timedelta(hours=2)).is_new
    sync(parquet, b"second")
    assert kept.take(now=NOON + timedelta(hours=3)).is_new
    assert [it.name for it in kept.all()] == ["2026-11-28T0615", "named", "2026-11-28T0915"]


def test_two_in_one_minute_have_two_names(kept, parquet):
    kept.take(now=NOON)
    sync(parquet, b"second")
    assert kept.take(now=NOON + timedelta(seconds=1)).snapshot.name == "2026-11-28T0615-2"


def test_a_name_is_given_once(kept):
    kept.take("before")
    with pytest.raises(ConflictError, match="before already"):
        kept.take("before")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a:b", "-x", ".hidden", "x" * 65])
def test_a_name_is_no_path_and_has_no_colon(kept, name):
    with pytest.raises(UsageError):
        kept.take(name)
    assert not kept.has(name)
    with pytest.raises(NotFoundError):
        kept.remove(name)


def test_an_unknown_name_is_answered_with_those_near_it(kept):
    kept.take("before")
    with pytest.raises(NotFoundError, match="'befor'") as caught:
        kept.get("befor")
    assert caught.value.hint == "there is: before"


def test_where_files_cannot_be_linked_they_are_copied_and_that_is_said(kept, parquet, monkeypatch):
    def refuse(*_names: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    taken = kept.take("before")
    assert taken.copied == ("in.c-crm.company", "orders")
    with (parquet / "orders.parquet").open("r+b") as file:
        file.write(b"FIRST")
    assert content(kept, "before") == b"first"


def test_a_link_in_the_data_is_followed(kept, parquet, tmp_path):
    elsewhere = tmp_path / "elsewhere.parquet"
    elsewhere.write_bytes(b"there")
    (parquet / "users.parquet").symlink_to(elsewhere)
    folder = kept.take("before").snapshot.folder
    assert not (folder / "users.parquet").is_symlink()
    assert content(kept, "before", "users") == b"there"


def test_removing_one_leaves_the_data_and_the_others(kept, parquet):
    kept.take("one")
    kept.take("two")
    kept.remove("one")
    assert [it.name for it in kept.all()] == ["two"]
    assert content(kept, "two") == (parquet / "orders.parquet").read_bytes() == b"first"


def test_one_that_fails_leaves_nothing(kept, monkeypatch):
    def fail(_file: Path) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "hash_of", fail)
    with pytest.raises(AgnesError, match="No space left on device"):
        kept.take("before")
    assert [it.name for it in kept.path.iterdir()] == [".gitignore"]


@pytest.mark.parametrize(
    "manifest",
    [
        *("", "[]", '{"created": "2026-01-01T00:00:00Z"}', '{"created": 1, "tables": {}}'),
        json.dumps({"created": "2026-01-01", "tables": {"../x": {"hash": "", "size_bytes": 0}}}),
    ],
)
def test_a_damaged_manifest_is_said_and_hides_no_other(kept, manifest):
    kept.take("good")
    kept.take("bad").snapshot.folder.joinpath("manifest.json").write_text(manifest)
    assert [it.name for it in kept.all()] == ["good"]
    assert kept.damaged() == ["bad"]
    with pytest.raises(AgnesError, match="bad is damaged"):
        kept.get("bad")
    kept.remove("bad")
    assert kept.damaged() == []


def test_without_data_there_is_nothing_to_keep(tmp_path):
    with pytest.raises(NotFoundError, match="no data"):
        DataSnapshots(tmp_path).take()
    assert list(tmp_path.iterdir()) == []
