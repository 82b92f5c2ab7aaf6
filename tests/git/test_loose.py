from __future__ import annotations

import hashlib
import zlib

import pytest

from agnes.git import loose
from agnes.git.loose import DamagedError, LooseObjects

WHOLE = b"blob 5\0hello"
OID = hashlib.sha1(WHOLE).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / OID[:2] / OID[2:]
    path.parent.mkdir()
    path.write_bytes(zlib.compress(WHOLE))
    return path


def test_an_object_is_read_as_git_wrote_it(repository):
    repository.write("agnes.yml", "name: Loose\n")
    commit = repository.commit()
    objects = repository.path / ".git" / "objects"

    kind, data = LooseObjects([objects]).read(commit)

    assert kind == "commit"
    assert data.decode() == repository.git("cat-file", "commit", commit) + "\n"


def test_an_object_that_is_in_no_file_is_left_to_others(tmp_path, file):
    assert LooseObjects([tmp_path]).read("0" * 40) is None
    assert LooseObjects([]).read(OID) is None
    assert LooseObjects([tmp_path / "nowhere", tmp_path]).read(OID) == ("blob", b"hello")


def test_an_object_that_is_packed_meanwhile_is_left_to_others(tmp_path, file):
    objects = LooseObjects([tmp_path])
    objects.read(OID)
    file.unlink()

    assert objects.read(OID) is None


@pytest.mark.parametrize("kept", range(len(zlib.compress(WHOLE))))
def test_a_file_that_is_cut_off_anywhere_is_damaged(tmp_path, file, kept):
    file.write_bytes(file.read_bytes()[:kept])

    with pytest.raises(DamagedError):
        LooseObjects([tmp_path]).read(OID)


@pytest.mark.parametrize("content", [b"", b"blob 5\0hullo", b"blob 5", b"tree 5\0hello"])
def test_what_is_not_what_its_name_says_is_damaged(tmp_path, file, content):
    file.write_bytes(zlib.compress(content))

    with pytest.raises(DamagedError):
        LooseObjects([tmp_path]).read(OID)


def test_more_than_anybody_reads_is_not_unpacked(tmp_path, file, monkeypatch):
    monkeypatch.setattr(loose, "MAX_BYTES", 8)

    with pytest.raises(DamagedError):
        LooseObjects([tmp_path]).read(OID)


def test_a_folder_in_its_place_is_damage(tmp_path, file):
    file.unlink()
    file.mkdir()

    with pytest.raises(DamagedError):
        LooseObjects([tmp_path]).read(OID)
