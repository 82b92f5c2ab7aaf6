"""An instance goes into one file, and comes back in a place where nothing was."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agnes.auth.state import State
from agnes.backup import back_up, restore
from agnes.errors import AgnesError, ConflictError, GitError, InvalidError, UsageError
from agnes.git.refs import locate
from agnes.sync.reading import open_snapshot


@pytest.fixture
def data_dir(tmp_path) -> Path:
    """A data folder as a server leaves it, also with what it is at."""
    folder = tmp_path / "data"
    for name, content in {
        "parquet/orders.parquet": "rows",
        "parquet/manifest.json": "{}",
        "parquet/.incoming-1/orders.parquet": "half",
        "profiles/orders.json": "{}",
        "uploads/1/CLAUDE.local.md": "mine",
        "state/.jwt_secret": "0" * 64,
        "sync.lock": "",
        ".gitignore": "*\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "state" / ".jwt_secret").chmod(0o600)
    return folder


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "backup.tar"


def fill(url: str) -> State:
    state = State.open(url)
    ada = state.users.create("ada@example.com", "Ada Lovelace", "admin", groups=("finance", "hr"))
    state.users.create("grace@example.com", "Gräce", "viewer")
    state.audit.note(None, "login", "ada@example.com", fine=True, at=["a", 1])
    state.users.signed_in(ada.id, "hash")
    return state


def told(state: State) -> list[object]:
    """All that is in a state."""
    return [*state.users.list(), *state.audit.list()[0]]


def test_everything_comes_back(catalog, data_dir, url, file, tmp_path):
    catalog.git("branch", "review/x")
    catalog.git("tag", "v1")
    state = fill(url)
    expected = told(state)
    size = back_up(locate(catalog.path), data_dir, url, file)

    done = restore(file, tmp_path / "new", tmp_path / "elsewhere" / "data")

    assert size == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (done.users, done.files) == (2, 6)
    assert datetime.fromisoformat(done.created_at).tzinfo is UTC
    assert done.catalog == tmp_path / "new"
    for name in ("refs/heads/main", "refs/heads/review/x", "refs/tags/v1"):
        repository = type(catalog)(done.catalog)
        assert repository.git("rev-parse", name) == catalog.git("rev-parse", name)
    assert repository.git("status", "--porcelain") == ""
    with open_snapshot(done.catalog) as snapshot:
        assert snapshot.counts()["metrics"] == 2
    folder = tmp_path / "elsewhere" / "data"
    assert (folder / "parquet" / "orders.parquet").read_text() == "rows"
    assert stat.S_IMODE((folder / "state" / ".jwt_secret").stat().st_mode) == 0o600
    assert not (folder / "parquet" / ".incoming-1").exists()
    assert not (folder / "sync.lock").exists()
    again = State.open(f"sqlite:///{folder / 'state' / 'agnes.sqlite'}")
    assert told(again) == expected
    for opened in (state, again):
        opened.close()


def test_a_state_goes_into_a_database_of_the_other_kind_and_counts_on(
    catalog, data_dir, url, file, tmp_path
):
    here = f"sqlite:///{tmp_path / 'own' / 'agnes.sqlite'}"
    with_rows = fill(here)
    back_up(locate(catalog.path), data_dir, here, file)

    restore(file, tmp_path / "new", state_url=url)

    restored = State.open(url)
    assert told(restored) == told(with_rows)
    restored.audit.note(None, "login", "after")
    assert len(restored.audit.list()[0]) == len(with_rows.audit.list()[0]) + 1
    for opened in (with_rows, restored):
        opened.close()


def test_a_catalog_in_a_part_of_a_bare_repository_comes_back(catalog, data_dir, file, tmp_path):
    catalog.git("clone", "--quiet", "--bare", catalog.path, str(tmp_path / "bare.git"))
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    back_up(locate(tmp_path / "bare.git"), data_dir, url, file)

    done = restore(file, tmp_path / "new.git")

    with open_snapshot(done.catalog) as snapshot:
        assert snapshot.counts()["metrics"] == 2
    assert (tmp_path / "new.git" / "agnes" / "data" / "parquet" / "orders.parquet").exists()


def test_the_remote_comes_back_without_its_password(catalog, data_dir, file, tmp_path):
    catalog.git("remote", "add", "origin", "https://ada:canary@git.example.com/metrics.git")
    back_up(locate(catalog.path), data_dir, f"sqlite:///{tmp_path / 'a.sqlite'}", file)

    done = restore(file, tmp_path / "new")

    restored = type(catalog)(done.catalog)
    assert restored.git("remote", "get-url", "origin") == "https://git.example.com/metrics.git"
    assert b"canary" not in file.read_bytes()


@pytest.fixture
def made(catalog, data_dir, file, tmp_path) -> Path:
    back_up(locate(catalog.path), data_dir, f"sqlite:///{tmp_path / 'a.sqlite'}", file)
    return file


def test_a_file_that_is_there_is_not_written_over(catalog, data_dir, made, tmp_path):
    with pytest.raises(ConflictError, match="is there already"):
        back_up(locate(catalog.path), data_dir, f"sqlite:///{tmp_path / 'a.sqlite'}", made)


def test_a_place_that_is_taken_is_left_alone(catalog, made, data_dir, tmp_path):
    for places in [(catalog.path, tmp_path / "new"), (tmp_path / "new", data_dir)]:
        with pytest.raises(ConflictError, match="is not empty"):
            restore(made, *places)
    assert not (tmp_path / "new").exists()


def test_a_database_with_users_is_left_alone(made, url, tmp_path):
    state = fill(url)
    before = told(state)

    with pytest.raises(ConflictError, match="has users already"):
        restore(made, tmp_path / "new", state_url=url)

    assert told(state) == before
    state.close()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.8])
def test_half_a_file_is_refused(made, tmp_path, part):
    content = made.read_bytes()
    made.write_bytes(content[: int(len(content) * part)])

    with pytest.raises(InvalidError, match="no whole backup"):
        restore(made, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_damaged_file_is_refused(made, tmp_path):
    content = made.read_bytes()
    assert content.count(b"mine") == 1
    made.write_bytes(content.replace(b"mine", b"MINE"))

    with pytest.raises(InvalidError, match=r"damaged: data/uploads/1/CLAUDE\.local\.md"):
        restore(made, tmp_path / "new")


def change(made: Path, name: str, content: bytes) -> None:
    """Add a file, or put another one in its place."""
    with tarfile.open(made, "a") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "data/evil"])
def test_a_file_that_does_not_belong_there_is_refused(made, tmp_path, name):
    change(made, name, b"evil")

    with pytest.raises(InvalidError):
        restore(made, tmp_path / "new")
    assert not list(tmp_path.rglob("evil"))


def test_a_newer_format_is_refused(made, tmp_path):
    change(made, "manifest.json", json.dumps({"format": 2, "files": {}}).encode())

    with pytest.raises(InvalidError, match="format 2"):
        restore(made, tmp_path / "new")


def test_what_is_no_backup_is_refused(tmp_path):
    (tmp_path / "text").write_text("no")

    with pytest.raises(InvalidError, match="no whole backup"):
        restore(tmp_path / "text", tmp_path / "new")
    with pytest.raises(UsageError, match="there is no"):
        restore(tmp_path / "none", tmp_path / "new")


def test_a_shallow_clone_is_refused(catalog, data_dir, file, tmp_path):
    catalog.commit("Second")
    source = f"file://{catalog.path}"
    catalog.git("clone", "--quiet", "--depth", "1", source, str(tmp_path / "shallow"))

    with pytest.raises(GitError, match="shallow"):
        back_up(locate(tmp_path / "shallow"), data_dir, f"sqlite:///{tmp_path / 'a'}", file)
    assert not file.exists()
    assert not list(data_dir.glob(".backup-*"))


def test_a_state_that_does_not_answer_is_an_error_and_leaves_nothing(
    catalog, data_dir, file, tmp_path
):
    with pytest.raises(AgnesError, match="does not answer"):
        back_up(locate(catalog.path), data_dir, "postgresql://127.0.0.1:1/none", file)
    assert not file.exists()
    assert not list(data_dir.glob(".backup-*"))
