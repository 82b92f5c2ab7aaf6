"""The key that signs tokens."""

from __future__ import annotations

import re
import stat
import subprocess
import sys

import pytest

from agnes.auth.secret import signing_key
from agnes.errors import UnavailableError, UsageError

MAKE = (
    "import sys, pathlib; from agnes.auth.secret import signing_key;"
    "print(signing_key(None, pathlib.Path(sys.argv[1])))"
)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    folder = tmp_path / "state"
    key = signing_key(None, folder)
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert signing_key(None, folder) == key
    assert [file.name for file in folder.iterdir()] == [".jwt_secret"]
    assert stat.S_IMODE((folder / ".jwt_secret").stat().st_mode) == 0o600


def test_processes_that_make_it_at_once_agree(tmp_path):
    processes = [
        subprocess.Popen([sys.executable, "-c", MAKE, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    assert len({process.communicate(timeout=60)[0] for process in processes}) == 1


def test_a_given_key_is_used_and_no_file_made(tmp_path):
    assert signing_key("k" * 32, tmp_path) == "k" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["", "canary-secret", "k" * 31])
def test_a_short_key_is_refused_and_not_shown(tmp_path, key):
    with pytest.raises(UsageError, match="too short") as refused:
        signing_key(key, tmp_path)
    assert "canary" not in str(refused.value)
    (tmp_path / ".jwt_secret").write_text(key)
    with pytest.raises(UsageError, match="too short"):
        signing_key(None, tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="cannot keep a key"):
        signing_key(None, tmp_path / "file" / "state")
