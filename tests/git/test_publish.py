from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from agnes.config import Author, Person
from agnes.errors import ConflictError, MovedError, UnavailableError
from agnes.git import push as pushing
from agnes.git.building import Edit
from agnes.git.fetch import fetch
from agnes.git.publish import catch_up, propose, publish
from agnes.git.refs import Location, locate, read_tip
from agnes.git.upstream import Upstream, follows, stands_for
from tests.conftest import GitRepository, metric_yaml

ADA = Author(
    *("Ada Lovelace", "ada@example.com", 1_700_000_100, 60, 1_700_000_200, -300),
    Person("Agnes", "agnes@example.com"),
)
MAIN, ORIGIN = "refs/heads/main", "refs/remotes/origin/main"
MRR, ARR = "metrics/revenue/mrr.yml", "metrics/revenue/arr.yml"


@pytest.fixture
def remote(catalog, tmp_path) -> GitRepository:
    """A bare repository that takes pushes."""
    made = GitRepository(tmp_path / "remote.git")
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(made.path))
    return made


def clone(remote: GitRepository, name: str, *options: str) -> GitRepository:
    made = GitRepository(remote.path.with_name(name))
    remote.git("clone", "--quiet", *options, str(remote.path), str(made.path))
    return made


@pytest.fixture
def here(remote) -> GitRepository:
    return clone(remote, "here")


@pytest.fixture
def elsewhere(remote) -> GitRepository:
    return clone(remote, "elsewhere")


def edit(at: Location, branch: str, files: dict[str, bytes | None]) -> Edit:
    return Edit(read_tip(at, branch).commit, files, "feat: change\n\nAgnes-Source: api\n")


def change(here: GitRepository, text: str, path: str = MRR, branch: str = ORIGIN) -> str:
    """Publish a change of one file, on the remote's branch or on the local one that follows it."""
    at = locate(here.path)
    upstream = stands_for(at, branch) or follows(at, branch)
    return publish(at, branch, upstream, edit(at, branch, {path: text.encode()}), ADA)


def theirs(elsewhere: GitRepository, path: str = ARR) -> str:
    """Somebody else pushes."""
    elsewhere.git("pull", "--quiet", "--rebase")
    elsewhere.write(path, metric_yaml("x", f"Theirs {time.monotonic()}"))
    made = elsewhere.commit("Theirs")
    elsewhere.git("push", "--quiet")
    return made


def tips(*repositories: GitRepository, ref: str = MAIN) -> list[str]:
    return [repository.git("rev-parse", ref) for repository in repositories]


# On the remote's branch


def test_the_remote_and_what_stands_for_it_here_have_the_commit(remote, here):
    before = tips(here)

    made = change(here, "changed\n")

    assert tips(remote) == tips(here, ref=ORIGIN) == [made]
    assert remote.git("show", f"main:{MRR}") == "changed"
    assert tips(here) == before
    assert here.git("status", "--porcelain") == ""
    said = remote.git("log", "-1", "--format=%an|%cn", "main")
    assert said == "Ada Lovelace|Agnes"


def test_of_a_mirror_the_branch_itself_follows(remote):
    mirror = clone(remote, "mirror.git", "--mirror")

    made = change(mirror, "changed\n", branch=MAIN)
    fetch(locate(mirror.path))

    assert tips(remote, mirror) == [made, made]


def test_what_the_remote_has_since_is_a_reason_to_try_again_and_nothing_is_done(
    remote, here, elsewhere
):
    newer = theirs(elsewhere)
    before = here.git("for-each-ref")

    with pytest.raises(MovedError):
        change(here, "mine\n")

    assert (tips(remote), here.git("for-each-ref")) == ([newer], before)


def test_commits_that_the_remote_took_back_are_not_pushed_again(remote, here, elsewhere):
    theirs(elsewhere)
    fetch(locate(here.path))
    remote.git("update-ref", MAIN, "main~1")

    with pytest.raises(MovedError):
        change(here, "mine\n")
    fetch(locate(here.path))
    made = change(here, "mine\n")

    assert remote.git("rev-list", "--count", "main") == "2"
    assert tips(remote) == [made]


def test_a_remote_that_is_gone_is_an_error_and_nothing_is_done(remote, here):
    remote.path.rename(remote.path.with_name("away"))
    before = here.git("for-each-ref")

    with pytest.raises(UnavailableError, match="cannot push to origin") as caught:
        change(here, "mine\n")

    assert "push --dry-run" in caught.value.hint
    assert here.git("for-each-ref") == before


def hook(remote: GitRepository, name: str, text: str) -> None:
    file = remote.write(f"hooks/{name}", f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_a_remote_that_does_not_want_it_is_a_conflict_with_its_reason(remote, here):
    hook(remote, "pre-receive", "exit 1")
    before = tips(remote)

    with pytest.raises(ConflictError, match="pre-receive hook declined") as caught:
        change(here, "mine\n")

    assert not isinstance(caught.value, MovedError)
    assert "write_mode: branch" in caught.value.hint
    assert tips(remote) == tips(here, ref=ORIGIN) == before


def test_a_push_whose_answer_is_lost_is_looked_up(remote, here, monkeypatch):
    """It arrives, and the connection hangs."""
    hook(remote, "post-receive", "sleep 3")
    monkeypatch.setattr(pushing, "TIMEOUT_SECONDS", 1.5)

    made = change(here, "mine\n")

    assert tips(remote) == tips(here, ref=ORIGIN) == [made]


def test_a_lost_race_at_the_remote_is_a_reason_to_try_again(remote, here, elsewhere):
    """Another push comes in between what the remote told and what it is asked for."""
    elsewhere.write(ARR, "theirs")
    newer = elsewhere.commit("Theirs")
    elsewhere.git("push", "--quiet", "origin", "main:aside")
    # Git forbids a hook to move refs, in the environment that it is given for its objects.
    hook(remote, "pre-receive", f"unset GIT_QUARANTINE_PATH; git update-ref {MAIN} {newer}")

    with pytest.raises(MovedError):
        change(here, "mine\n")

    assert tips(remote) == [newer]


# On a local branch that follows the remote's


def test_the_local_branch_and_its_files_follow(remote, here):
    made = change(here, "changed\n", branch=MAIN)

    assert tips(remote, here) + tips(here, ref=ORIGIN) == [made] * 3
    assert (here.path / MRR).read_text() == "changed\n"
    assert here.git("status", "--porcelain") == ""


def test_local_commits_that_were_not_pushed_go_along(remote, here):
    here.write(ARR, "mine too")
    mine = here.commit("Mine")

    made = change(here, "changed\n", branch=MAIN)

    assert remote.git("rev-parse", "main", "main~1").split() == [made, mine]


def test_newer_commits_that_were_fetched_and_not_merged_are_not_replaced(remote, here, elsewhere):
    newer = theirs(elsewhere)
    fetch(locate(here.path))

    with pytest.raises(MovedError):
        change(here, "mine", branch=MAIN)

    assert tips(remote) == [newer]


def test_an_uncommitted_change_is_not_overwritten_and_nothing_is_pushed(remote, here):
    here.write(MRR, "being written")
    before = tips(remote, here)

    with pytest.raises(ConflictError, match="uncommitted"):
        change(here, "changed\n", branch=MAIN)

    assert tips(remote, here) == before
    assert (here.path / MRR).read_text() == "being written"


@pytest.mark.parametrize("trouble", ["moved", "refused", "gone"])
def test_where_the_push_fails_the_local_branch_stays(remote, here, elsewhere, trouble):
    if trouble == "moved":
        theirs(elsewhere)
    elif trouble == "refused":
        hook(remote, "pre-receive", "exit 1")
    else:
        remote.path.rename(remote.path.with_name("away"))
    before = here.git("for-each-ref")

    with pytest.raises((ConflictError, UnavailableError)):
        change(here, "changed\n", branch=MAIN)

    assert here.git("for-each-ref") == before
    assert here.git("status", "--porcelain") == ""
    assert list((here.path / ".git").rglob("*.lock")) == []


def test_a_local_branch_that_somebody_else_holds_is_an_error_before_anything_is_pushed(
    remote, here
):
    before = tips(remote, here)
    here.write(".git/refs/heads/main.lock", "")

    with pytest.raises(Exception, match="git does not move"):
        change(here, "changed\n", branch=MAIN)

    assert tips(remote, here) == before


# Catching up


def caught_up(here: GitRepository, branch: str = MAIN) -> None:
    at = locate(here.path)
    fetch(at)
    catch_up(at, branch, follows(at, branch))


def test_a_local_branch_catches_up_with_its_files(remote, here, elsewhere):
    elsewhere.write(".github/ci.yml", "hidden")
    (elsewhere.path / "link").symlink_to("agnes.yml")
    newer = theirs(elsewhere)
    here.write("notes.txt", "mine")

    caught_up(here)

    assert tips(here) == [newer]
    assert here.git("status", "--porcelain") == "?? notes.txt"


def test_a_branch_that_is_nowhere_checked_out_catches_up(remote, elsewhere):
    bare = clone(remote, "bare.git", "--bare")
    bare.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    bare.git("config", "branch.main.remote", "origin")
    bare.git("config", "branch.main.merge", MAIN)
    newer = theirs(elsewhere)

    caught_up(bare)

    assert tips(bare) == [newer]


def test_what_is_ahead_stays_ahead(here):
    here.write(ARR, "mine")
    mine = here.commit("Mine")

    caught_up(here)

    assert tips(here) == [mine]


def test_branches_that_have_parted_are_a_conflict_with_a_remedy(here, elsewhere):
    here.write(ARR, "mine")
    mine = here.commit("Mine")
    theirs(elsewhere)

    with pytest.raises(ConflictError, match="have parted") as caught:
        caught_up(here)

    assert "pull --rebase" in caught.value.hint
    assert tips(here) == [mine]


def test_an_uncommitted_change_in_the_way_is_a_conflict_and_stays(here, elsewhere):
    theirs(elsewhere)
    here.write(ARR, "being written")

    with pytest.raises(ConflictError, match="cannot follow"):
        caught_up(here)

    assert (here.path / ARR).read_text() == "being written"


# Review branches


def proposed(here: GitRepository, upstream: Upstream | None, branch: str = "agnes/ada/x") -> str:
    at = locate(here.path)
    made = edit(at, MAIN, {MRR: b"changed\n"})
    return propose(at, f"refs/heads/{branch}", upstream, made, ADA)


def test_a_proposal_is_a_branch_of_its_own(catalog):
    before = tips(catalog)

    made = proposed(catalog, None)

    assert catalog.git("rev-parse", "agnes/ada/x", "agnes/ada/x~1").split() == [made, *before]
    assert tips(catalog) == before
    assert catalog.git("status", "--porcelain") == ""


def test_a_proposal_is_a_branch_of_the_remote_where_there_is_one(remote, here):
    made = proposed(here, follows(locate(here.path), MAIN))

    assert tips(remote, ref="agnes/ada/x") == [made]
    assert here.git("branch", "--list", "agnes/*") == ""


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_branch_that_is_there_is_not_written_to(catalog, remote, here, where):
    at, upstream = (here, follows(locate(here.path), MAIN)) if where == "there" else (catalog, None)
    first = proposed(at, upstream)

    with pytest.raises(MovedError):
        propose(
            locate(at.path),
            "refs/heads/agnes/ada/x",
            upstream,
            replace(edit(locate(at.path), MAIN, {ARR: b"x"})),
            ADA,
        )

    assert tips(remote if where == "there" else catalog, ref="agnes/ada/x") == [first]


def test_a_branch_in_the_way_of_the_name_is_an_error(remote, here):
    remote.git("branch", "agnes", "main")

    with pytest.raises((ConflictError, UnavailableError)):
        proposed(here, follows(locate(here.path), MAIN))


def test_nothing_of_a_failed_proposal_is_left(remote, here):
    remote.path.rename(Path(f"{remote.path}.away"))
    before = here.git("for-each-ref")

    with pytest.raises(UnavailableError):
        proposed(here, follows(locate(here.path), MAIN))

    assert here.git("for-each-ref") == before
