from __future__ import annotations

import threading

import pytest

from agnes import changes as package
from agnes.cache.query import Snapshot
from agnes.changes.changes import Changes
from agnes.changes.wishes import Describe, Put, Remove, Update
from agnes.config import Person
from agnes.edit import Editor
from agnes.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from agnes.git.refs import locate
from agnes.load.certificate import definition
from agnes.load.pack import Pack
from agnes.model.table import Table
from agnes.sync.reading import open_snapshot
from tests.changes.conftest import ARR, GRACE, INDEX, MRR, changes, log, make, metric, put
from tests.conftest import GitRepository, metric_yaml


def served(at: GitRepository, metric_id: str = "revenue/mrr") -> dict | None:
    from agnes.sync.reading import Reading

    with open_snapshot(at.path, Reading(sync=False)) as snapshot:
        return snapshot.metric(metric_id)


def blob(at: GitRepository, path: str = MRR) -> str:
    return at.git("rev-parse", f"HEAD:{path}")


def meanwhile(at: GitRepository, path: str, text: str | None, monkeypatch) -> None:
    """Somebody commits after the change was planned, and before it is made."""
    original = Changes._alone

    def alone(self):
        if text is None:
            (at.path / path).unlink()
        else:
            at.write(path, text)
        at.commit("Meanwhile")
        return original(self)

    monkeypatch.setattr(Changes, "_alone", alone)


# A change on the branch


def test_a_change_is_the_users_commit_by_the_server_and_served_when_it_returns(catalog):
    changed = make(catalog, metric("new", "sales"))

    said = catalog.git("log", "-1", "--format=%H|%an <%ae>|%cn <%ce>|%s|%(trailers:only)")
    assert said.strip() == (
        f"{changed.commit}|Grace Hopper <grace@example.com>|Agnes <agnes@example.com>|"
        "feat(metrics): define sales/new|Agnes-Source: api"
    )
    assert (changed.branch, changed.is_review, changed.plan.added) == ("main", False, ["sales/new"])
    assert served(catalog, "sales/new")["source"] == "api"
    assert served(catalog, "sales/new")["author"] == "Grace Hopper"


def test_what_changes_nothing_is_no_commit(catalog):
    make(catalog, metric("new", "sales"))

    changed = make(catalog, metric("new", "sales"))

    assert (changed.commit, changed.plan.unchanged) == (None, ["sales/new"])
    assert len(log(catalog)) == 2


@pytest.mark.parametrize("name", ["", "  ", "Eve <eve@x>\n", "...", "\ud800", "\0", "<>"])
def test_a_name_that_git_cannot_hold_makes_no_broken_commit(catalog, name):
    changes(catalog).make(put(metric("new", "sales")), Person(name, "grace@example.com"))

    assert catalog.git("log", "-1", "--format=%ae") == "grace@example.com"
    assert catalog.git("log", "-1", "--format=%an")
    catalog.git("fsck", "--strict")


def test_fields_are_changed_and_comments_and_tests_are_kept(catalog):
    catalog.write(
        MRR, "# Ask Ada\n" + metric_yaml("mrr") + "tests: [{period: 2025-03, equals: 5}]\n"
    )
    catalog.commit()

    changes(catalog).make(
        Update(metric_id="revenue/mrr", fields={"unit": "EUR", "description": None}), GRACE
    )

    text = (catalog.path / MRR).read_text()
    assert "# Ask Ada" in text
    assert "tests: [{period: 2025-03, equals: 5}]" in text
    assert (served(catalog)["unit"], served(catalog)["description"]) == ("EUR", None)
    assert served(catalog)["synonyms"] == ["mrr synonym"]


@pytest.mark.parametrize(
    "wish",
    [Update(metric_id="revenue/none", fields={"unit": "EUR"}), Remove(metric_id="revenue/none")],
)
def test_what_is_not_there_can_be_neither_changed_nor_removed(catalog, wish):
    with pytest.raises(NotFoundError, match="'revenue/none' not found"):
        changes(catalog).make(wish, GRACE)


def test_a_metric_is_removed(catalog):
    changes(catalog).make(Remove(metric_id="revenue/mrr"), GRACE)

    assert served(catalog) is None
    assert log(catalog)[0] == "feat(metrics): remove revenue/mrr"


def test_columns_are_described_and_the_others_kept(catalog):
    wish = Describe(columns={"orders": {"amount": {"description": "In dollars"}}})

    changed = changes(catalog).make(wish, GRACE)

    assert changed.plan.changed == ["tables/orders"]
    with Snapshot(open_snapshot(catalog.path).path) as snapshot:
        found = {row["column_name"]: row["description"] for row in snapshot.columns("orders")}
    assert found == {"month": "The month", "amount": "In dollars"}


def test_a_table_is_put_as_a_metric_is(catalog):
    wish = Put(pack=Pack(tables={"users": Table(id="users")}), verb="register")

    changes(catalog).make(wish, GRACE)

    assert log(catalog)[0] == "feat(metrics): register tables/users"


def test_what_does_not_validate_is_refused_with_its_findings(catalog):
    with pytest.raises(InvalidError) as caught:
        make(catalog, metric("new", "sales", sql="DROP TABLE orders"))

    assert [found.code for found in caught.value.diagnostics] == ["AG402"]
    assert len(log(catalog)) == 1


def test_a_certificate_is_the_users_to_give(catalog):
    catalog.write("agnes.yml", "certifiers: [grace@example.com]\n")
    catalog.commit()
    found = Editor(locate(catalog.path)).metric("revenue/mrr")
    certificate = {"by": "grace@example.com", "on": "2026-01-01", "definition": definition(found)}
    wish = Update(metric_id=found.id, fields={"certified": certificate})

    changes(catalog).make(wish, GRACE)
    with pytest.raises(InvalidError):
        changes(catalog).make(
            Update(metric_id="revenue/arr", fields={"certified": certificate}),
            Person("Eve", "eve@example.com"),
        )


# Who has read what


def test_a_change_of_what_was_read_is_made(catalog):
    changes(catalog).make(put(metric(), read={"revenue/mrr": blob(catalog)}), GRACE)

    assert len(log(catalog)) == 2


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (put(metric(), read={"revenue/mrr": "0" * 40}), "not what you read"),
        (put(metric(), read={"revenue/mrr": None}), "is there already"),
        (put(metric("new"), read={"revenue/new": "0" * 40}), "not there any more"),
        (Remove(metric_id="revenue/mrr", read={"revenue/mrr": "0" * 40}), "not what you read"),
    ],
)
def test_a_change_of_what_is_not_what_was_read_is_refused(catalog, wish, message):
    with pytest.raises(PreconditionError, match=message):
        changes(catalog).make(wish, GRACE)
    assert len(log(catalog)) == 1


def test_only_a_new_metric_can_be_asked_for(catalog):
    changes(catalog).make(put(metric("new"), read={"revenue/new": None}), GRACE)

    assert log(catalog)[0] == "feat(metrics): define revenue/new"


# Others at the same time


def test_another_change_of_the_same_metric_meanwhile_is_a_conflict_and_nothing_is_lost(
    catalog, monkeypatch
):
    meanwhile(catalog, MRR, metric_yaml("mrr", "Theirs"), monkeypatch)

    with pytest.raises(ConflictError, match="newer commit"):
        make(catalog, metric())

    assert log(catalog) == ["Meanwhile", "Start"]


def test_another_change_of_what_was_read_meanwhile_is_said_as_that(catalog, monkeypatch):
    read = {"revenue/mrr": blob(catalog)}
    meanwhile(catalog, MRR, metric_yaml("mrr", "Theirs"), monkeypatch)

    with pytest.raises(PreconditionError):
        changes(catalog).make(put(metric(), read=read), GRACE)


def test_the_same_change_meanwhile_needs_no_other(catalog, monkeypatch):
    text = make(catalog, metric("same")).plan.files["metrics/revenue/same.yml"].decode()
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    meanwhile(catalog, "metrics/revenue/same.yml", text, monkeypatch)

    assert make(catalog, metric("same")).plan.unchanged == ["revenue/same"]


def test_another_metric_in_the_same_index_meanwhile_is_no_conflict(catalog, monkeypatch):
    catalog.write("metrics/metrics.yml", INDEX)
    catalog.commit()
    theirs = INDEX.replace("arr]", "arr, theirs]")
    meanwhile(catalog, "metrics/metrics.yml", theirs, monkeypatch)

    make(catalog, metric("mine"))

    assert "arr, theirs, mine" in (catalog.path / "metrics/metrics.yml").read_text()


def test_a_metric_that_was_removed_meanwhile_is_not_brought_back(catalog, monkeypatch):
    meanwhile(catalog, MRR, None, monkeypatch)

    with pytest.raises(ConflictError):
        make(catalog, metric())


def test_an_uncommitted_change_in_a_checkout_is_not_overwritten(catalog):
    catalog.write(MRR, "being written")

    with pytest.raises(ConflictError, match="uncommitted"):
        make(catalog, metric())

    assert (catalog.path / MRR).read_text() == "being written"
    assert catalog.git("status", "--porcelain") == f"M {MRR}"


def test_threads_that_change_different_metrics_all_succeed(catalog):
    catalog.write("metrics/metrics.yml", INDEX)
    catalog.commit()
    failed = []

    def work(who: int) -> None:
        try:
            for at in range(5):
                make(catalog, metric(f"m{who}_{at}", "sales"))
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(log(catalog)) == 22
    assert catalog.git("status", "--porcelain") == ""


def test_too_many_at_once_are_told_so(catalog, monkeypatch):
    monkeypatch.setattr(package.changes, "WAIT_SECONDS", 0.05)
    with changes(catalog)._alone(), pytest.raises(UnavailableError, match="waiting"):
        make(catalog, metric())


def test_a_change_that_cannot_be_served_is_kept_and_says_so(catalog, monkeypatch):
    from agnes.errors import CacheError

    def fail(_):
        raise CacheError("no space left")

    monkeypatch.setattr(package.changes, "reconcile", fail)

    with pytest.raises(UnavailableError, match="cannot be served yet: no space left"):
        make(catalog, metric())

    assert len(log(catalog)) == 2


# Review branches


def test_where_changes_are_reviewed_they_wait_on_a_branch(catalog):
    catalog.write("agnes.yml", "write_mode: branch\n")
    base = catalog.commit()

    changed = make(catalog, metric(unit="EUR", sql="SELECT 2"))

    assert changed.is_review
    assert changed.branch.startswith("agnes/grace/define-revenue-mrr-")
    assert catalog.git("rev-parse", "main", f"{changed.branch}~1").split() == [base, base]
    assert catalog.git("log", "-1", "--format=%an|%cn", changed.branch) == "Grace Hopper|Agnes"
    (word,) = changed.words
    assert (word["id"], word["kind"], word["class"]) == (
        "revenue/mrr",
        "changed",
        "result-changing",
    )
    assert "unit" in word["what"]
    assert served(catalog) is None or served(catalog)["unit"] == "USD"


def test_a_proposal_waits_on_a_branch_in_any_case(catalog):
    changed = make(catalog, metric("new"), review=True)

    assert (log(catalog), changed.is_review) == (["Start"], True)
    assert changed.words[0]["what"] == "added"


def test_a_proposal_that_changes_nothing_is_no_branch(catalog):
    make(catalog, metric("new"))

    changed = make(catalog, metric("new"), review=True)

    assert (changed.commit, changed.words) == (None, ())
    assert catalog.git("branch", "--list", "agnes/*") == ""


def test_two_proposals_of_the_same_have_two_branches(catalog):
    names = {make(catalog, metric("new"), review=True).branch for _ in range(2)}

    assert len(names) == 2


def test_a_proposal_does_not_tell_what_its_author_may_not_see(catalog):
    changed = make(catalog, metric(unit="EUR"), review=True, sees=lambda _: False)

    assert changed.words == (
        {"id": "revenue/mrr", "kind": "added", "class": "compatible", "what": "added"},
    )


# A remote


@pytest.mark.parametrize("follow", ["origin/main", "HEAD"])
def test_the_remote_has_a_change_when_it_is_acknowledged(remote, clone, follow):
    here = clone("here", follow)

    changed = make(here, metric("new"))

    assert remote.git("rev-parse", "main") == changed.commit
    assert changed.branch == "main"
    assert served(here, "revenue/new") is not None
    assert here.git("status", "--porcelain") == ""


@pytest.mark.parametrize("follow", ["origin/main", "HEAD"])
def test_a_change_that_is_behind_the_remote_is_made_anew_on_what_is_there(remote, clone, follow):
    here, elsewhere = clone("here", follow), clone("elsewhere")
    make(elsewhere, metric("theirs"))

    make(here, metric("mine"))

    assert log(remote)[:2] == [f"feat(metrics): define revenue/{who}" for who in ("mine", "theirs")]
    assert served(here, "revenue/theirs") is not None


@pytest.mark.parametrize("follow", ["origin/main", "HEAD"])
def test_a_change_of_what_the_remote_has_newer_is_a_conflict(remote, clone, follow):
    here, elsewhere = clone("here", follow), clone("elsewhere")
    make(elsewhere, metric(unit="EUR"))

    with pytest.raises(ConflictError):
        make(here, metric(unit="GBP"))

    assert len(log(remote)) == 2
    assert here.git("status", "--porcelain") == ""


def test_a_version_that_was_read_here_and_is_old_at_the_remote_is_refused(remote, clone):
    here, elsewhere = clone("here"), clone("elsewhere")
    read = {"revenue/mrr": blob(here)}
    make(elsewhere, metric(unit="EUR"))

    with pytest.raises(PreconditionError):
        changes(here).make(put(metric(unit="GBP"), read=read), GRACE)


def test_a_remote_that_is_gone_is_an_error_and_nothing_is_done(remote, clone):
    here = clone("here")
    before = here.git("for-each-ref")
    remote.path.rename(remote.path.with_name("away"))

    with pytest.raises(UnavailableError):
        make(here, metric("new"))

    assert here.git("for-each-ref") == before


def test_an_instance_that_may_not_push_changes_its_own_branch_alone(remote, clone):
    here = clone("here", "HEAD")

    changes(here, push=False).make(put(metric("new")), GRACE)

    assert (len(log(here)), len(log(remote))) == (2, 1)


def test_an_instance_that_may_not_push_cannot_change_what_a_fetch_sets(remote, clone):
    here = clone("here")

    with pytest.raises(UnavailableError, match="may not push") as caught:
        changes(here, push=False).make(put(metric("new")), GRACE)

    assert "AGNES_PUSH" in caught.value.hint


def test_a_proposal_is_pushed_and_the_remotes_branch_stays(remote, clone):
    here = clone("here")

    changed = make(here, metric("new"), review=True)

    assert remote.git("rev-parse", changed.branch) == changed.commit
    assert len(log(remote)) == 1


def test_an_import_by_the_command_line_goes_to_the_remote_too(remote, clone, tmp_path):
    from agnes.repositories import MetricRepository

    here = clone("here")
    MetricRepository(here.path).create(name="new", category="sales", sql="SELECT 1")

    assert log(remote)[0] == "feat(metrics): define sales/new"


def test_newer_commits_at_the_remote_are_looked_for(remote, clone):
    here, elsewhere = clone("here"), clone("elsewhere")
    make(elsewhere, metric(unit="EUR"))

    changes(here).refresh()

    assert served(here)["unit"] == "EUR"


def test_refreshing_without_a_remote_is_a_sync(catalog):
    catalog.write(ARR, metric_yaml("arr", unit="EUR"))
    catalog.commit()

    changes(catalog).refresh()

    assert served(catalog, "revenue/arr")["unit"] == "EUR"
