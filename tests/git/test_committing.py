from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time

import pytest

from agnes.git import committing as module
from agnes.git.committing import committing
from agnes.git.refs import locate

MAIN = "refs/heads/main"


@pytest.fixture
def location(catalog):
    return locate(catalog.path)


@pytest.fixture
def killed(catalog):
    """A process that was killed while it held git's lock of the branch."""
    code = f"""
        import os, signal
        from pathlib import Path
        from agnes.git.committing import committing
        from agnes.git.refs import locate
        with committing(locate(Path({str(catalog.path)!r})), {MAIN!r}):
            git = Path({str(catalog.path)!r}) / ".git"
            (git / "refs/heads/main.lock").write_text("")
            (git / "index.lock").write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode < 0
    return catalog


def test_the_locks_of_one_that_was_killed_are_cleared(killed, location):
    with committing(location, MAIN):
        assert list((killed.path / ".git").rglob("*main.lock")) == []
        assert not (killed.path / ".git" / "index.lock").exists()

    killed.write("README.md", "x")
    killed.commit()


def test_a_lock_that_was_there_before_is_not_touched(catalog, location):
    lock = catalog.path / ".git" / "refs" / "heads" / "main.lock"
    lock.write_text("somebody's")
    (catalog.path / ".git" / "agnes").mkdir(exist_ok=True)
    time.sleep(0.01)
    (catalog.path / ".git" / "agnes" / "committing").write_text(MAIN)

    with committing(location, MAIN):
        assert lock.read_text() == "somebody's"


def test_a_lock_that_changes_while_it_is_watched_is_alive(killed, location):
    lock = killed.path / ".git" / "refs" / "heads" / "main.lock"
    timer = threading.Timer(module.STALE_SECONDS / 2, lock.write_text, ["alive"])
    timer.start()

    with committing(location, MAIN):
        assert lock.read_text() == "alive"
    timer.join()


def test_without_a_kill_nothing_waits_and_nothing_is_left(catalog, location):
    started = time.monotonic()

    for _ in range(3):
        with committing(location, MAIN):
            assert (catalog.path / ".git" / "agnes" / "committing").exists()

    assert time.monotonic() - started < module.STALE_SECONDS
    assert not (catalog.path / ".git" / "agnes" / "committing").exists()


def test_an_exception_is_no_kill(catalog, location):
    with pytest.raises(ValueError, match="x"), committing(location, MAIN):
        raise ValueError("x")

    assert not (catalog.path / ".git" / "agnes" / "committing").exists()


def test_there_is_one_at_a_time(location, monkeypatch):
    from agnes.errors import ConflictError

    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    with (
        committing(location, MAIN),
        pytest.raises(ConflictError, match="another process is committing"),
        committing(location, MAIN),
    ):
        pass
