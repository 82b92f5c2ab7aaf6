"""What Keboola says of columns, as a proposal."""

from __future__ import annotations

import pytest

from agnes.errors import NotFoundError, UsageError
from agnes.git.refs import locate
from agnes.keboola import KeboolaError, Storage
from agnes.model.proposal import Proposal, ProposedColumn
from agnes.proposals.from_source import proposal_from_source
from agnes.sync.reading import open_snapshot
from agnes.yaml.dump import dump
from agnes.yaml.loader import load
from tests.keboola.conftest import FAST
from tests.keboola.stack import AT, TOKEN
from tests.publishing.conftest import ADDRESS, OURS, Project, project  # noqa: F401

DESCRIPTION, BASETYPE = "KBC.description", "KBC.datatype.basetype"


def propose(project: Project, *table_ids: str) -> Proposal:  # noqa: F811
    path = project.repository.path
    with (
        open_snapshot(path) as snapshot,
        Storage(project.stack.url, TOKEN, FAST) as storage,
    ):
        return proposal_from_source(storage, locate(path), snapshot, table_ids or None)


def columns(project: Project, *table_ids: str) -> dict[str, ProposedColumn]:  # noqa: F811
    tables = propose(project, *table_ids).tables
    return tables["company"].columns if tables else {}


@pytest.mark.parametrize("table_ids", [(), ("company",)], ids=["all", "one"])
def test_what_a_person_wrote_there_is_proposed_where_it_differs(project, table_ids):  # noqa: F811
    project.stack.say(ADDRESS, "id", DESCRIPTION, "Their number", "user")
    project.stack.say(ADDRESS, "name", DESCRIPTION, "As it is registered", "user")
    project.stack.say(ADDRESS, "paid", BASETYPE, "numeric", "storage")

    found = propose(project, *table_ids)

    assert found.tables["company"].columns == {
        "id": ProposedColumn(
            description="Their number",
            confidence="high",
            source="keboola_import",
            evidence=[f"KBC.description by a person in Keboola, {AT}"],
        ),
        "paid": ProposedColumn(
            basetype="NUMERIC",
            confidence="medium",
            source="keboola_import",
            evidence=[f"KBC.datatype.basetype by storage in Keboola, {AT}"],
        ),
    }
    assert len(project.stack.asked) == 1
    assert Proposal.model_validate(load(dump(found.to_yaml()))) == found


def test_a_person_counts_more_than_a_program(project):  # noqa: F811
    project.stack.say(ADDRESS, "paid", DESCRIPTION, "Extracted", "keboola.ex-db-mysql")
    project.stack.say(ADDRESS, "paid", DESCRIPTION, "What they paid", "user")
    assert columns(project)["paid"].description == "What they paid"


def test_a_program_fills_gaps_and_contradicts_nobody(project):  # noqa: F811
    project.stack.say(ADDRESS, "id", BASETYPE, "STRING", "storage")
    project.stack.say(ADDRESS, "name", BASETYPE, "STRING", "storage")
    found = columns(project)
    assert list(found) == ["name"]
    assert (found["name"].basetype, found["name"].description) == ("STRING", None)


def test_what_we_pushed_is_not_proposed_to_us(project):  # noqa: F811
    project.push()
    project.describe("The number", "Its number")
    assert propose(project).tables == {}


def test_what_was_changed_there_after_a_push_is(project):  # noqa: F811
    project.push()
    project.stack.say(ADDRESS, "name", DESCRIPTION, "Trading name", OURS)
    assert columns(project)["name"].description == "Trading name"


def test_a_column_that_only_they_know_is_proposed(project):  # noqa: F811
    project.stack.add(ADDRESS, ["id", "since"])
    project.stack.say(ADDRESS, "since", DESCRIPTION, "Customer since", "user")
    assert list(columns(project)) == ["since"]


def test_names_in_small_letters_are_our_columns(project):  # noqa: F811
    project.describe("  id:", "  ID:")
    project.stack.say(ADDRESS, "id", DESCRIPTION, "Their number", "user")
    assert list(columns(project)) == ["ID"]


def test_a_base_type_that_we_do_not_know_is_none(project):  # noqa: F811
    project.stack.say(ADDRESS, "paid", BASETYPE, "GEOGRAPHY", "user")
    assert columns(project) == {}


def test_their_text_may_hold_anything(project):  # noqa: F811
    project.stack.say(ADDRESS, "paid", DESCRIPTION, "a\x1b[2J \u202eb\r\n\U0001f600: 'c'\n", "user")
    found = propose(project)
    assert found.tables["company"].columns["paid"].description == (
        "a\N{REPLACEMENT CHARACTER}[2J \N{REPLACEMENT CHARACTER}b\n\U0001f600: 'c'"
    )
    assert Proposal.model_validate(load(dump(found.to_yaml()))) == found


def test_a_table_that_is_gone_there_is_an_error_if_it_was_asked_for(project):  # noqa: F811
    project.stack.tables.clear()
    assert propose(project).tables == {}
    with pytest.raises(KeboolaError, match=r"in\.c-crm\.company"):
        propose(project, "company")


def test_a_table_must_be_there_and_come_from_keboola(project):  # noqa: F811
    with pytest.raises(NotFoundError):
        propose(project, "compny")
    with pytest.raises(UsageError, match="not from keboola"):
        propose(project, "orders")
