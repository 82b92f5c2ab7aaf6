from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Da
from tests.conftest import GitRepository
from tests.keboola.stack import TOKEN, running
from tests.proposals.waiting import NAME, PATH, PROPOSAL

APPLY = ("admin", "metadata", "apply")
OLDER = ("admin", "metadata-apply")
ORDERS = "tables/orders.yml"


@pytest.fixture
def proposed(here: GitRepository) -> GitRepository:
    here.write(PATH, PROPOSAL.replace("First day of the month", "The month"))
    here.commit("Propose")
    return here


def test_a_dry_run_shows_the_exact_change_and_makes_none(proposed, da: Da):
    head, before = proposed.git("rev-parse", "HEAD"), (proposed.path / ORDERS).read_text()

    done = da(*APPLY, NAME, "--dry-run")

    assert done.code == 0
    assert done.out.splitlines()[:5] == [
        "DRY RUN: nothing was changed",
        "  orders.month",
        "  orders.amount",
        "--- a/tables/orders.yml",
        "+++ b/tables/orders.yml",
    ]
    assert "+  amount: {basetype: NUMERIC, description: Paid amount, confidence: medium" in done.out
    assert (proposed.git("rev-parse", "HEAD"), (proposed.path / ORDERS).read_text()) == (
        head,
        before,
    )


def test_applying_is_a_commit_and_applying_again_is_none(proposed, da: Da):
    first, second = da(*APPLY, PATH), da(*APPLY, PATH)

    assert (first.code, first.out) == (0, "Imported 2 column(s) from proposal.\n")
    assert "committed" in first.err
    assert (second.code, second.out) == (
        0,
        f"Nothing to change: proposals/applied/{NAME}.yml was applied already\n",
    )
    shown = da("admin", "metadata", "show", "orders", "--json").json["columns"]
    assert {row["column_name"]: row["source"] for row in shown} == {
        "amount": "ai_enrichment",
        "month": "ai_enrichment",
    }


def test_json_tells_the_same(proposed, da: Da):
    said = da(*APPLY, PATH, "--json").json

    assert said["commit"] == proposed.git("rev-parse", "HEAD")
    assert (said["imported"], said["moved_to"]) == (2, f"proposals/applied/{NAME}.yml")
    assert [column["changed"] for column in said["columns"]] == [True, True]
    assert (said["conflicts"], said["dry_run"], said["branch"]) == ([], False, "main")
    assert said["diff"].startswith("--- a/tables/orders.yml")


def test_what_a_person_wrote_is_named_and_stays(proposed, da: Da):
    proposed.write(PATH, PROPOSAL)
    proposed.commit()

    done = da(*APPLY, PATH)

    assert (done.code, done.out) == (1, "Imported 1 column(s) from proposal.\n")
    assert "orders.month is not overwritten: a person wrote it" in done.err
    assert "The month         First day of the month" in done.err
    assert f"da admin metadata review {PATH}" in done.err
    assert da(*APPLY, PATH).out == "Nothing to change; no commit\n"


def test_review_then_apply(proposed, da: Da):
    da("admin", "metadata", "review", PATH, "--accept", "medium")

    done = da(*APPLY, PATH)

    assert done.out == "Imported 1 column(s) from proposal.\n"
    assert "1 column(s) were not decided on" in done.err


@pytest.fixture
def older(tmp_path) -> str:
    said = {"basetype": "STRING", "description": "Unique", "confidence": "high"}
    file = tmp_path / "proposal.json"
    file.write_text(json.dumps({"tables": {"orders": {"columns": {"amount": said}}}}))
    return str(file)


def test_the_older_spelling_says_the_older_words(here, older, da: Da):
    here.write(ORDERS, "id: orders\n")
    here.commit()

    dry = da(*OLDER, older, "--dry-run")
    assert (dry.code, "DRY RUN" in dry.out, "orders.amount" in dry.out) == (0, True, True)
    assert da(*OLDER, older).out == "Imported 1 column(s) from proposal.\n"
    assert da(*OLDER, older).code == 0


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
@pytest.mark.parametrize("command", [APPLY, OLDER])
def test_a_file_that_is_not_there_is_said_so(here, da: Da, command, more):
    done = da(*command, "nope.json", *more)

    assert (done.code, "not found" in done.err) == (1, True)


def test_without_a_catalog_a_proposal_can_be_read_and_not_applied(tmp_path, monkeypatch, older, da):
    monkeypatch.chdir(tmp_path)

    dry = da(*OLDER, older, "--dry-run")
    assert (dry.code, dry.out) == (0, "DRY RUN: nothing was changed\n  orders.amount\n")
    assert da(*OLDER, older, "--dry-run", "--json").json["columns"][0]["basetype"] == "STRING"
    done = da(*OLDER, older)
    assert done.code == 1
    assert "git clone" in done.err
    assert "not found" in da(*OLDER, "nope.json").err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tables: {order: {columns: {id: {}}}}", "did you mean: orders"),
        ("tables: {orders: {columns: {amont: {}}}}", "did you mean: amount"),
        ("tables: {orders: {colums: {}}}", "did you mean `columns`?"),
    ],
)
def test_what_is_not_there_names_the_nearest_and_changes_nothing(here, da: Da, text, words):
    here.write(PATH, text)
    head = here.commit()

    done = da(*APPLY, PATH)

    assert (done.code, done.out, words in done.err) == (1, "", True), done.err
    assert here.git("rev-parse", "HEAD") == head


COMPANY = "id: company\nsource_type: keboola\nbucket: in.c-crm\ncolumns:\n  id: {}\n  name: {}\n"
OF_COMPANY = """\
tables:
  company: {columns: {id: {basetype: INTEGER}, name: {description: As it is registered}}}
  orders: {columns: {amount: {description: Paid amount}}}
"""


@pytest.fixture
def stack(here: GitRepository, monkeypatch):
    here.write("tables/company.yml", COMPANY)
    here.write("proposals/company.yml", OF_COMPANY)
    here.commit("Propose")
    with running() as stack:
        stack.add("in.c-crm.company", ["id", "name"])
        monkeypatch.setenv("KBC_STACK_URL", stack.url)
        monkeypatch.setenv("KBC_STORAGE_TOKEN", TOKEN)
        yield stack


def test_what_was_applied_goes_on_to_the_source(stack, da: Da):
    done = da(*APPLY, "company", "--push-to-source")

    assert (done.code, done.out.splitlines()) == (
        0,
        ["Imported 3 column(s) from proposal.", "Pushed metadata for company to source."],
    )
    assert stack.said("in.c-crm.company", "ai-metadata-enrichment") == {
        "id": {"KBC.datatype.basetype": "INTEGER"},
        "name": {"KBC.description": "As it is registered"},
    }


def test_a_dry_run_pushes_nothing(stack, da: Da):
    assert da(*APPLY, "company", "--push-to-source", "--dry-run").code == 0
    assert stack.said("in.c-crm.company", "ai-metadata-enrichment") == {}


def test_a_push_that_fails_is_told_and_what_was_applied_stays(stack, da: Da, monkeypatch):
    monkeypatch.setenv("KBC_STORAGE_TOKEN", "another")

    done = da(*OLDER, "company", "--push-to-source", "--json")

    assert done.code == 1
    assert done.json["imported"] == 3
    assert "401" in done.json["pushed"]["tables"][0]["errors"][0]


def test_where_nothing_comes_from_keboola_nothing_is_pushed(proposed, da: Da):
    done = da(*APPLY, PATH, "--push-to-source")

    assert done.code == 0
    assert "nothing to push" in done.err
