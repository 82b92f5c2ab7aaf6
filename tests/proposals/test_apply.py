from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from agnes.edit import Editor
from agnes.errors import ConflictError, NotFoundError
from agnes.git.refs import locate
from agnes.proposals.apply import Application, apply, plan_proposal, unified_diff
from agnes.proposals.known import Data
from agnes.proposals.store import find
from tests.conftest import GitRepository
from tests.proposals.waiting import NAME, PATH, PROPOSAL, waiting

ORDERS = "tables/orders.yml"
APPLIED = f"proposals/applied/{NAME}.yml"
NEW = "tables: {orders: {columns: {%s: {description: New}}}}\n"


@pytest.fixture
def proposed(catalog: GitRepository) -> GitRepository:
    """The small catalog with its proposal."""
    return waiting(catalog)


def editor(at: GitRepository) -> Editor:
    return Editor(locate(at.path))


def plan(at: GitRepository, wanted: str = PATH, data: Data | None = None) -> Application:
    return plan_proposal(editor(at), find(locate(at.path), wanted), data or {})


def applied(at: GitRepository, wanted: str = PATH) -> Application:
    edit, stored = editor(at), find(locate(at.path), wanted)
    application = plan_proposal(edit, stored, {})
    apply(edit, application, stored)
    return application


def propose(at: GitRepository, text: str) -> GitRepository:
    at.write(PATH, text)
    at.commit("Propose")
    return at


def decided(verdict: str, replaces: str = "") -> str:
    more = f", replaces: {{{replaces}}}" if replaces else ""
    return f"{{verdict: {verdict}, by: Ada, at: 2026-01-31T12:00:00Z{more}}}"


def column(description: str, decision: str = "", name: str = "month") -> str:
    said = f", decision: {decision}" if decision else ""
    columns = f"{name}: {{basetype: DATE, description: {description}{said}}}"
    return f"tables: {{orders: {{columns: {{{columns}}}}}}}\n"


def names(items: list) -> list[str]:
    return [item.shown for item in items]


# What is taken


def test_all_is_taken_where_nothing_was_decided_but_for_what_a_person_wrote(proposed):
    application = plan(proposed)

    assert names(application.items) == ["orders.amount"]
    assert names(application.conflicts) == ["orders.month"]
    assert application.moved_to is None


def test_what_was_accepted_or_edited_is_taken_and_nothing_else(catalog):
    columns = {"a": "accepted", "b": "edited", "c": "rejected"}
    said = ", ".join(f"{name}: {{decision: {decided(it)}}}" for name, it in columns.items())
    propose(catalog, f"tables: {{orders: {{sampled: 1, columns: {{{said}, d: {{}}}}}}}}\n")

    application = applied(catalog)

    assert (names(application.items), application.undecided) == (["orders.a", "orders.b"], 1)
    written = (catalog.path / ORDERS).read_text()
    assert "  a:\n    confidence: high\n    source: ai_enrichment\n  b: {}\n" in written


def test_it_is_one_commit_that_moves_the_proposal(catalog):
    propose(catalog, column("The month", name="day").replace("{columns", "{sampled: 1, columns"))

    applied(catalog)

    assert catalog.git("log", "-1", "--format=%B") == (
        "feat(metadata): describe 1 column of tables/orders\n\nAgnes-Source: ai_enrichment"
    )
    changed = catalog.git("show", "--no-renames", "--name-status", "--format=", "HEAD").split()
    assert changed == ["D", PATH, "A", APPLIED, "M", ORDERS]
    assert catalog.git("status", "--porcelain") == ""


def test_comments_stay_and_what_is_not_said_is_kept(catalog):
    catalog.write(
        ORDERS, "id: orders\n# all\ncolumns:\n  amount: {basetype: NUMERIC, pii: true} # paid\n"
    )
    propose(catalog, "tables: {orders: {columns: {amount: {description: Paid, pii: false}}}}")

    applied(catalog)

    assert (catalog.path / ORDERS).read_text() == (
        "id: orders\n# all\ncolumns:\n  amount: {basetype: NUMERIC, description: Paid, "
        "confidence: high, source: ai_enrichment, pii: true} # paid\n"
    )


def test_applying_twice_changes_nothing(proposed):
    propose(proposed, PROPOSAL.replace("First day of the month", "The month"))
    applied(proposed)
    head = proposed.git("rev-parse", "HEAD")

    again = applied(proposed)

    assert again.was_applied
    assert proposed.git("rev-parse", "HEAD") == head


# What is not overwritten


def test_a_reviewer_who_saw_what_a_person_wrote_may_give_it_up(catalog):
    propose(catalog, column("Day one", decided("accepted", "description: The month")))

    assert names(applied(catalog).items) == ["orders.month"]
    assert "description: Day one" in (catalog.path / ORDERS).read_text()


@pytest.mark.parametrize("source", ["", "    source: ai_enrichment\n"])
def test_what_was_changed_since_the_review_is_not_overwritten(catalog, source):
    propose(catalog, column("Day one", decided("accepted", "description: The month")))
    now = f"id: orders\ncolumns:\n  month:\n    description: Newer\n{source}"
    catalog.write(ORDERS, now)
    catalog.commit()

    application = applied(catalog)

    assert names(application.conflicts) == ["orders.month"]
    assert (catalog.path / ORDERS).read_text() == now
    assert (catalog.path / PATH).exists()


def test_the_proposal_stays_until_its_conflicts_are_decided(proposed):
    applied(proposed)
    assert "description: Paid amount" in (proposed.path / ORDERS).read_text()
    proposed.write(
        PATH,
        PROPOSAL.replace(
            "        evidence",
            f"        decision: {decided('rejected')}\n" * 1 + "        evidence",
        ),
    )
    proposed.commit()

    assert applied(proposed).conflicts == []
    assert (proposed.path / APPLIED).exists()


def test_an_uncommitted_change_of_the_table_is_not_overwritten(catalog):
    propose(catalog, column("The month", name="month"))
    catalog.write(ORDERS, "id: orders\n")

    with pytest.raises(ConflictError):
        applied(catalog)
    assert (catalog.path / ORDERS).read_text() == "id: orders\n"


# Tables and columns that are not there


def test_an_unknown_table_names_the_nearest(catalog):
    propose(catalog, "tables: {order: {columns: {id: {}}}}")

    with pytest.raises(NotFoundError, match="order is not registered") as caught:
        plan(catalog)
    assert "orders" in (caught.value.hint or "")


def test_where_no_table_is_registered_one_is_by_being_described(catalog):
    catalog.git("rm", "--quiet", ORDERS)
    propose(catalog, "tables: {users: {columns: {id: {basetype: STRING}}}}")

    applied(catalog)

    assert "basetype: STRING" in (catalog.path / "tables/users.yml").read_text()


def test_a_table_whose_columns_were_all_rejected_need_not_be_there(catalog):
    said = f"{{gone: {{columns: {{id: {{decision: {decided('rejected')}}}}}}}}}"
    propose(catalog, f"tables: {said}")

    assert plan(catalog).items == []


@pytest.fixture
def data(tmp_path: Path) -> Data:
    file = tmp_path / "orders.parquet"
    duckdb.sql('SELECT 1 AS month, 2 AS "line\nbreak"').write_parquet(str(file))
    return {"orders": [file]}


def test_the_data_say_which_columns_there_are(catalog, data):
    propose(catalog, NEW % '"line\\nbreak"')
    assert names(plan(catalog, data=data).items) == ["orders.line\\nbreak"]
    propose(catalog, NEW % "months")

    with pytest.raises(NotFoundError, match=r"no such column: orders\.months") as caught:
        plan(catalog, data=data)
    assert "month" in (caught.value.hint or "")
    assert "--reject 'orders.months'" in (caught.value.hint or "")


def test_without_data_the_file_says_which_columns_there_are(catalog):
    propose(catalog, NEW % "amont")

    with pytest.raises(NotFoundError) as caught:
        plan(catalog)
    assert "amount" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "tables: {orders: {sampled: 5, columns: {new: {}}}}",
        "tables: {orders: {columns: {new: {source: keboola_import}}}}",
    ],
)
def test_a_proposal_that_was_made_from_the_data_knows_more_than_the_file(catalog, text):
    assert names(plan(propose(catalog, text)).items) == ["orders.new"]


def test_a_file_that_lists_no_columns_and_data_that_cannot_be_read_say_nothing(catalog, tmp_path):
    catalog.write(ORDERS, "id: orders\n")
    propose(catalog, NEW % "anything")
    (tmp_path / "orders.parquet").write_bytes(b"PAR1")

    assert names(plan(catalog).items) == ["orders.anything"]
    assert plan(catalog, data={"orders": [tmp_path / "orders.parquet"]}).items


# Where the proposal comes from


def test_a_proposal_on_a_branch_of_its_own_is_applied_where_the_catalog_is_served(proposed):
    propose(proposed, PROPOSAL.replace("First day of the month", "The month"))
    proposed.git("branch", f"proposals/{NAME}")
    proposed.git("reset", "--quiet", "--hard", "HEAD~2")

    applied(proposed, NAME)

    assert (proposed.path / APPLIED).exists()
    assert applied(proposed, NAME).was_applied


def test_a_proposal_that_is_not_committed_is_moved_all_the_same(catalog):
    catalog.write(PATH, column("The month"))

    applied(catalog)

    assert (catalog.path / APPLIED).read_text() == column("The month")
    assert catalog.git("status", "--porcelain") == ""


def test_a_proposal_from_elsewhere_is_copied(catalog, tmp_path):
    elsewhere = tmp_path / "proposal.json"
    elsewhere.write_text('{"tables": {"orders": {"columns": {"amount": {"basetype": "NUMERIC"}}}}}')

    applied(catalog, str(elsewhere))

    assert elsewhere.exists()
    assert (catalog.path / "proposals/applied/proposal.json").exists()
    assert applied(catalog, str(elsewhere)).was_applied


def test_another_one_of_the_same_name_takes_a_number(catalog, tmp_path):
    for description in ("One", "Two"):
        text = column(description, name="month").replace("basetype: DATE, ", "")
        text = text.replace("month", "amount")
        (tmp_path / "p.yml").write_text(text)
        applied(catalog, str(tmp_path / "p.yml"))

    files = sorted(path.name for path in (catalog.path / "proposals/applied").iterdir())
    assert files == ["p-2.yml", "p.yml"]
    assert "description: Two" in (catalog.path / ORDERS).read_text()


# The exact change


def test_a_plan_is_shown_as_a_diff_of_the_tables(catalog):
    propose(catalog, 'tables: {orders: {columns: {amount: {description: "Paid", pii: true}}}}')
    edit = editor(catalog)

    lines = unified_diff(edit, plan(catalog).plan)

    assert lines[:2] == ["--- a/tables/orders.yml", "+++ b/tables/orders.yml"]
    said = "description: Paid, confidence: high, source: ai_enrichment, pii: true"
    assert [line for line in lines[2:] if line[0] in "+-"] == [
        "-  amount: {basetype: NUMERIC}",
        f"+  amount: {{basetype: NUMERIC, {said}}}",
    ]
