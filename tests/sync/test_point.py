from __future__ import annotations

from datetime import date

import pytest

from agnes.errors import RevisionError
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from agnes.sync.follow import follow_branch
from agnes.sync.point import find_commit
from tests.conftest import GitRepository

DAY = 86_400
NOON = 1_767_268_800  # 2026-01-01 12:00 UTC


@pytest.fixture
def days(catalog) -> list[str]:
    """A commit at noon of each of the first three days of 2026."""
    return [catalog.commit(f"day {at}", at=NOON + at * DAY) for at in range(3)]


def found(at: GitRepository, revision: str | None = None, as_of: date | None = None) -> str:
    return find_commit(Repository(locate(at.path), PARTS), revision, as_of)


def test_by_default_it_is_what_is_served(catalog, days):
    assert found(catalog) == days[-1]
    catalog.git("branch", "old", days[0])
    follow_branch(locate(catalog.path), "old")
    assert found(catalog) == days[0]
    assert found(catalog, as_of=date(2026, 2, 1)) == days[0]


def test_a_revision_is_what_git_resolves(catalog, days):
    assert found(catalog, "HEAD~1") == days[1]


def test_a_day_ends_at_midnight_in_utc(catalog):
    last = catalog.commit("last second", at=NOON + DAY // 2 - 1)
    first = catalog.commit("first second", at=NOON + DAY // 2)
    assert found(catalog, as_of=date(2026, 1, 1)) == last
    assert found(catalog, as_of=date(2026, 1, 2)) == first


@pytest.mark.parametrize("day", [date(2030, 1, 1), date.max])
def test_a_day_to_come_is_now(catalog, days, day):
    assert found(catalog, as_of=day) == days[-1]


def test_the_branch_is_meant_as_it_was_not_what_was_merged_later(catalog, days):
    catalog.git("switch", "--quiet", "--create", "side", days[0])
    catalog.commit("side", at=NOON + DAY + 60)
    catalog.git("switch", "--quiet", "main")
    date_ = f"{NOON + 3 * DAY} +0000"
    catalog.git("merge", "--quiet", "--no-ff", "--no-edit", "side", GIT_COMMITTER_DATE=date_)
    assert found(catalog, as_of=date(2026, 1, 2)) == days[1]


def test_a_day_before_the_first_commit_says_when_that_was(catalog):
    with pytest.raises(RevisionError, match="no commit of 2023-11-13 or before") as caught:
        found(catalog, as_of=date(2023, 11, 13))
    assert "2023-11-14" in caught.value.hint


def test_a_day_before_a_shallow_clone_says_how_to_fetch_more(catalog, days, tmp_path):
    clone = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", "--depth=1", f"file://{catalog.path}", str(clone.path))
    with pytest.raises(RevisionError) as caught:
        found(clone, as_of=date(2026, 1, 2))
    assert "git fetch --unshallow" in caught.value.hint
