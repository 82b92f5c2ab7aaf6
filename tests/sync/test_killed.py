"""Processes that are killed, and disks that refuse, between any two steps.

Nothing in the product knows of it: a process counts what its own interpreter does (audit events of
files, calls of libgit2) and is killed, or told an error, at the n-th of them.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from agnes.cache.build import check
from agnes.cache.query import Snapshot
from agnes.cache.store import FORMAT, KEEP, Store
from agnes.config import Author
from agnes.edit import Editor
from agnes.errors import AgnesError
from agnes.git import committing
from agnes.git.building import Edit
from agnes.git.refs import locate, read_tip
from agnes.git.writer import commit
from agnes.sync.reconcile import rebuild, reconcile
from tests.cache.test_build import built
from tests.conftest import GitRepository, metric_yaml

ADA = Author("Ada Lovelace", "ada@example.com", 1_700_000_100, 60, 1_700_000_200, -300)
MAIN = "refs/heads/main"
MRR = "metrics/revenue/mrr.yml"
EVENTS = frozenset(
    "open os.remove os.rename os.mkdir os.rmdir os.truncate os.utime os.chmod os.link "
    "os.scandir os.listdir shutil.copyfile".split()
)
CALLS = frozenset("create_blob create_commit git_index_write git_treebuilder_write".split())
STALE_SECONDS = 0.05

# Forked from a process that has imported everything and opened nothing: that takes milliseconds.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.sync.test_killed"])


def at_failpoint(folder: Path, number: int, act: Callable[[], None]) -> None:
    """Do something just before the n-th operation on a file below `folder`, or call of libgit2."""
    left = number

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            act()

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and any(_is_below(folder, argument) for argument in arguments):
            count_down()

    def profile(_frame: object, event: str, function: Any) -> None:
        if event in ("c_call", "c_return") and function.__name__ in CALLS:
            count_down()

    sys.addaudithook(audit)
    sys.setprofile(profile)


def _is_below(folder: Path, argument: object) -> bool:
    return isinstance(argument, str | Path) and str(argument).startswith(f"{folder}/")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# What is killed


def sync(path: Path) -> None:
    reconcile(locate(path))


def build_anew(path: Path) -> None:
    rebuild(locate(path))


def commit_files(path: Path) -> None:
    """Change one file, add one and delete one."""
    location = locate(path)
    base = read_tip(location, MAIN).commit
    files = {
        MRR: metric_yaml("mrr", f"After {base[:8]}").encode(),
        "metrics/revenue/arr.yml": None,
        f"metrics/sales/m{base[:8]}.yml": metric_yaml(f"m{base[:8]}").encode(),
    }
    commit(location, MAIN, Edit(base, files, "feat: change\n"), ADA)


def edit_catalog(path: Path) -> None:
    editor = Editor(locate(path))
    editor.apply(editor.remove(["revenue/arr"]), "feat: remove", "api")


def do_until(path: Path, work: Callable[[Path], None], folder: Path, number: int) -> None:
    at_failpoint(folder, number, die)
    work(path)
    sys.setprofile(None)


def run(work: Callable[..., None], *arguments: object) -> int:
    """Run in a process; its exit code, negative when it was killed."""
    process = processes.Process(target=work, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def answer(work: Callable[..., None], *arguments: object) -> Any:
    """Run in a process that gets a pipe for what it has to say."""
    here, there = processes.Pipe()
    process = processes.Process(target=work, args=(*arguments, there))
    process.start()
    there.close()
    try:
        return here.recv()
    finally:
        process.join()


# What must hold afterwards


def edit(catalog: GitRepository, title: str) -> str:
    catalog.write(MRR, metric_yaml("mrr", title))
    catalog.write("metrics/revenue/arr.yml", metric_yaml("arr"))
    return catalog.commit()


def cache(catalog: GitRepository) -> Store:
    return Store(locate(catalog.path))


def digest(path: Path) -> str:
    with Snapshot(path) as snapshot:
        return snapshot.digest()


def assert_whole(catalog: GitRepository) -> None:
    """What is in force, if anything is, is one whole commit of the history."""
    current = cache(catalog).current()
    if current is not None:
        check(current.path, current.commit)
        catalog.git("merge-base", "--is-ancestor", current.commit, "HEAD")


def assert_follows(catalog: GitRepository) -> None:
    """A sync puts the tip in force, and that is as if it were built from nothing."""
    outcome = reconcile(locate(catalog.path))
    anew = built(catalog)
    assert outcome.commit == catalog.git("rev-parse", "HEAD")
    assert digest(outcome.path) == digest(anew)
    shutil.rmtree(anew.parent)


def assert_clean(catalog: GitRepository) -> None:
    """Nothing temporary is left, in the cache, in git's folder and in the working tree."""
    folder = cache(catalog).folder
    if folder.exists():
        names = {path.name for path in folder.iterdir() if path.suffix != ".duckdb"}
        assert names <= {"CURRENT", "lock", "journal.sync.json"}
        assert len(cache(catalog).snapshots()) <= KEEP + 2
    assert not (catalog.path / ".git" / "agnes" / "committing").exists()
    assert list((catalog.path / ".git").rglob("*.lock")) == []
    assert catalog.git("status", "--porcelain", "--ignored") == ""
    catalog.git("fsck", "--strict")


@pytest.fixture
def used(catalog):
    """A catalog that was read at so many commits that a sync collects."""
    for at in range(KEEP + 1):
        edit(catalog, f"Old {at}")
        reconcile(locate(catalog.path))
    return catalog


def failpoints(every: int) -> Iterator[int]:
    return count(every, every)


THOROUGH = [pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]


# kill -9


@pytest.mark.parametrize("every", [7, *THOROUGH])
@pytest.mark.parametrize("work", [sync, build_anew])
def test_a_sync_that_is_killed_between_any_two_steps_heals(used, work, every):
    for number in failpoints(every):
        edit(used, f"Before {number}")

        code = run(do_until, used.path, work, used.path / ".git" / "agnes", number)

        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert_whole(used)
        assert_follows(used)
        edit(used, f"After {number}")
        sync(used.path)
        assert_clean(used)
    assert number > 14


@pytest.mark.parametrize("every", [7, *THOROUGH])
def test_a_first_sync_that_is_killed_between_any_two_steps_heals(catalog, every):
    agnes = catalog.path / ".git" / "agnes"
    for number in failpoints(every):
        shutil.rmtree(agnes, ignore_errors=True)

        code = run(do_until, catalog.path, sync, agnes, number)

        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert_whole(catalog)
        assert_follows(catalog)
        edit(catalog, f"After {number}")
        sync(catalog.path)
        assert_clean(catalog)
    assert number > 14


@pytest.mark.parametrize(
    "rounds", [4, pytest.param(165, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_sync_that_is_killed_at_any_moment_heals(used, rounds):
    moments = random.Random(rounds)
    for at in range(rounds):
        edit(used, f"Before {at}")
        process = processes.Process(target=[sync, build_anew][at % 2], args=(used.path,))
        process.start()

        time.sleep(moments.uniform(0, 0.2))
        process.kill()

        process.join()
        assert_whole(used)
        assert_follows(used)
        edit(used, f"After {at}")
        sync(used.path)
        assert_clean(used)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(committing, "STALE_SECONDS", STALE_SECONDS)


@pytest.mark.parametrize("every", [5, *THOROUGH])
@pytest.mark.parametrize("work", [commit_files, edit_catalog])
@pytest.mark.parametrize("heal", [commit_files, sync])
@pytest.mark.usefixtures("impatient")
def test_a_commit_that_is_killed_between_any_two_steps_is_there_or_not(catalog, work, heal, every):
    for number in failpoints(every):
        before = edit(catalog, f"Before {number}")

        code = run(do_until, catalog.path, work, catalog.path, number)

        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert catalog.git("rev-list", "--count", f"{before}..HEAD") in ("0", "1")
        catalog.git("fsck", "--strict")
        heal(catalog.path)
        assert_clean(catalog)
        assert_follows(catalog)
    assert number > 10


def commit_forever(path: Path, report: Path) -> None:
    """Commit again and again, and note each commit that was acknowledged."""
    location = locate(path)
    with report.open("a", buffering=1) as acknowledged:
        for at in count():
            files = {MRR: metric_yaml("mrr", f"{os.getpid()} {at}").encode()}
            base = read_tip(location, MAIN).commit
            made = commit(location, MAIN, Edit(base, files, "feat: change\n"), ADA)
            acknowledged.write(f"{made}\n")


def wait_a_while(_catalog: GitRepository, moments: random.Random) -> None:
    time.sleep(moments.uniform(0, 0.2))


def wait_for_lock_of_ref(catalog: GitRepository, moments: random.Random) -> None:
    _wait_for(catalog.path / ".git" / "refs" / "heads" / "main.lock", moments)


def wait_for_lock_of_index(catalog: GitRepository, moments: random.Random) -> None:
    _wait_for(catalog.path / ".git" / "index.lock", moments)


def _wait_for(lock: Path, moments: random.Random) -> None:
    time.sleep(moments.uniform(0, 0.05))
    deadline = time.monotonic() + 5
    while not lock.exists() and time.monotonic() < deadline:
        pass


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(45, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
@pytest.mark.parametrize("wait", [wait_a_while, wait_for_lock_of_ref, wait_for_lock_of_index])
@pytest.mark.usefixtures("impatient")
def test_a_commit_that_is_killed_at_any_moment_loses_nothing(catalog, tmp_path, wait, rounds):
    report = tmp_path / "acknowledged"
    report.touch()
    moments = random.Random(rounds)
    for _ in range(rounds):
        process = processes.Process(target=commit_forever, args=(catalog.path, report))
        process.start()

        wait(catalog, moments)
        process.kill()

        process.join()
        catalog.git("fsck", "--strict")
        there = set(catalog.git("rev-list", "HEAD").split())
        assert set(report.read_text().split()) <= there
        edit_mrr_through_agnes(catalog)
        assert_clean(catalog)
        assert_follows(catalog)


def edit_mrr_through_agnes(catalog: GitRepository) -> None:
    location = locate(catalog.path)
    base = read_tip(location, MAIN).commit
    files = {MRR: metric_yaml("mrr", f"After {base}").encode()}
    commit(location, MAIN, Edit(base, files, "feat: change\n"), ADA)


# A disk that refuses


class Faults:
    """Errors of files below a folder: at the n-th operation, and if they last at all after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0
        self.left = 0
        self.lasting = False
        sys.addaudithook(self._audit)

    @contextmanager
    def at(self, number: int, code: int, *, lasting: bool) -> Iterator[None]:
        self.code, self.left, self.lasting = code, number, lasting
        try:
            yield
        finally:
            self.code = 0

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.code or event not in EVENTS:
            return
        path = next((argument for argument in arguments if _is_below(self.folder, argument)), None)
        if path is not None:
            self.left -= 1
            if self.left == 0 or (self.left < 0 and self.lasting):
                raise OSError(self.code, os.strerror(self.code), str(path))


@contextmanager
def few_files(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def attempt(
    catalog: GitRepository,
    name: str,
    work: Callable[[Path], None],
    trouble: AbstractContextManager[None],
) -> tuple[AgnesError | None, list[str]]:
    """Try something that may fail with an error of ours; that, and whatever else went wrong."""
    wrong: list[str] = []
    expected: AgnesError | None = None
    before = cache(catalog).current()
    try:
        with trouble:
            work(catalog.path)
    except AgnesError as error:
        expected = error
    except BaseException as error:  # noqa: BLE001
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "agnes" in frame[0]]
        at = " < ".join(f"{Path(frame[0]).name}:{frame[1]} {frame[2]}" for frame in ours[::-1][:3])
        wrong.append(f"{name}: {error!r} from {at}")
    now = cache(catalog).current()
    if now is None or (now != before and now.commit != catalog.git("rev-parse", "HEAD")):
        wrong.append(f"{name}: {before} was in force, and now {now}")
    try:
        assert_whole(catalog)
        assert_follows(catalog)
    except (AssertionError, AgnesError, OSError) as error:
        wrong.append(f"{name}: afterwards {error!r}")
    return expected, wrong


def sync_with_faults(
    path: Path, work: Callable[[Path], None], code: int, every: int, lasting: bool, said: Any
) -> None:
    """Let the n-th operation on the cache fail, for each n; what went wrong is sent."""
    catalog = GitRepository(path)
    faults = Faults(path / ".git" / "agnes" / f"v{FORMAT}")
    wrong: list[str] = []
    failed = 0
    for number in failpoints(every):
        edit(catalog, f"Before {number}")
        name = f"{work.__name__}, {os.strerror(code)} at {number}"
        error, more = attempt(catalog, name, work, faults.at(number, code, lasting=lasting))
        wrong += more
        failed += error is not None
        if error is not None and os.strerror(code) not in str(error):
            wrong.append(f"{name}: unclear: {error}")
        if faults.left > 0:
            break
    edit(catalog, "After it all")
    sync(path)
    assert_clean(catalog)
    said.send((failed, wrong))


CODES = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE]


@pytest.mark.parametrize(
    ("work", "lasting", "code", "every"),
    [
        (sync, False, errno.ENOSPC, 5),
        (build_anew, True, errno.EIO, 9),
        *(
            pytest.param(*case, 1, marks=[pytest.mark.slow, pytest.mark.timeout(900)])
            for case in product([sync, build_anew], [False, True], CODES)
        ),
    ],
)
def test_a_disk_that_refuses_is_an_error_and_the_old_snapshot_stays(
    used, work, lasting, code, every
):
    failed, wrong = answer(sync_with_faults, used.path, work, code, every, lasting)

    assert not wrong, "\n".join(wrong)
    assert failed >= max(5 // every, 1)


def sync_with_few_files(path: Path, said: Any) -> None:
    """Sync while this process may open only so many more files, for each number."""
    catalog = GitRepository(path)
    opened = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208
    while (last := os.open(os.devnull, os.O_RDONLY)) <= opened:
        pass  # so that no number is free below the limit
    wrong: list[str] = []
    failed = []
    for more in (0, 1, 2, 3, 4, 6, 8, 12, 16):
        edit(catalog, f"Before {more}")
        error, found = attempt(catalog, f"{more} files", sync, few_files(last + 1 + more))
        wrong += found
        failed.append(error is not None)
    said.send((failed, wrong))


def test_too_many_open_files_are_an_error_and_the_old_snapshot_stays(used):
    failed, wrong = answer(sync_with_few_files, used.path)

    assert not wrong, "\n".join(wrong)
    assert failed[0]
    assert not failed[-1]
