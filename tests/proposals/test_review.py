from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agnes.errors import InvalidError
from agnes.model.proposal import Proposal, ProposedColumn
from agnes.model.table import Column
from agnes.proposals.review import Item, Review

ID, NOTE, SUM = ("orders", "id"), ("orders", "note"), ("orders", "sum")


def review(**current: Column) -> Review:
    columns = {
        "id": {"basetype": "STRING", "description": "Number", "confidence": "high"},
        "note": {"description": "Text", "confidence": "low"},
        "sum": {"basetype": "NUMERIC", "confidence": "high"},
    }
    proposal = Proposal.model_validate({"tables": {"orders": {"columns": columns}}})
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return Review(proposal, {"orders": current}, "Ada <ada@example.com>", at)


def item(decision: dict[str, object] | None = None, **current: object) -> Item:
    said = {"basetype": "STRING", "description": "Number", "decision": decision}
    column = Column.model_validate(current) if current else None
    return Item("orders", "id", ProposedColumn.model_validate(said), column)


def decided(verdict: str, **replaces: str) -> dict[str, object]:
    by = {"by": "Ada", "at": "2026-01-31T12:00:00Z"}
    return {"verdict": verdict} | by | ({"replaces": replaces} if replaces else {})


# What is a conflict


@pytest.mark.parametrize(
    ("current", "conflict"),
    [
        ({}, ()),
        ({"pii": True}, ()),
        ({"basetype": "STRING"}, ()),
        ({"description": "Number"}, ()),
        ({"description": "Other"}, ("description",)),
        ({"basetype": "DATE", "description": "Other"}, ("basetype", "description")),
        ({"description": "Other", "source": "ai_enrichment", "confidence": "high"}, ()),
    ],
)
def test_a_conflict_is_what_a_person_wrote_and_the_proposal_says_otherwise(current, conflict):
    assert item(**current).conflict == conflict
    assert item(**current).open_conflict == conflict


def test_a_conflict_is_closed_by_who_saw_it_and_accepted():
    seen = decided("accepted", description="Other")

    assert item(seen, description="Other").open_conflict == ()
    assert item(seen, description="Newer").open_conflict == ("description",)
    assert item(decided("accepted"), description="Other").open_conflict == ("description",)


def test_what_was_changed_since_it_was_accepted_is_a_conflict_whoever_changed_it():
    other = {"description": "Other", "source": "ai_enrichment"}

    assert item(decided("accepted"), **other).open_conflict == ("description",)


# Decisions


def test_accepting_says_who_and_when():
    under_review = review()
    under_review.accept(ID)

    [(key, column)] = under_review.changes.items()
    assert key == ID
    assert column.decision is not None
    assert column.decision.model_dump(exclude_none=True) == {
        "verdict": "accepted",
        "by": "Ada <ada@example.com>",
        "at": "2026-01-31T12:00:00Z",
    }


def test_accepting_over_what_a_person_wrote_says_what_is_given_up():
    under_review = review(id=Column(description="Mine", basetype="STRING"))
    under_review.accept(ID)

    assert under_review.item(ID).open_conflict == ()
    decision = under_review.changes[ID].decision
    assert decision is not None
    assert decision.replaces is not None
    assert (decision.replaces.description, decision.replaces.basetype) == ("Mine", None)


def test_all_of_a_kind_are_accepted_but_for_what_a_person_wrote():
    under_review = review(id=Column(description="Mine"))
    under_review.reject(SUM)

    left = under_review.accept_all([ID, NOTE, SUM])

    assert [it.key for it in left] == [ID]
    assert [it.verdict for it in under_review.items] == [None, "accepted", "rejected"]


def test_what_is_edited_is_said_by_the_reviewer():
    under_review = review()
    under_review.edit(ID, description="Number of the order", basetype="integer")

    column = under_review.changes[ID]
    assert column.metadata() == {
        "basetype": "INTEGER",
        "description": "Number of the order",
        "confidence": "manual",
        "source": "manual",
    }
    under_review.accept(ID)
    assert under_review.item(ID).verdict == "edited"


def test_an_edit_that_changes_nothing_is_an_acceptance():
    under_review = review()
    under_review.edit(ID, description="Number", basetype="STRING")

    assert under_review.item(ID).verdict == "accepted"


def test_an_edit_may_say_less_and_mark_personal_data():
    under_review = review()
    under_review.edit(ID, basetype="", pii=True)

    assert under_review.changes[ID].metadata().keys() == {
        *("description", "pii", "confidence", "source"),
    }


def test_an_unknown_base_type_names_the_nearest():
    with pytest.raises(InvalidError) as caught:
        review().edit(ID, basetype="timestmp")

    assert caught.value.hint == "did you mean TIMESTAMP?"


def test_a_decision_may_be_taken_back_and_said_again_changes_nothing():
    under_review = review()
    under_review.accept(ID)
    under_review.reject(ID)
    under_review.reject(ID)
    assert under_review.item(ID).verdict == "rejected"
    under_review.accept(ID)

    assert under_review.item(ID).verdict == "accepted"
    assert list(under_review.changes) == [ID]


def test_the_counts_add_up():
    under_review = review(id=Column(description="Mine"))
    under_review.accept(NOTE)

    assert under_review.counts() == {
        "columns": 3,
        "accepted": 1,
        "edited": 0,
        "rejected": 0,
        "undecided": 2,
        "conflicts": 1,
    }
    under_review.reject(ID)
    assert under_review.counts()["conflicts"] == 0


def test_a_column_is_shown_on_one_line_whatever_it_is_called():
    odd = Item("orders", "a\n\x1b[2Jb", ProposedColumn.model_validate({}))

    assert odd.shown == "orders.a\\n\\x1b[2Jb"
