from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from agnes.git.history import commit_before, earlier_versions, file_histories
from agnes.git.refs import locate
from agnes.git.repository import Repository
from tests.conftest import GitRepository

START = 1_700_000_000
SEPARATOR = "\x1f"


class Story:
    """A history whose commits are a minute apart and by different people."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository
        self.count = 0

    def change(self, *, write: str | None = None, text: str = "") -> None:
        if write:
            self.repository.write(write, text or f"version {self.count}\n")
        self.commit()

    def commit(self) -> str:
        self.repository.git("add", "--all")
        return self.git("commit", "--quiet", "--allow-empty", "--message", f"Change {self.count}")

    def git(self, *arguments: str) -> str:
        self.count += 1
        date = f"{START + 60 * self.count} +0100"
        return self.repository.git(
            *arguments,
            GIT_AUTHOR_NAME=f"Author {self.count}",
            GIT_AUTHOR_DATE=f"{START} +0000",
            GIT_COMMITTER_DATE=date,
        )


@pytest.fixture
def story(repository):
    return Story(repository)


def straight(story):
    for path in ("a.yml", "b.yml", "a.yml", "b.yml", "c/d.yml", "a.yml"):
        story.change(write=path)


def renamed(story):
    story.change(write="a.yml", text="the same\n")
    story.repository.git("mv", "a.yml", "b.yml")
    story.commit()
    story.change(write="b.yml", text="other\n")


def deleted(story):
    story.change(write="a.yml")
    story.change(write="b.yml")
    (story.repository.path / "a.yml").unlink()
    story.commit()


def deleted_and_added_again(story):
    deleted(story)
    story.change(write="a.yml")


def changed_and_changed_back(story):
    for text in ("one\n", "two\n", "one\n"):
        story.change(write="a.yml", text=text)


def merged(story):
    story.change(write="a.yml")
    story.git("switch", "--quiet", "--create", "side")
    story.change(write="a.yml")
    story.change(write="side.yml")
    story.change(write="a.yml")
    story.git("switch", "--quiet", "main")
    story.change(write="main.yml")
    story.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    story.change(write="b.yml")


def merged_the_other_way_round(story):
    merged(story)
    story.git("switch", "--quiet", "side")
    story.change(write="side.yml")
    story.git("merge", "--quiet", "--no-ff", "--no-edit", "main")


def merged_with_a_conflict(story):
    story.change(write="a.yml", text="base\n")
    story.git("switch", "--quiet", "--create", "side")
    story.change(write="a.yml", text="theirs\n")
    story.git("switch", "--quiet", "main")
    story.change(write="a.yml", text="ours\n")
    story.repository.git("merge", "--quiet", "side", check=False)
    story.change(write="a.yml", text="both\n")


def modes_changed(story):
    story.change(write="a.yml")
    (story.repository.path / "a.yml").chmod(0o755)
    story.commit()


def file_became_folder(story):
    story.change(write="a")
    (story.repository.path / "a").unlink()
    story.change(write="a/b.yml")


def octopus(story):
    story.change(write="a.yml")
    for side in ("one", "two"):
        story.git("switch", "--quiet", "--create", side, "main")
        story.change(write=f"{side}.yml")
    story.git("switch", "--quiet", "main")
    story.git("merge", "--quiet", "--no-ff", "--no-edit", "one", "two")


STORIES = [
    straight,
    renamed,
    deleted,
    deleted_and_added_again,
    changed_and_changed_back,
    merged,
    merged_the_other_way_round,
    merged_with_a_conflict,
    modes_changed,
    file_became_folder,
    octopus,
]


def by_git(repository: GitRepository, path: str) -> tuple[str, ...]:
    """The first and the last commit of a path on the first-parent history, by git's client."""
    log = repository.git(
        "log",
        "--first-parent",
        "--diff-merges=first-parent",
        "--no-patch",
        f"--format=%H{SEPARATOR}%ct{SEPARATOR}%an",
        "HEAD",
        "--",
        path,
    ).split("\n")
    return log[-1], log[0]


def by_agnes(repository: GitRepository, **options: str) -> dict[str, tuple[str, ...]]:
    at = Repository(locate(repository.path))
    found = file_histories(at, at.resolve("HEAD"), **options)
    assert found is not None
    return {
        path: tuple(
            SEPARATOR.join((c.id, str(int(c.time.replace(tzinfo=UTC).timestamp())), c.author))
            for c in (history.first, history.last)
        )
        for path, history in found.items()
    }


@pytest.mark.parametrize("tell", STORIES)
def test_first_and_last_change_are_those_of_the_first_parent_log(story, tell):
    tell(story)

    found = by_agnes(story.repository)

    ever = story.repository.git(
        "log",
        "--first-parent",
        "--diff-merges=first-parent",
        "--no-renames",
        "--name-only",
        "--format=",
        "HEAD",
    )
    assert set(found) == set(ever.split())
    assert found == {path: by_git(story.repository, path) for path in found}


@pytest.mark.parametrize("depth", ["1", "2", "3"])
def test_a_shallow_clone_knows_as_much_as_its_own_log(story, tmp_path, depth):
    straight(story)
    shallow = GitRepository(tmp_path / "shallow")
    story.repository.git(
        "clone", "--quiet", "--depth", depth, f"file://{story.repository.path}", str(shallow.path)
    )

    found = by_agnes(shallow)

    assert found == {path: by_git(shallow, path) for path in shallow.git("ls-files").split()}


def test_times_are_the_committers_in_utc(story):
    story.change(write="a.yml")
    at = Repository(locate(story.repository.path))

    [history] = file_histories(at, at.resolve("HEAD")).values()

    assert history.first.time == datetime.fromtimestamp(START + 60, UTC).replace(tzinfo=None)


def test_only_changes_of_the_catalogs_folder_count(story):
    story.change(write="data/a.yml")
    story.change(write="elsewhere.yml")
    at = Repository(locate(story.repository.path / "data"))

    assert list(file_histories(at, at.resolve("HEAD"))) == ["a.yml"]


def test_a_walk_can_stop_at_a_commit(story):
    straight(story)
    at = Repository(locate(story.repository.path))

    found = file_histories(at, at.resolve("HEAD"), since=at.resolve("HEAD~2"))

    assert sorted(found) == ["a.yml", "c/d.yml"]


def test_a_walk_since_the_commit_itself_finds_nothing(story):
    straight(story)
    at = Repository(locate(story.repository.path))

    assert file_histories(at, at.resolve("HEAD"), since=at.resolve("HEAD")) == {}


def test_nothing_can_be_carried_on_from_a_commit_that_is_not_on_the_way(story):
    merged(story)
    at = Repository(locate(story.repository.path))

    assert file_histories(at, at.resolve("HEAD"), since=at.resolve("side")) is None
    assert file_histories(at, at.resolve("HEAD~1"), since=at.resolve("HEAD")) is None


def contents(repository: GitRepository, paths: set[str]) -> list[tuple[str, str]]:
    at = Repository(locate(repository.path))
    return [
        (entry.path, at.read(entry).decode().strip())
        for entry in earlier_versions(at, at.resolve("HEAD"), paths)
    ]


def test_earlier_versions_come_newest_first(story):
    for text in ("one", "two", "three", "two", "now"):
        story.change(write="a.yml", text=text)

    assert contents(story.repository, {"a.yml"}) == [
        ("a.yml", text) for text in ("two", "three", "two", "one")
    ]


def test_a_version_from_before_a_deletion_is_an_earlier_one(story):
    story.change(write="a.yml", text="before")
    (story.repository.path / "a.yml").unlink()
    story.commit()
    story.change(write="a.yml", text="now")

    assert contents(story.repository, {"a.yml"}) == [("a.yml", "before")]


def test_versions_of_a_side_branch_do_not_count(story):
    story.change(write="a.yml", text="base")
    story.git("switch", "--quiet", "--create", "side")
    story.change(write="a.yml", text="draft")
    story.change(write="a.yml", text="final")
    story.git("switch", "--quiet", "main")
    story.git("merge", "--quiet", "--no-ff", "--no-edit", "side")

    assert contents(story.repository, {"a.yml"}) == [("a.yml", "base")]


def test_the_walk_ends_when_nothing_is_wanted_any_more(story):
    for text in ("one", "two", "three"):
        story.change(write="a.yml", text=text)
    at = Repository(locate(story.repository.path))
    wanted = {"a.yml"}

    found = []
    for entry in earlier_versions(at, at.resolve("HEAD"), wanted):
        found.append(at.read(entry))
        wanted.discard(entry.path)

    assert found == [b"two"]


def test_a_file_that_never_changed_has_no_earlier_version(story):
    story.change(write="a.yml")
    story.change(write="b.yml")

    assert contents(story.repository, {"a.yml"}) == []


def test_the_newest_commit_before_a_time_is_found(story):
    straight(story)
    at = Repository(locate(story.repository.path))
    commits = [commit for commit, _ in at.first_parents(at.resolve("HEAD"))]

    for newer, older in pairwise(commits):
        assert commit_before(at, commits[0], at.commit(newer).time) == older
    assert commit_before(at, commits[0], at.commit(commits[-1]).time) is None
