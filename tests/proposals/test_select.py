from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.errors import AgnesError, NotFoundError, UsageError
from agnes.model.proposal import Proposal
from agnes.model.table import Column
from agnes.proposals.review import Known, Review, items_of
from agnes.proposals.select import Selector, decide


def proposal(**tables: dict[str, str]) -> Proposal:
    said = {
        id_: {"columns": {name: {"confidence": sure} for name, sure in columns.items()}}
        for id_, columns in tables.items()
    }
    return Proposal.model_validate({"tables": said})


ORDERS = {"id": "high", "first name": "high", "a.b": "medium", 'say "x"': "low", "x=y": "low"}
BOTH = proposal(orders=ORDERS, users={"id": "high"})


def selector(made: Proposal = BOTH) -> Selector:
    return Selector(items_of(made, {}))


def review(known: Known | None = None) -> Review:
    return Review(BOTH, known or {}, "Ada")


def verdicts(done: Review) -> dict[str, str]:
    return {item.shown: item.verdict for item in done.items if item.verdict}


@pytest.mark.parametrize("name", ORDERS)
def test_a_column_may_have_any_name(name):
    assert selector().column(f"orders.{name}") == ("orders", name)
    assert selector().column(f'orders."{name}"') == ("orders", name)


def test_a_name_that_is_no_text_is_found_as_it_is_shown():
    made = proposal(orders={"a\nb": "high"})

    assert selector(made).column("orders.a\\nb") == ("orders", "a\nb")


@pytest.mark.parametrize(
    ("name", "near"), [("orders.idd", "orders.id"), ("user.id", "users.id"), ("zzz", "orders")]
)
def test_an_unknown_column_names_the_nearest(name, near):
    with pytest.raises(NotFoundError) as caught:
        selector().column(name)

    assert near in (caught.value.hint or "")


def test_a_name_that_may_be_two_columns_is_refused():
    said = {"a": {"columns": {"b.c": {}}}, "a.b": {"columns": {"c": {}}}}
    made = Proposal.model_validate({"tables": said})

    with pytest.raises(UsageError) as caught:
        selector(made).column("a.b.c")
    assert caught.value.hint == 'write a."b.c" or a.b."c"'
    assert selector(made).column('a.b."c"') == ("a.b", "c")


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, unique=True))
def test_every_column_is_found_by_its_name_or_refused_as_two(names):
    made = proposal(orders=dict.fromkeys(names, "high"))
    for name in names:
        with suppress(UsageError):
            assert selector(made).column(f"orders.{name}") == ("orders", name)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("orders.id.description=a = b", ("orders", "id"), {"description": "a = b"}),
        ("orders.id.description=", ("orders", "id"), {"description": ""}),
        ("orders.x=y.basetype=DATE", ("orders", "x=y"), {"basetype": "DATE"}),
        ("orders.a.b.pii=true", ("orders", "a.b"), {"pii": True}),
        ('orders."a.b".pii=false', ("orders", "a.b"), {"pii": False}),
        (
            "orders.id.description=x.basetype=DATE",
            ("orders", "id"),
            {"description": "x.basetype=DATE"},
        ),
    ],
)
def test_an_assignment_names_column_field_and_value(text, key, said):
    assert selector().assignment(text) == (key, said)


@pytest.mark.parametrize(
    "text", ["", "orders.id", "orders.id=x", "orders.id.type=x", "orders.id.pii=maybe", "=x"]
)
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(UsageError):
        selector().assignment(text)


def test_an_assignment_to_an_unknown_column_names_the_nearest():
    with pytest.raises(NotFoundError) as caught:
        selector().assignment("orders.idd.description=x")

    assert "orders.id" in (caught.value.hint or "")


# What options do


def test_the_narrower_word_wins():
    done = review()

    decide(done, ["all", "orders.id"], ["orders"], ["orders.a.b.description=x"])

    assert verdicts(done) == {
        "orders.id": "accepted",
        "orders.first name": "rejected",
        "orders.a.b": "edited",
        'orders.say "x"': "rejected",
        "orders.x=y": "rejected",
        "users.id": "accepted",
    }


def test_a_confidence_names_its_columns():
    done = review()
    decide(done, ["high"], ["low"], [])

    assert verdicts(done) == {
        "orders.id": "accepted",
        "orders.first name": "accepted",
        "users.id": "accepted",
        'orders.say "x"': "rejected",
        "orders.x=y": "rejected",
    }


def test_only_a_name_accepts_over_what_a_person_wrote():
    made = Proposal.model_validate(
        {"tables": {"orders": {"columns": {"id": {"description": "Theirs"}}}}}
    )
    done = Review(made, {"orders": {"id": Column(description="Mine")}}, "Ada")

    for word in ("all", "high", "orders"):
        left = decide(done, [word], [], [])
        assert ([item.shown for item in left], verdicts(done)) == (["orders.id"], {})
    assert decide(done, ["all", "orders.id"], [], []) == []
    assert verdicts(done) == {"orders.id": "accepted"}


@pytest.mark.parametrize(
    ("accept", "reject", "assign"),
    [
        (["orders.id"], ["orders.id"], []),
        ([], ["orders.id"], ["orders.id.description=x"]),
        (["all", "nope"], [], []),
        ([], ["orders.nope"], []),
        (["all"], [], ["orders.id.basetype"]),
    ],
)
def test_what_makes_no_sense_decides_nothing(accept, reject, assign):
    done = review()

    with pytest.raises(AgnesError):
        decide(done, accept, reject, assign)
    assert done.changes == {}


def test_an_assignment_that_is_refused_decides_nothing():
    done = review()

    with pytest.raises(AgnesError):
        decide(done, ["all"], [], ["orders.id.basetype=TEXT"])
    assert done.changes == {}
