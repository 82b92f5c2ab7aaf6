from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agnes.cache import store as storing
from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.errors import (
    AgnesError,
    CacheError,
    GitError,
    MissingObjectError,
    NoCommitError,
    NotACatalogError,
)
from agnes.git import finishing
from agnes.git.refs import locate
from agnes.sync import reconcile as module
from agnes.sync.outcome import Outcome
from agnes.sync.reconcile import materialize, preview, rebuild, reconcile
from tests.conftest import GitRepository, metric_yaml
from tests.git.test_finishing import COMMITTED, killed

MRR = "metrics/revenue/mrr.yml"


def sync(at: GitRepository | Path, **options) -> Outcome:
    return reconcile(locate(at if isinstance(at, Path) else at.path), **options)


def store(at: GitRepository) -> Store:
    return Store(locate(at.path))


def titles(path: Path) -> dict[str, str]:
    with Snapshot(path) as snapshot:
        return {row["id"]: row["display_name"] for row in snapshot.metrics()}


def retitle(catalog: GitRepository, title: str) -> str:
    catalog.write(MRR, metric_yaml("mrr", title))
    return catalog.commit(title)


def everything(path: Path) -> dict[str, list]:
    with Snapshot(path) as snapshot:
        tables = [
            row["table_name"] for row in snapshot.rows("SELECT table_name FROM duckdb_tables()")
        ]
        columns = {
            table: "* EXCLUDE (built_at)" if table == "snapshot_info" else "*" for table in tables
        }
        return {
            table: sorted(map(repr, snapshot.rows(f"SELECT {columns[table]} FROM {table}")))
            for table in tables
        }


def damage(path: Path) -> None:
    """Replace a snapshot by bytes that are none."""
    path.unlink()
    path.write_bytes(b"\0" * 10_000)


# What a sync does and says


def test_the_first_sync_puts_the_tip_in_force(catalog):
    outcome = sync(catalog)

    assert outcome.commit == outcome.wanted == catalog.git("rev-parse", "HEAD")
    assert (outcome.previous, outcome.branch, outcome.moved) == (None, "refs/heads/main", True)
    assert outcome.added == ["revenue/arr", "revenue/mrr", "tables/orders"]
    assert outcome.counts["metrics"] == 2
    assert store(catalog).current().path == outcome.path


def test_a_sync_of_what_is_in_force_does_nothing(catalog):
    first = sync(catalog)
    stamp = first.path.stat().st_mtime_ns

    again = sync(catalog)

    assert not again.moved
    assert (again.added, again.changed, again.removed) == ([], [], [])
    assert again.path.stat().st_mtime_ns == stamp


def test_a_sync_says_what_came_changed_and_went(catalog):
    first = sync(catalog)
    catalog.write(MRR, metric_yaml("mrr", "Changed"))
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    catalog.write("tables/users.yml", "id: users\n")
    (catalog.path / "metrics/revenue/arr.yml").unlink()
    catalog.write("README.md", "x")
    catalog.commit()

    outcome = sync(catalog)

    assert outcome.previous == first.commit
    assert (outcome.added, outcome.changed, outcome.removed) == (
        ["sales/new", "tables/users"],
        ["revenue/mrr"],
        ["revenue/arr"],
    )


def test_a_sync_reports_the_findings_of_what_is_in_force(catalog):
    catalog.write(MRR, "name: [")
    catalog.commit()

    outcome = sync(catalog)

    assert [row["path"] for row in outcome.findings] == [MRR]
    assert outcome.counts["errors"] == 1


@pytest.mark.parametrize("packed", [True, False])
def test_the_cache_follows_the_branch_that_is_checked_out(catalog, packed):
    sync(catalog)
    catalog.git("switch", "--quiet", "--create", "other")
    retitle(catalog, "Other")
    if packed:
        catalog.git("pack-refs", "--all")

    assert titles(sync(catalog).path)["revenue/mrr"] == "Other"
    catalog.git("switch", "--quiet", "main")
    assert titles(sync(catalog).path)["revenue/mrr"] == "Monthly recurring revenue"


def test_a_detached_head_is_served(catalog):
    retitle(catalog, "Newer")
    catalog.git("checkout", "--quiet", "HEAD~1")

    outcome = sync(catalog)

    assert outcome.branch is None
    assert titles(outcome.path)["revenue/mrr"] == "Monthly recurring revenue"


@pytest.mark.parametrize("again", ["reset", "amend", "rebase"])
def test_a_rewritten_branch_is_followed(catalog, again):
    retitle(catalog, "Newer")
    sync(catalog)
    if again == "reset":
        catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    elif again == "amend":
        catalog.write(MRR, metric_yaml("mrr", "Amended"))
        catalog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    else:
        catalog.git("switch", "--quiet", "--orphan", "fresh")
        catalog.git("checkout", "--quiet", "main~1", "--", ".")
        catalog.commit()
    catalog.git("reflog", "expire", "--expire=now", "--all")
    catalog.git("gc", "--quiet", "--prune=now")

    outcome = sync(catalog)

    assert outcome.commit == catalog.git("rev-parse", "HEAD")
    expected = "Amended" if again == "amend" else "Monthly recurring revenue"
    assert titles(outcome.path)["revenue/mrr"] == expected


def test_a_linked_worktree_follows_its_own_branch(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    retitle(linked, "Other")

    assert titles(sync(linked).path)["revenue/mrr"] == "Other"
    assert titles(sync(catalog).path)["revenue/mrr"] == "Monthly recurring revenue"
    assert store(linked).current().commit == linked.git("rev-parse", "HEAD")


@pytest.mark.parametrize("folders", [["a", "b"], ["", "root"], ["", "a"]])
def test_two_catalogs_of_one_repository_do_not_mix(repository, folders):
    for folder in folders:
        repository.write(f"{folder}/agnes.yml".lstrip("/"), f"name: In {folder}\n")
        repository.write(
            f"{folder}/{MRR}".lstrip("/"), metric_yaml("mrr", f"Of {folder or 'the top'}")
        )
    repository.commit()
    for folder in folders:
        sync(repository.path / folder)

    found = [titles(Store(locate(repository.path / folder)).current().path) for folder in folders]

    assert found == [{"revenue/mrr": f"Of {folder or 'the top'}"} for folder in folders]


def test_a_change_outside_of_the_catalogs_folder_still_moves_the_commit(repository):
    repository.write("data/agnes.yml", "name: x\n")
    repository.commit()
    sync(repository.path / "data")
    repository.write("elsewhere.txt", "x")
    repository.commit()

    outcome = sync(repository.path / "data")

    assert (outcome.moved, outcome.changed) == (True, [])


# Which branch is followed


def test_agnes_yml_names_the_branch_that_is_served(catalog):
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    retitle(catalog, "On main")

    outcome = sync(catalog)

    assert outcome.branch == "refs/heads/release"
    assert titles(outcome.path)["revenue/mrr"] == "Monthly recurring revenue"
    assert store(catalog).current().ref == "refs/heads/release"


def test_another_branch_in_agnes_yml_is_followed_at_the_next_sync(catalog):
    catalog.git("branch", "release")
    sync(catalog)
    for branch, title in (("release", "Monthly recurring revenue"), ("main", "On main")):
        catalog.write("agnes.yml", f"branch: {branch}\n")
        retitle(catalog, "On main")
        assert titles(sync(catalog).path)["revenue/mrr"] == title


def test_a_broken_agnes_yml_does_not_change_the_branch(catalog):
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    catalog.write("agnes.yml", "branch: release\nunknown: key\n")
    catalog.commit()

    assert sync(catalog).branch == "refs/heads/release"


@pytest.mark.parametrize(
    "branch", ["../../HEAD", "a..b", "'-rf'", '"a\\nb"', "main.lock", "/etc/passwd", "''"]
)
def test_a_branch_that_git_would_not_take_does_not_change_the_branch(catalog, branch):
    catalog.write("agnes.yml", f"branch: {branch}\n")
    catalog.commit()

    outcome = sync(catalog)

    assert outcome.branch == "refs/heads/main"
    assert [found["code"] for found in outcome.findings] == ["AG203"]


@pytest.mark.parametrize("branch", ["none", "x" * 3000, "refs/heads/main"])
def test_a_branch_that_does_not_exist_is_an_expected_error(catalog, branch):
    catalog.write("agnes.yml", f"branch: {branch}\n")
    catalog.commit()

    with pytest.raises(AgnesError):
        sync(catalog)


def test_an_empty_repository_is_an_error_with_a_remedy(repository):
    with pytest.raises(NoCommitError) as caught:
        sync(repository)
    assert "git commit" in caught.value.hint


def test_a_repository_without_the_marker_is_no_catalog(repository):
    repository.write("x", "x")
    repository.commit()

    with pytest.raises(NotACatalogError, match=r"agnes\.yml"):
        sync(repository)


@pytest.mark.parametrize("how", ["symbolic link", "folder"])
def test_a_marker_that_is_no_file_is_no_marker(repository, how):
    repository.write("elsewhere.yml", "name: x\n")
    if how == "folder":
        repository.write("agnes.yml/x", "x")
    else:
        (repository.path / "agnes.yml").symlink_to("elsewhere.yml")
    repository.commit()

    with pytest.raises(NotACatalogError):
        sync(repository)


# Cheap syncs


def test_a_change_of_many_files_is_left_for_a_real_sync(catalog, monkeypatch):
    monkeypatch.setattr(module, "CHEAP_FILES", 2)
    first = sync(catalog)
    for at in range(3):
        catalog.write(f"metrics/sales/m{at}.yml", metric_yaml(f"m{at}"))
    catalog.commit()

    outcome = sync(catalog, cheap_only=True)

    assert (outcome.commit, outcome.moved) == (first.commit, False)
    assert outcome.wanted == catalog.git("rev-parse", "HEAD")
    assert sync(catalog).commit == outcome.wanted


def test_a_change_of_few_files_is_cheap(catalog, monkeypatch):
    monkeypatch.setattr(module, "CHEAP_FILES", 2)
    sync(catalog)
    retitle(catalog, "New")

    assert sync(catalog, cheap_only=True).commit == catalog.git("rev-parse", "HEAD")


# Faults of the cache


def test_a_deleted_cache_is_rebuilt_with_equal_rows(catalog):
    for title in ("One", "Two"):
        retitle(catalog, title)
        before = everything(sync(catalog).path)
    shutil.rmtree(catalog.path / ".git" / "agnes")

    assert everything(sync(catalog).path) == before


def test_a_snapshot_that_was_deleted_is_rebuilt(catalog):
    before = everything(sync(catalog).path)
    store(catalog).current().path.unlink()

    assert everything(sync(catalog).path) == before


def test_a_damaged_snapshot_of_the_tip_is_rebuilt(catalog):
    outcome = sync(catalog)
    before = everything(outcome.path)
    damage(outcome.path)

    assert everything(sync(catalog).path) == before


def test_a_damaged_snapshot_does_not_hold_up_the_next_commit(catalog):
    damage(sync(catalog).path)
    retitle(catalog, "New")

    outcome = sync(catalog)

    assert titles(outcome.path)["revenue/mrr"] == "New"
    assert outcome.commit == catalog.git("rev-parse", "HEAD")


def test_a_damaged_old_snapshot_is_rebuilt_when_its_commit_is_the_tip_again(catalog):
    first = sync(catalog)
    before = everything(first.path)
    retitle(catalog, "New")
    sync(catalog)
    damage(first.path)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")

    assert everything(sync(catalog).path) == before


@pytest.mark.parametrize("content", ["", "nonsense", "gone.duckdb HEAD\n"])
def test_a_damaged_pointer_is_repaired(catalog, content):
    outcome = sync(catalog)
    store(catalog).pointer.write_text(content)

    assert sync(catalog).path == outcome.path
    assert store(catalog).current().path == outcome.path


def test_old_snapshots_are_deleted(catalog, monkeypatch):
    monkeypatch.setattr(storing, "KEEP", 2)
    for at in range(5):
        retitle(catalog, f"Version {at}")
        outcome = sync(catalog)

    assert len(store(catalog).snapshots()) == 4  # in force, the one before it, and two
    assert outcome.path in store(catalog).snapshots()


def test_a_reader_of_a_snapshot_that_was_deleted_reads_on(catalog, monkeypatch):
    monkeypatch.setattr(storing, "KEEP", 1)
    with Snapshot(sync(catalog).path) as snapshot:
        for at in range(3):
            retitle(catalog, f"Version {at}")
            sync(catalog)
        assert not snapshot.path.exists()
        assert snapshot.metric("revenue/mrr")["display_name"] == "Monthly recurring revenue"


def test_a_rebuild_starts_from_nothing_and_gives_equal_rows(catalog):
    retitle(catalog, "New")
    before = everything(sync(catalog).path)

    outcome = rebuild(locate(catalog.path))

    assert everything(outcome.path) == before
    assert store(catalog).snapshots() == [outcome.path]
    assert store(catalog).current().path == outcome.path


def test_a_rebuild_that_fails_leaves_the_snapshot_in_force(catalog):
    outcome = sync(catalog)
    oid = catalog.git("rev-parse", "HEAD:metrics")
    (catalog.path / ".git/objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(MissingObjectError):
        rebuild(locate(catalog.path))
    assert store(catalog).current().path == outcome.path
    assert len(titles(outcome.path)) == 2


def test_a_cache_that_cannot_be_written_is_an_expected_error(catalog):
    catalog.write(".git/agnes", "a file")

    with pytest.raises(CacheError):
        sync(catalog)


def test_a_lock_that_cannot_be_taken_leaves_the_snapshot_in_force(catalog):
    outcome = sync(catalog)
    lock = store(catalog).folder / "lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    retitle(catalog, "New")

    with pytest.raises(CacheError):
        sync(catalog)
    assert store(catalog).current().path == outcome.path


FULL_DISK = """
import resource, sys
from pathlib import Path
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile, rebuild
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    {call}(locate(Path(sys.argv[1])))
except AgnesError as error:
    print("expected:", error)
"""


@pytest.mark.parametrize("call", ["reconcile", "rebuild"])
def test_a_full_disk_is_an_expected_error_and_leaves_the_snapshot_in_force(catalog, call):
    """No file may grow beyond 200 kB, which is less than any snapshot needs."""
    outcome = sync(catalog)
    assert outcome.path.stat().st_size > 200_000
    retitle(catalog, "New")

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(call=call), str(catalog.path)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.stdout.startswith("expected: "), done.stderr
    assert store(catalog).current().path == outcome.path
    assert titles(outcome.path)["revenue/mrr"] == "Monthly recurring revenue"
    assert titles(sync(catalog).path)["revenue/mrr"] == "New"


def test_a_full_disk_at_the_first_sync_puts_nothing_in_force(catalog):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(call="reconcile"), str(catalog.path)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.stdout.startswith("expected: "), done.stderr
    assert store(catalog).current() is None
    assert len(titles(sync(catalog).path)) == 2


# Killed syncs

ENDLESS = """
import sys, time
from pathlib import Path
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
slow = lambda done, of: (print("building", flush=True), time.sleep(60))
reconcile(locate(Path(sys.argv[1])), progress=slow)
"""


def test_a_sync_that_is_killed_leaves_the_old_snapshot_and_the_next_one_heals(catalog):
    before = sync(catalog)
    retitle(catalog, "New")
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(catalog.path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "building\n"
        assert list(store(catalog).folder.glob(".*.tmp"))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert store(catalog).current().path == before.path
    assert titles(before.path)["revenue/mrr"] == "Monthly recurring revenue"

    outcome = sync(catalog)

    assert titles(outcome.path)["revenue/mrr"] == "New"
    left = {path.name for path in outcome.path.parent.iterdir()} - {"lock", "journal.sync.json"}
    assert left == {before.path.name, outcome.path.name, "CURRENT"}


SYNC = """
import sys
from pathlib import Path
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
location = locate(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
reconcile(location)
"""


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_loses_nothing(catalog, rounds):
    expected = sync(catalog).path
    for at in range(rounds):
        commit = retitle(catalog, f"Version {at}")
        process = subprocess.Popen(
            [sys.executable, "-c", SYNC, str(catalog.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            process.stdout.readline()
            process.stdin.write("go\n")
            process.stdin.flush()
            time.sleep(0.12 * at / rounds)
            process.kill()

        current = store(catalog).current()
        assert current.path == expected or current.commit == commit
        assert len(titles(current.path)) == 2
        expected = sync(catalog).path
        assert titles(expected)["revenue/mrr"] == f"Version {at}"
    assert not list(expected.parent.glob(".*.tmp*"))


def test_syncs_in_several_processes_agree(catalog):
    sync(catalog)
    retitle(catalog, "New")
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", SYNC, str(catalog.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for worker in workers:
        worker.stdout.readline()
    for worker in workers:
        worker.communicate("go\n")

    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert titles(store(catalog).current().path)["revenue/mrr"] == "New"


# Other revisions, and previews


@pytest.mark.parametrize("name", ["HEAD~1", "v1", "old"])
def test_any_revision_can_be_materialized_and_what_is_in_force_stays(catalog, name):
    catalog.git("tag", "--annotate", "--message", "One", "v1")
    catalog.git("branch", "old")
    retitle(catalog, "New")
    current = sync(catalog)

    path = materialize(locate(catalog.path), name)

    assert titles(path)["revenue/mrr"] == "Monthly recurring revenue"
    assert store(catalog).current().path == current.path


def test_a_revision_is_materialized_once(catalog):
    retitle(catalog, "New")
    stamp = materialize(locate(catalog.path), "HEAD~1").stat().st_ino

    assert materialize(locate(catalog.path), "HEAD~1").stat().st_ino == stamp


def test_a_revision_materialized_on_a_newer_snapshot_equals_one_from_nothing(catalog):
    retitle(catalog, "New")
    sync(catalog)
    path = materialize(locate(catalog.path), "HEAD~1")
    before = everything(path)
    shutil.rmtree(path.parent)

    assert everything(materialize(locate(catalog.path), "HEAD~1")) == before


def test_a_snapshot_does_not_depend_on_the_way_it_was_asked_for(catalog):
    first = everything(materialize(locate(catalog.path), "HEAD"))
    shutil.rmtree(catalog.path / ".git" / "agnes")

    assert everything(sync(catalog).path) == first


def test_a_revision_that_is_looked_at_often_is_kept(catalog, monkeypatch):
    monkeypatch.setattr(storing, "KEEP", 2)
    wanted = materialize(locate(catalog.path), "HEAD")
    made = wanted.stat().st_ino
    for at in range(5):
        retitle(catalog, f"Version {at}")
        sync(catalog)
        assert materialize(locate(catalog.path), wanted.stem).stat().st_ino == made


def test_a_revision_from_before_the_catalog_is_no_catalog(repository):
    repository.write("x", "x")
    repository.commit()
    repository.write("agnes.yml", "name: x\n")
    repository.commit()

    with pytest.raises(NotACatalogError):
        materialize(locate(repository.path), "HEAD~1")


def test_a_preview_is_read_by_nothing_else(catalog):
    current = sync(catalog)
    catalog.write(MRR, metric_yaml("mrr", "Draft"))
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    status = catalog.git("status", "--porcelain")

    path = preview(locate(catalog.path))

    assert titles(path) == {
        "revenue/arr": "Annual recurring revenue",
        "revenue/mrr": "Draft",
        "sales/new": "New",
    }
    assert titles(sync(catalog).path)["revenue/mrr"] == "Monthly recurring revenue"
    assert store(catalog).current().path == current.path
    assert catalog.git("status", "--porcelain") == status


def test_a_preview_of_a_clean_checkout_does_not_stand_for_its_commit(catalog):
    path = preview(locate(catalog.path))

    outcome = sync(catalog)

    assert outcome.path != path
    with Snapshot(outcome.path) as snapshot:
        assert snapshot.info()["committed"]


def test_a_preview_is_made_again_when_the_commit_below_it_moved(catalog):
    """Its dates and authors come from the history, which is another one now."""
    catalog.write(MRR, metric_yaml("mrr", "Draft"))
    preview(locate(catalog.path))
    catalog.git("commit", "--quiet", "--all", "--message", "Draft", GIT_AUTHOR_NAME="Grace")

    path = preview(locate(catalog.path))

    with Snapshot(path) as snapshot:
        assert snapshot.info()["commit_id"] == catalog.git("rev-parse", "HEAD")
        assert snapshot.metric("revenue/mrr")["author"] == "Grace"


def test_a_bare_repository_has_no_preview(catalog, tmp_path):
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(tmp_path / "x.git"))

    with pytest.raises(GitError, match="bare"):
        preview(locate(tmp_path / "x.git"))


# A commit that was killed before it brought the checkout along


@pytest.mark.parametrize("served", [True, False], ids=["in force", "to be followed"])
def test_a_sync_finishes_what_a_killed_commit_left(catalog, served):
    sync(catalog)
    killed(catalog, COMMITTED)
    if served:
        sync(catalog, cheap_only=True)

    outcome = sync(catalog)

    assert (outcome.commit, outcome.moved) == (catalog.git("rev-parse", "HEAD"), not served)
    assert catalog.git("status", "--porcelain") == ""


def test_a_read_leaves_the_checkout_as_it_is(catalog):
    killed(catalog, COMMITTED)
    before = catalog.git("status", "--porcelain")

    sync(catalog, cheap_only=True)

    assert catalog.git("status", "--porcelain") == before != ""


def test_a_sync_does_not_fail_over_what_it_cannot_finish(catalog, monkeypatch):
    killed(catalog, COMMITTED)

    def refuse(*_):
        raise PermissionError(13, "read-only")

    monkeypatch.setattr(finishing, "bring_rest_along", refuse)

    assert sync(catalog).commit == catalog.git("rev-parse", "HEAD")


# Faults of the repository


def test_every_object_of_the_tip_may_go_missing_without_harm_to_what_is_in_force(catalog):
    before = sync(catalog)
    retitle(catalog, "New")
    listed = catalog.git("rev-list", "--objects", "--no-object-names", "HEAD").split()
    for oid in listed:
        file = catalog.path / ".git/objects" / oid[:2] / oid[2:]
        content = file.read_bytes()
        file.unlink()
        try:
            sync(catalog)
        except GitError:
            assert store(catalog).current().path == before.path
        else:
            store(catalog).point_to(before.commit, "HEAD")
            store(catalog).path(catalog.git("rev-parse", "HEAD")).unlink()
        file.write_bytes(content)

    assert titles(sync(catalog).path)["revenue/mrr"] == "New"


def test_packing_while_syncing_never_loses_the_branch(catalog):
    for at in range(5):
        retitle(catalog, f"Version {at}")
        packing = subprocess.Popen(["git", "-C", str(catalog.path), "pack-refs", "--all"])
        assert sync(catalog).commit == catalog.git("rev-parse", "HEAD")
        assert packing.wait() == 0


def test_a_reader_in_the_same_process_sees_the_new_snapshot(catalog):
    with Snapshot(sync(catalog).path) as old:
        retitle(catalog, "New")
        with Snapshot(sync(catalog).path) as new:
            assert new.metric("revenue/mrr")["display_name"] == "New"
        assert old.metric("revenue/mrr")["display_name"] == "Monthly recurring revenue"


HOLD = """
import sys
import duckdb
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("held", flush=True)
sys.stdin.read()
print(held.execute("SELECT count(*) FROM metric_definitions").fetchone())
"""


def hold(path: Path, how: str) -> subprocess.Popen[str]:
    """Another process that has a snapshot open until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_reader_in_another_process_does_not_hold_up_a_sync(catalog):
    with hold(sync(catalog).path, "read") as reader:
        retitle(catalog, "New")
        assert titles(sync(catalog).path)["revenue/mrr"] == "New"
        assert reader.communicate("")[0] == "(2,)\n"


def test_somebody_who_has_the_snapshot_open_for_writing_gives_an_expected_error(catalog):
    path = sync(catalog).path
    with hold(path, "write") as holder:
        with pytest.raises(CacheError):
            Snapshot(path)
        holder.communicate("")
    assert len(titles(path)) == 2
