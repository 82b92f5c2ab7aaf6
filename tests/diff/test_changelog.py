from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agnes.diff.changelog import log, release_notes
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"
START = 1_700_000_000
DAY = 86_400


@pytest.fixture
def changed(catalog):
    """Three commits after the first: the unit, only the layout, the query."""
    text = metric_yaml("mrr", "Monthly recurring revenue", unit="EUR")
    catalog.write(MRR, text)
    catalog.commit("feat: euro", at=START + DAY)
    catalog.git("tag", "v1")
    catalog.write(MRR, f"# layout\n{text}")
    catalog.commit("style: layout", at=START + 2 * DAY)
    catalog.write(MRR, text.replace("FROM orders", "FROM orders WHERE amount > 0"))
    catalog.commit("feat: no refunds", at=START + 3 * DAY)
    return catalog


def entries(at: GitRepository, since: object = None, **options: object):
    repository = Repository(locate(at.path), PARTS)
    if isinstance(since, str):
        since = repository.resolve(since)
    return list(log(repository, repository.resolve("HEAD"), since=since, **options))


def told(at: GitRepository, *since: object, **options: object) -> list[str]:
    return [entry.commit.message.strip() for entry in entries(at, *since, **options)]


def test_each_commit_that_changes_a_meaning_is_told(changed):
    assert told(changed) == ["feat: no refunds", "feat: euro", "Start"]


def test_what_is_less_grave_is_left_out(changed):
    assert told(changed, floor="result-changing") == ["feat: no refunds"]
    assert told(changed, floor="breaking") == ["feat: no refunds", "feat: euro"]
    assert len(told(changed, floor="cosmetic")) == 4


def test_since_a_revision_is_what_it_does_not_come_from(changed):
    assert told(changed, "v1") == ["feat: no refunds"]
    assert told(changed, "HEAD") == []


def test_since_a_commit_of_a_branch_is_since_it_parted(changed):
    changed.git("switch", "--quiet", "--create", "side", "v1")
    changed.write("metrics/revenue/arr.yml", metric_yaml("arr", unit="EUR"))
    changed.commit("side")
    changed.git("switch", "--quiet", "main")
    assert told(changed, "side") == ["feat: no refunds"]
    changed.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    assert told(changed, "side") == ["merge", "feat: no refunds"]


def test_since_a_time_is_at_it_or_after_it(changed):
    since = datetime.fromtimestamp(START + DAY, UTC).replace(tzinfo=None)
    assert told(changed, since) == ["feat: no refunds", "feat: euro"]


def test_a_shallow_clone_tells_where_it_ends(changed, tmp_path):
    clone = GitRepository(tmp_path / "clone")
    changed.git("clone", "--quiet", "--depth=2", f"file://{changed.path}", str(clone.path))
    assert [(entry.cut, len(entry.changes)) for entry in entries(clone)] == [(False, 1), (True, 0)]


def test_progress_is_told_by_commits(changed):
    seen: list[tuple[int, int]] = []
    entries(changed, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_what_is_mended_is_compared_with_what_was_served(catalog):
    catalog.write(MRR, "unit: [")
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    catalog.commit()
    fields = entries(catalog)[0].changes[0].fields
    assert [field.what for field in fields] == ["validates again", "unit changed"]


def test_release_notes_begin_with_the_gravest(changed):
    text = release_notes(entries(changed, floor="breaking"), "Since v1")
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == "## Since v1"
    assert lines[1].startswith("### 🔴 Result-changing")
    assert lines[2].startswith(
        "- `revenue/mrr`: `sql`: filter added (`amount > 0`) (2023-11-17, Ada"
    )
    assert lines[3].startswith("### 🟠 Breaking")
    assert lines[4].startswith("- `revenue/mrr`: unit changed (`USD` → `EUR`) (2023-11-15, ")


def test_nothing_in_release_notes_is_markup_of_somebodys(catalog):
    evil = "'<b>@x [y](http://z) `'"
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit=evil))
    catalog.git("add", "--all")
    catalog.git("commit", "--quiet", "--message", "x", GIT_AUTHOR_NAME="<i>**me**")
    text = release_notes(entries(catalog, floor="breaking"), "<u>")
    for markup in ("<b>", "<i>", "<u>", "**", "[y]", "@x", "http://"):
        assert markup not in text


def test_release_notes_of_nothing_say_so(changed):
    assert "No definition changed its meaning." in release_notes(entries(changed, "HEAD"), "New")
