from __future__ import annotations

import multiprocessing
import re
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agnes.config import Author, Person
from agnes.errors import AgnesError, ConflictError, GitError
from agnes.git import checkout, writer
from agnes.git.building import Edit
from agnes.git.refs import locate, read_tip
from agnes.git.writer import commit, identity, init_repository
from tests.conftest import GitRepository

ADA = Author("Ada Lovelace", "ada@example.com", 1_700_000_100, 60, 1_700_000_200, -300)
MAIN = "refs/heads/main"
MRR = "metrics/revenue/mrr.yml"
NEW = "metrics/sales/new.yml"


def change(
    at: GitRepository | Path,
    files: dict[str, bytes | None],
    *,
    base: str | None = None,
    branch: str = MAIN,
) -> str:
    """Commit `files` on the tip, or on `base`."""
    location = locate(at if isinstance(at, Path) else at.path)
    base = base or read_tip(location, branch).commit
    return commit(location, branch, Edit(base, files, "feat: change\n\nAgnes-Source: api\n"), ADA)


def everything(repository: GitRepository) -> dict[str, object]:
    """All that a person would miss: refs, index, status and the content of each file."""
    files = {
        str(path.relative_to(repository.path)): path.read_bytes()
        for path in repository.path.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repository.path).parts
    }
    refs = repository.git("for-each-ref")
    return {
        "files": files,
        "refs": refs,
        "index": repository.git("ls-files", "--stage"),
        "status": repository.git("status", "--porcelain"),
    }


def shown(repository: GitRepository, path: str, revision: str = "HEAD") -> str:
    return repository.git("show", f"{revision}:{path}")


# A commit and what it leaves behind


def test_a_commit_follows_the_tip_and_holds_the_change_alone(catalog):
    before = catalog.git("rev-parse", "HEAD")

    made = change(catalog, {MRR: b"changed\n"})

    assert catalog.git("rev-parse", "HEAD", "HEAD~1").split() == [made, before]
    assert catalog.git("diff", "--name-status", "HEAD~1", "HEAD") == f"M\t{MRR}"
    assert shown(catalog, MRR) == "changed"


def test_a_commit_says_who_when_and_why(catalog):
    change(catalog, {MRR: b"x"})

    said = catalog.git("log", "-1", "--format=%an <%ae>|%ad|%cn <%ce>|%cd|%B", "--date=raw")
    assert said == (
        "Ada Lovelace <ada@example.com>|1700000100 +0100|Ada Lovelace <ada@example.com>|"
        "1700000200 -0500|feat: change\n\nAgnes-Source: api"
    )


def test_who_commits_may_be_another_than_who_changes(catalog):
    location = locate(catalog.path)
    edit = Edit(read_tip(location, MAIN).commit, {MRR: b"x"}, "feat: change\n")
    author = replace(ADA, committer=Person("Agnes", "agnes@example.com"))

    commit(location, MAIN, edit, author)

    said = catalog.git("log", "-1", "--format=%an <%ae>|%cn <%ce>")
    assert said == "Ada Lovelace <ada@example.com>|Agnes <agnes@example.com>"


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({MRR: b"x"}, {"M " + MRR}),
        ({NEW: b"x"}, {"A " + NEW}),
        ({MRR: None}, {"D " + MRR}),
        ({MRR: None, NEW: b"x", "agnes.yml": b"y"}, {"D " + MRR, "A " + NEW, "M agnes.yml"}),
        ({"tables/orders.yml": None}, {"D tables/orders.yml"}),
        (
            {"a.yml": b"", "a/b/c/d.yml": b"x", "größe.yml": b"x"},
            {"A a.yml", "A a/b/c/d.yml", "A größe.yml"},
        ),
        ({"metrics/revenue/none.yml": None, MRR: b"x"}, {"M " + MRR}),
    ],
)
def test_the_working_tree_and_the_index_are_brought_along(catalog, files, status):
    change(catalog, files)

    assert catalog.git("status", "--porcelain") == ""
    listed = catalog.git(
        "-c", "core.quotePath=no", "diff", "--name-status", "--no-renames", "HEAD~1", "HEAD"
    )
    assert {line.replace("\t", " ") for line in listed.splitlines()} == status
    for path, content in files.items():
        on_disk = catalog.path / path
        assert (on_disk.read_bytes() if on_disk.exists() else None) == content
    catalog.git("fsck", "--strict")


def test_a_folder_that_becomes_empty_goes(catalog):
    change(catalog, {"tables/orders.yml": None})

    assert not (catalog.path / "tables").exists()


def test_a_folder_with_a_file_of_the_users_stays(catalog):
    catalog.write("tables/notes.txt", "mine")

    change(catalog, {"tables/orders.yml": None})

    assert (catalog.path / "tables/notes.txt").read_text() == "mine"


def test_a_file_that_is_executable_stays_so(catalog):
    (catalog.path / MRR).chmod(0o755)
    catalog.commit()

    change(catalog, {MRR: b"changed"})

    assert catalog.git("ls-files", "--stage", MRR).startswith("100755")
    assert catalog.git("status", "--porcelain") == ""


def test_no_temporary_file_is_left(catalog):
    change(catalog, {MRR: b"x", NEW: b"y"})

    assert not list(catalog.path.rglob("*.tmp*"))
    assert not list(catalog.path.rglob("*.lock"))


def test_the_first_commit_of_an_unborn_branch(repository):
    made = change(repository, {"agnes.yml": b"name: x\n"})

    assert repository.git("rev-list", "HEAD").split() == [made]
    assert repository.git("status", "--porcelain") == ""


def test_the_first_commit_leaves_staged_and_untracked_files_alone(repository):
    repository.write("staged.txt", "staged")
    repository.git("add", "staged.txt")
    repository.write("untracked.txt", "untracked")

    change(repository, {"agnes.yml": b"name: x\n"})

    assert repository.git("status", "--porcelain").split("\n") == [
        "A  staged.txt",
        "?? untracked.txt",
    ]
    assert repository.git("ls-tree", "-r", "--name-only", "HEAD") == "agnes.yml"


def test_a_bare_repository_takes_commits(catalog, tmp_path):
    bare = GitRepository(tmp_path / "bare.git")
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(bare.path))

    change(bare, {MRR: b"changed"})

    assert shown(bare, MRR) == "changed"
    bare.git("fsck", "--strict")


def test_a_catalog_in_a_subfolder_is_written_there(repository):
    repository.write("data/agnes.yml", "name: x\n")
    repository.write("agnes.yml", "name: outer\n")
    repository.commit()

    change(repository.path / "data", {"agnes.yml": b"name: inner\n"})

    assert shown(repository, "data/agnes.yml") == "name: inner"
    assert shown(repository, "agnes.yml") == "name: outer"
    assert repository.git("status", "--porcelain") == ""


def test_a_branch_that_is_not_checked_out_leaves_the_working_tree_alone(catalog):
    catalog.git("branch", "release")
    catalog.write(MRR, "dirty")
    before = everything(catalog)["files"]

    change(catalog, {MRR: b"changed"}, branch="refs/heads/release")

    assert shown(catalog, MRR, "release") == "changed"
    assert everything(catalog)["files"] == before
    assert catalog.git("status", "--porcelain") == f"M {MRR}"


def test_a_linked_worktree_that_has_the_branch_checked_out_follows(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))

    change(catalog, {MRR: b"changed"}, branch="refs/heads/other")

    assert (linked.path / MRR).read_text() == "changed"
    assert linked.git("status", "--porcelain") == catalog.git("status", "--porcelain") == ""
    assert shown(catalog, MRR) != "changed"


def test_a_commit_from_a_linked_worktree_brings_the_main_one_along(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))

    change(linked, {MRR: b"changed"}, branch=MAIN)

    assert (catalog.path / MRR).read_text() == "changed"
    assert linked.git("status", "--porcelain") == catalog.git("status", "--porcelain") == ""


def test_a_linked_worktree_whose_folder_was_deleted_does_not_disturb(catalog, tmp_path):
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    shutil.rmtree(tmp_path / "linked")

    change(catalog, {MRR: b"changed"}, branch="refs/heads/other")

    assert shown(catalog, MRR, "other") == "changed"


def test_a_dirty_linked_worktree_is_a_conflict(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    linked.write(MRR, "dirty")

    with pytest.raises(ConflictError):
        change(catalog, {MRR: b"changed"}, branch="refs/heads/other")
    assert (linked.path / MRR).read_text() == "dirty"


@pytest.mark.parametrize(
    "setting", ["core.autocrlf", "core.filemode", "core.fsmonitor", "index.skipHash"]
)
def test_git_settings_do_not_make_the_checkout_look_changed(catalog, setting):
    catalog.git("config", setting, "true")

    change(catalog, {MRR: b"one\ntwo\n"})

    assert catalog.git("status", "--porcelain") == ""


def test_a_file_that_git_ignores_is_committed_all_the_same(catalog):
    catalog.write(".gitignore", "sales/\n")
    catalog.commit()

    change(catalog, {NEW: b"x"})

    assert shown(catalog, NEW) == "x"
    assert catalog.git("status", "--porcelain") == ""


# A user's own work


def test_other_files_of_the_user_stay_as_they_are(catalog):
    catalog.write("metrics/revenue/arr.yml", "staged")
    catalog.git("add", "metrics/revenue/arr.yml")
    catalog.write("metrics/revenue/arr.yml", "staged and changed again")
    catalog.write("agnes.yml", "unstaged")
    catalog.write("new/staged.txt", "x")
    catalog.git("add", "new/staged.txt")
    catalog.write("untracked.txt", "x")
    (catalog.path / "tables/orders.yml").unlink()
    before = everything(catalog)

    change(catalog, {MRR: b"changed", NEW: b"x"})

    after = everything(catalog)
    assert after["status"] == before["status"]
    assert after["files"] == before["files"] | {MRR: b"changed", NEW: b"x"}
    assert catalog.git("diff", "--name-only", "HEAD~1", "HEAD").split() == [MRR, NEW]


def dirty(catalog):
    catalog.write(MRR, "dirty")


def dirty_in_the_index(catalog):
    content = (catalog.path / MRR).read_bytes()
    catalog.write(MRR, "dirty")
    catalog.git("add", MRR)
    catalog.write(MRR, content)


def staged(catalog):
    catalog.write(MRR, "staged")
    catalog.git("add", MRR)


def deleted(catalog):
    (catalog.path / MRR).unlink()


def deleted_in_the_index(catalog):
    catalog.git("rm", "--quiet", "--cached", MRR)


def became_a_link(catalog):
    (catalog.path / MRR).unlink()
    (catalog.path / MRR).symlink_to("arr.yml")


def became_a_folder(catalog):
    (catalog.path / MRR).unlink()
    catalog.write(f"{MRR}/inside.txt", "mine")


def folder_became_a_link(catalog):
    folder = catalog.path / "metrics/revenue"
    shutil.copytree(folder, catalog.path / "elsewhere")
    shutil.rmtree(folder)
    folder.symlink_to("../elsewhere")


def folder_became_a_file(catalog):
    shutil.rmtree(catalog.path / "metrics/revenue")
    catalog.write("metrics/revenue", "mine")


def renamed(catalog):
    catalog.git("mv", MRR, "metrics/revenue/other.yml")


def in_conflict(catalog):
    catalog.git("switch", "--quiet", "--create", "side")
    catalog.write(MRR, "theirs")
    catalog.commit()
    catalog.git("switch", "--quiet", "main")
    catalog.write(MRR, "ours")
    catalog.commit()
    catalog.git("merge", "side", check=False)


@pytest.mark.parametrize(
    "arrange",
    [
        dirty,
        dirty_in_the_index,
        staged,
        deleted,
        deleted_in_the_index,
        became_a_link,
        became_a_folder,
        folder_became_a_link,
        folder_became_a_file,
        renamed,
        in_conflict,
    ],
)
@pytest.mark.parametrize("content", [b"changed", None], ids=["change", "delete"])
def test_an_uncommitted_change_of_the_file_is_a_conflict_and_nothing_is_done(
    catalog, arrange, content
):
    arrange(catalog)
    if content is None and arrange in (deleted, renamed):
        pytest.skip("the user deleted it too")
    before = everything(catalog)

    with pytest.raises(ConflictError) as caught:
        change(catalog, {"agnes.yml": b"name: y\n", MRR: content})

    assert caught.value.hint
    assert everything(catalog) == before


def untracked(catalog):
    catalog.write(NEW, "mine")


def untracked_and_ignored(catalog):
    catalog.write(".git/info/exclude", "sales/\n")
    catalog.write(NEW, "mine")


def untracked_link(catalog):
    catalog.write(NEW, "").unlink()
    (catalog.path / NEW).symlink_to("/etc/hostname")


def untracked_folder(catalog):
    catalog.write(f"{NEW}/inside.txt", "mine")


def untracked_empty_folder(catalog):
    (catalog.path / NEW).mkdir(parents=True)


def untracked_file_above(catalog):
    catalog.write("metrics/sales", "mine")


def untracked_link_above(catalog):
    (catalog.path / "metrics/sales").symlink_to("revenue")


@pytest.mark.parametrize(
    "arrange",
    [
        untracked,
        untracked_and_ignored,
        untracked_link,
        untracked_folder,
        untracked_empty_folder,
        untracked_file_above,
        untracked_link_above,
    ],
)
def test_an_untracked_file_in_the_way_is_a_conflict_and_nothing_is_done(catalog, arrange):
    arrange(catalog)
    before = everything(catalog)

    with pytest.raises(ConflictError):
        change(catalog, {MRR: b"changed", NEW: b"new"})

    assert everything(catalog) == before


@pytest.mark.parametrize("add", [True, False])
def test_an_uncommitted_file_that_says_the_same_already_is_no_conflict(catalog, add):
    catalog.write(NEW, "the same")
    if add:
        catalog.git("add", NEW)

    change(catalog, {NEW: b"the same"})

    assert catalog.git("status", "--porcelain") == ""


def test_a_deletion_that_the_user_made_already_is_no_conflict(catalog):
    (catalog.path / MRR).unlink()

    change(catalog, {MRR: None})

    assert catalog.git("status", "--porcelain") == ""


# Other writers


def test_a_commit_made_from_an_older_one_is_put_on_the_tip(catalog):
    base = catalog.git("rev-parse", "HEAD")
    catalog.write("other.txt", "x")
    newer = catalog.commit()

    change(catalog, {MRR: b"changed"}, base=base)

    assert catalog.git("rev-parse", "HEAD~1") == newer
    assert shown(catalog, "other.txt") == "x"
    assert catalog.git("status", "--porcelain") == ""


@pytest.mark.parametrize("theirs", ["theirs", None])
@pytest.mark.parametrize("path", [MRR, NEW])
def test_a_newer_commit_of_the_same_file_is_a_conflict(catalog, path, theirs):
    base = catalog.git("rev-parse", "HEAD")
    catalog.write(path, theirs or "")
    if theirs is None:
        (catalog.path / path).unlink()
        if path == NEW:
            pytest.skip("the file is not there in either commit")
    catalog.commit()
    before = everything(catalog)

    with pytest.raises(ConflictError, match=path):
        change(catalog, {path: b"ours"}, base=base)
    assert everything(catalog) == before


def test_a_newer_commit_that_changed_the_file_and_changed_it_back_is_no_conflict(catalog):
    base = catalog.git("rev-parse", "HEAD")
    content = (catalog.path / MRR).read_bytes()
    for version in (b"theirs", content):
        catalog.write(MRR, version)
        catalog.commit()

    change(catalog, {MRR: b"ours"}, base=base)

    assert shown(catalog, MRR) == "ours"


def test_a_first_commit_loses_against_another_first_commit(repository):
    repository.write("agnes.yml", "theirs")
    repository.commit()

    with pytest.raises(ConflictError):
        commit(locate(repository.path), MAIN, Edit(None, {"a.yml": b"x"}, "first"), ADA)


def edit_one_file(path: Path, who: int, count: int) -> None:
    made = 0
    while made < count:
        location = locate(path)
        base = read_tip(location).commit
        counter = GitRepository(path).git("show", f"{base}:counter")
        try:
            change(path, {"counter": f"{int(counter) + 1}\n".encode()}, base=base)
            made += 1
        except (ConflictError, GitError):
            time.sleep(0.01)


def test_a_counter_that_three_processes_raise_loses_nothing(catalog):
    catalog.write("counter", "0\n")
    catalog.commit()
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=edit_one_file, args=(catalog.path, who, 10)) for who in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0] * 3
    assert shown(catalog, "counter") == "30"
    assert catalog.git("status", "--porcelain") == ""


# Locks and refusals


def test_a_planted_index_lock_is_a_conflict_that_names_it(catalog, monkeypatch):
    monkeypatch.setattr(checkout, "LOCK_WAIT_SECONDS", 0.1)
    lock = catalog.write(".git/index.lock", "")
    before = catalog.git("for-each-ref")

    with pytest.raises(ConflictError) as caught:
        change(catalog, {MRR: b"changed"})

    assert str(lock) in caught.value.hint
    assert catalog.git("for-each-ref") == before
    assert lock.exists()


def test_an_index_lock_that_goes_away_is_waited_for(catalog):
    lock = catalog.write(".git/index.lock", "")
    timer = threading.Timer(0.2, lock.unlink)
    timer.start()

    change(catalog, {MRR: b"changed"})

    timer.join()
    assert catalog.git("status", "--porcelain") == ""


def test_a_planted_index_lock_does_not_hold_up_a_branch_that_is_not_checked_out(catalog):
    catalog.git("branch", "release")
    catalog.write(".git/index.lock", "")

    change(catalog, {MRR: b"changed"}, branch="refs/heads/release")

    assert shown(catalog, MRR, "release") == "changed"


def test_a_planted_ref_lock_is_an_error_that_names_it(catalog, monkeypatch):
    monkeypatch.setattr(writer, "ATTEMPTS", 2)
    lock = catalog.write(".git/refs/heads/main.lock", "")
    before = everything(catalog)

    with pytest.raises(GitError) as caught:
        change(catalog, {MRR: b"changed"})

    assert str(lock) in caught.value.hint
    assert everything(catalog) == before


@pytest.mark.parametrize("what", ["HEAD", "HEAD^{tree}", "HEAD:metrics", "HEAD:metrics/revenue"])
def test_a_missing_object_is_an_expected_error(catalog, what):
    oid = catalog.git("rev-parse", what)
    (catalog.path / ".git/objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(AgnesError):
        change(catalog, {MRR: b"changed"})


def test_a_shallow_clone_takes_commits(catalog, tmp_path):
    catalog.commit("Newer")
    shallow = GitRepository(tmp_path / "shallow")
    catalog.git("clone", "--quiet", "--depth", "1", f"file://{catalog.path}", str(shallow.path))

    change(shallow, {MRR: b"changed"})

    assert shallow.git("rev-list", "--count", "HEAD") == "2"
    assert shallow.git("status", "--porcelain") == ""


# Who commits


def test_the_identity_comes_from_the_environment(catalog):
    found = identity(locate(catalog.path))

    assert (found.name, found.email) == ("Ada Lovelace", "ada@example.com")


def test_the_identity_comes_from_the_settings_of_the_repository(catalog, monkeypatch):
    for name in ("AGNES_AUTHOR", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)
    catalog.git("config", "user.name", "Grace Hopper")
    catalog.git("config", "user.email", "grace@example.com")

    found = identity(locate(catalog.path))

    assert (found.name, found.email) == ("Grace Hopper", "grace@example.com")


def test_without_an_identity_the_error_says_how_to_set_one(catalog, monkeypatch):
    for name in ("AGNES_AUTHOR", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)

    with pytest.raises(GitError) as caught:
        identity(locate(catalog.path))
    assert "user.name" in caught.value.hint


@pytest.mark.parametrize("name", ["Ada\nEve", "Ada <x>", "", " ", "Ada\0Eve"])
def test_a_name_that_git_cannot_hold_makes_no_broken_commit(catalog, name):
    author = Author(name, "ada@example.com", 1_700_000_000, 0, 1_700_000_000, 0)
    location = locate(catalog.path)
    edit = Edit(read_tip(location).commit, {MRR: b"changed"}, "x")

    try:
        commit(location, MAIN, edit, author)
    except AgnesError:
        return
    raw = catalog.git("cat-file", "commit", "HEAD")
    assert re.search(r"^author [^\n<>]+ <ada@example.com> 1700000000 \+0000$", raw, re.MULTILINE)
    catalog.git("fsck", "--strict")


def test_a_new_repository_is_empty_and_on_its_branch(tmp_path):
    init_repository(tmp_path / "new", "trunk")

    assert GitRepository(tmp_path / "new").git("symbolic-ref", "HEAD") == "refs/heads/trunk"
