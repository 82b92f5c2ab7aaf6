"""Pushing columns to a stack that others write to as well."""

from __future__ import annotations

import logging

import pytest

from agnes.errors import NotFoundError, UsageError
from agnes.sync.reading import open_snapshot
from tests.keboola.stack import TOKEN
from tests.publishing.conftest import ADDRESS, COMPANY, OURS, Project

NAME, NUMBER = "KBC.description", "KBC.datatype.basetype"
WORDS = {"id": {NUMBER: "INTEGER", NAME: "The number"}, "name": {NAME: "As it is registered"}}


def test_the_first_push_sends_all_that_is_known_and_records_it(project: Project):
    done = project.push()

    assert project.stack.said(ADDRESS, OURS) == WORDS
    (outcome,) = done.tables
    assert outcome.sent == {
        "id": {"basetype": "INTEGER", "description": "The number"},
        "name": {"description": "As it is registered"},
    }
    assert (outcome.equal, outcome.failed, done.commit) == (0, False, project.head())
    assert project.repository.git("show", "--stat", "--format=%s", "HEAD").startswith(
        "chore(metadata): record what was pushed of company"
    )
    assert project.receipt().splitlines() == [
        "# Written by `da admin metadata push`: what Keboola was told last. Not to be edited.",
        f"stack: {project.stack.url}",
        "table: in.c-crm.company",
        "columns:",
        "  id:",
        "    basetype: INTEGER",
        "    description: The number",
        "  name:",
        "    description: As it is registered",
    ]


def test_where_nothing_changed_nothing_is_sent_and_nothing_committed(project: Project):
    project.push()
    head, posts = project.head(), project.posts()

    done = project.push()

    assert (project.head(), project.posts(), done.commit) == (head, posts, None)
    assert (done.tables[0].sent, done.tables[0].equal) == ({}, 2)


def test_only_what_we_changed_is_sent(project: Project):
    project.push()
    project.describe("The number", "The company's number")

    outcome = project.one()

    assert outcome.sent == {"id": {"description": "The company's number"}}
    assert outcome.equal == 1
    assert project.stack.said(ADDRESS, OURS)["id"][NAME] == "The company's number"
    assert "The company's number" in project.receipt()


def test_what_was_changed_there_alone_is_left_and_told(project: Project):
    project.push()
    head = project.head()
    project.stack.say(ADDRESS, "name", NAME, "Trading name", OURS)

    outcome = project.one()

    (value,) = outcome.theirs
    assert (value.column, value.theirs, value.ours) == (
        "name",
        "Trading name",
        "As it is registered",
    )
    assert (outcome.sent, outcome.conflicts, outcome.failed) == ({}, [], False)
    assert project.stack.said(ADDRESS, OURS)["name"][NAME] == "Trading name"
    assert project.head() == head


def test_what_both_changed_is_a_conflict_with_three_values(project: Project):
    project.push()
    project.stack.say(ADDRESS, "name", NAME, "Trading name", OURS)
    project.describe("As it is registered", "Legal name")
    project.describe("The number", "Its number")

    outcome = project.one()

    assert [value.as_dict() for value in outcome.conflicts] == [
        {
            "column": "name",
            "key": "description",
            "ours": "Legal name",
            "theirs": "Trading name",
            "base": "As it is registered",
        }
    ]
    assert outcome.failed
    assert outcome.sent == {"id": {"description": "Its number"}}
    assert project.stack.said(ADDRESS, OURS)["name"][NAME] == "Trading name"
    assert "As it is registered" in project.receipt()


def test_keys_are_compared_one_by_one(project: Project):
    project.push()
    project.stack.say(ADDRESS, "id", NUMBER, "STRING", OURS)
    project.describe("The number", "Its number")

    outcome = project.one()

    assert outcome.sent == {"id": {"description": "Its number"}}
    assert [(value.key, value.theirs) for value in outcome.theirs] == [("basetype", "STRING")]


def test_force_takes_the_place_of_what_was_changed_there(project: Project):
    project.push()
    project.stack.say(ADDRESS, "name", NAME, "Trading name", OURS)
    project.stack.say(ADDRESS, "id", NAME, "Some number", OURS)
    project.describe("As it is registered", "Legal name")

    outcome = project.one(force=True)

    assert (outcome.conflicts, outcome.theirs) == ([], [])
    assert project.stack.said(ADDRESS, OURS)["name"][NAME] == "Legal name"
    assert project.stack.said(ADDRESS, OURS)["id"][NAME] == "The number"
    assert project.one().equal == 2


def test_a_conflict_ends_where_ours_is_made_equal(project: Project):
    project.push()
    project.stack.say(ADDRESS, "name", NAME, "Trading name", OURS)
    project.describe("As it is registered", "Trading name")
    posts = project.posts()

    done = project.push()

    assert (done.tables[0].equal, done.tables[0].failed, project.posts()) == (2, False, posts)
    assert "Trading name" in project.receipt()


def test_without_a_record_a_value_of_ours_there_that_differs_is_a_conflict(project: Project):
    project.stack.say(ADDRESS, "name", NAME, "Of an older instance", OURS)
    project.stack.say(ADDRESS, "id", NAME, "The number", OURS)

    outcome = project.one()

    assert [(it.column, it.base) for it in outcome.conflicts] == [("name", None)]
    assert outcome.sent == {"id": {"basetype": "INTEGER"}}
    assert "name" not in project.receipt()


@pytest.mark.parametrize("provider", ["user", "storage", "keboola.ex-db-mysql"])
def test_what_others_said_stands_in_the_way_of_nothing_and_stays(project: Project, provider):
    project.stack.say(ADDRESS, "name", NAME, "In their words", provider)

    outcome = project.one()

    assert project.stack.said(ADDRESS, OURS) == WORDS
    assert project.stack.said(ADDRESS, provider) == {"name": {NAME: "In their words"}}
    told = [(it.column, it.theirs, it.provider) for it in outcome.theirs]
    assert told == ([("name", "In their words", "user")] if provider == "user" else [])
    assert not outcome.failed


def test_a_table_that_was_made_anew_there_is_told_again(project: Project):
    project.push()
    project.stack.add(ADDRESS, ["id", "name", "paid"])
    head = project.head()

    outcome = project.one()

    assert (len(outcome.sent), project.stack.said(ADDRESS, OURS)) == (2, WORDS)
    assert project.head() == head


def test_what_we_say_nothing_of_any_more_stays_there(project: Project):
    project.push()
    project.describe(", description: The number", "")
    posts = project.posts()

    outcome = project.one()

    assert (outcome.sent, outcome.theirs, project.posts()) == ({}, [], posts)
    assert project.stack.said(ADDRESS, OURS)["id"][NAME] == "The number"


def test_columns_that_only_they_know_are_told(project: Project):
    project.stack.add(ADDRESS, ["id", "name", "paid", "since"])
    project.stack.say(ADDRESS, "since", NAME, "Customer since", "user")
    assert [(it.column, it.theirs) for it in project.one().theirs] == [("since", "Customer since")]


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(project: Project):
    head = project.head()

    done = project.push(dry_run=True)

    assert done.tables[0].sent["name"] == {"description": "As it is registered"}
    assert (project.posts(), project.head(), done.commit) == (0, head, None)


def test_blanks_and_letters_of_a_base_type_are_no_difference(project: Project):
    project.stack.say(ADDRESS, "id", NUMBER, "integer", OURS)
    project.stack.say(ADDRESS, "id", NAME, " The number\r\n", OURS)
    outcome = project.one()
    assert (outcome.sent, outcome.equal) == ({"name": {"description": "As it is registered"}}, 1)


def test_a_lost_answer_is_made_up_for_by_the_next_push(project: Project):
    project.stack.fail("metadata", -1, times=9, method="POST")
    done = project.push()
    assert (done.tables[0].sent, done.commit) == ({}, None)
    assert "no answer" in done.tables[0].errors[0]
    project.stack.faults.clear()
    posts = project.posts()

    done = project.push()

    assert (done.tables[0].equal, project.posts(), done.commit) == (2, posts, project.head())


def test_what_was_refused_is_not_recorded(project: Project):
    project.stack.refused = {"id"}

    outcome = project.one()

    assert list(outcome.sent) == ["name"]
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("id: ")
    assert "The number" not in project.receipt()
    project.stack.refused.clear()
    assert list(project.one().sent) == ["id"]


@pytest.mark.parametrize("status", [404, 405])
def test_an_older_stack_is_told_column_by_column(project: Project, status):
    project.stack.bulk = status
    outcome = project.one()
    assert (len(outcome.sent), outcome.errors) == (2, [])
    assert project.stack.said(ADDRESS, OURS) == WORDS
    assert project.posts() == 3


def test_a_column_that_is_not_there_is_named_and_the_others_are_pushed(project: Project):
    project.stack.add(ADDRESS, ["id"])
    outcome = project.one()
    assert outcome.errors == ["name: there is no such column there"]
    assert list(project.stack.said(ADDRESS, OURS)) == ["id"]
    assert "As it is registered" not in project.receipt()


def test_a_stack_that_writes_small_letters_has_the_columns_too(project: Project):
    project.stack.small_letters = True
    project.stack.add(ADDRESS, ["ID", "NAME", "PAID"])
    project.describe("  id:", "  ID:")
    project.push()
    assert project.stack.said(ADDRESS, OURS) == WORDS
    assert project.one().equal == 2


def test_a_table_that_is_not_there_does_not_stop_the_others(project: Project):
    project.repository.write("tables/deal.yml", COMPANY.replace("id: company", "id: deal"))
    project.repository.commit()

    done = project.push("deal", "company")

    deal, company = done.tables
    assert "in.c-crm.deal: 404" in deal.errors[0]
    assert (len(company.sent), done.failed) == (2, True)


@pytest.mark.parametrize("status", [0, 401])
def test_what_would_fail_for_all_tables_is_asked_once(project: Project, status):
    project.repository.write("tables/deal.yml", COMPANY.replace("id: company", "id: deal"))
    project.repository.commit()
    project.stack.fail("tables/", status, times=99)

    done = project.push("deal", "company")

    assert "not tried" in done.tables[1].errors[0]
    assert not any("company" in path for path in project.stack.paths())
    assert done.commit is None


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "content": b"<html>Sign in</html>"},
        {"status": 302, "headers": {"Location": "https://elsewhere.example.com/"}},
        {"status": 403},
    ],
    ids=["html", "redirect", "forbidden"],
)
def test_nothing_is_sent_where_theirs_cannot_be_read(project: Project, fault):
    project.stack.fail("tables/", method="GET", times=9, **fault)
    outcome = project.one()
    assert (len(outcome.errors), outcome.sent, project.posts()) == (1, {}, 0)


def test_another_stacks_record_is_none(project: Project):
    project.push()
    elsewhere = project.receipt().replace(project.stack.url, "https://connection.keboola.com")
    project.repository.write("pushed/company.yml", elsewhere)
    project.repository.commit()
    project.stack.say(ADDRESS, "name", NAME, "Trading name", OURS)

    outcome = project.one()

    assert [it.base for it in outcome.conflicts] == [None]
    assert project.stack.url in project.receipt()


def test_a_record_that_somebody_broke_is_said(project: Project):
    project.repository.write("pushed/company.yml", "columns: [")
    project.repository.commit()
    outcome = project.one()
    assert "pushed/company.yml" in outcome.errors[0]
    assert project.stack.asked == []


def test_what_cannot_be_recorded_is_pushed_all_the_same_and_said(project: Project):
    project.repository.write("pushed/company.yml", "somebody: works on it\n")
    done = project.push()
    assert "pushed/company.yml" in (done.unrecorded or "")
    assert project.stack.said(ADDRESS, OURS) == WORDS


def test_a_record_changes_nothing_of_what_is_served(project: Project):
    with open_snapshot(project.repository.path) as snapshot:
        before, metrics = snapshot.all_columns(), snapshot.metrics()

    done = project.push()

    with open_snapshot(project.repository.path) as snapshot:
        assert snapshot.info()["commit_id"] == done.commit
        assert (snapshot.all_columns(), snapshot.metrics()) == (before, metrics)
        assert snapshot.diagnostics() == []


def test_a_table_must_be_there_and_come_from_keboola(project: Project):
    with pytest.raises(NotFoundError, match="compny") as raised:
        project.push("company", "compny")
    assert "company" in (raised.value.hint or "")
    with pytest.raises(UsageError, match="not from keboola"):
        project.push("company", "orders")
    assert project.stack.asked == []


def test_where_nothing_is_known_nothing_is_asked(project: Project):
    project.repository.write("tables/company.yml", "id: company\nsource_type: keboola\n")
    project.repository.commit()
    outcome = project.one()
    assert (outcome.message, project.stack.asked) == ("No column metadata to push", [])


def test_the_token_is_in_no_commit_no_log_and_no_error(project: Project, caplog):
    caplog.set_level(logging.DEBUG)
    project.push()
    project.describe("The number", "Its number")
    echo = b'{"error": "bad token %s"}' % TOKEN.encode()
    project.stack.fail("metadata", 400, times=9, content=echo)
    done = project.push()
    assert "***" in done.tables[0].errors[0]
    everything = project.repository.git("log", "--all", "--patch") + caplog.text + repr(done)
    assert "canary" not in everything.casefold()


def test_an_answer_that_is_no_table_does_not_stop_the_others(project: Project):
    project.repository.write("tables/deal.yml", COMPANY.replace("id: company", "id: deal"))
    project.repository.commit()
    project.stack.fail("deal", 200, content=b"<html>[]</html>")
    deal, company = project.push("deal", "company").tables
    assert (len(deal.errors), len(company.sent)) == (1, 2)
