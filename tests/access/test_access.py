from __future__ import annotations

import pytest

from agnes.access import Access, read_access
from agnes.access.access import Hidden
from agnes.cache.query import Snapshot
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from tests.conftest import GitRepository, metric_yaml

PAYROLL = "id: payroll\naccess: {groups: [finance, board]}\ncolumns:\n  amount: {}\n"


def metric(name: str, sql: str, more: str = "") -> str:
    return f"name: {name}\nunit: USD\ngrain: monthly\nsql: |\n  {sql}\n{more}"


@pytest.fixture
def access(catalog: GitRepository):
    """The access rules of the small catalog with some files more."""

    def access(files: dict[str, str], earlier: Access | None = None) -> Access:
        for path, content in files.items():
            catalog.write(path, content)
        catalog.commit()
        with Snapshot(reconcile(locate(catalog.path)).path) as snapshot:
            return read_access(snapshot, earlier)

    return access


def hidden(access: Access, *groups: str) -> set[str]:
    return set(access.hidden_from(frozenset(groups)).metrics)


def test_where_all_tables_are_public_nothing_is_hidden(access):
    found = access({})

    assert not found.hidden_from(frozenset())


def test_a_table_of_some_groups_is_hidden_from_all_others(access):
    found = access({"tables/payroll.yml": PAYROLL})

    assert found.hidden_from(frozenset()).tables == {"payroll"}
    assert found.hidden_from(frozenset({"sales"})).tables == {"payroll"}
    assert not found.hidden_from(frozenset({"board"}))
    assert not found.hidden_from(None)


@pytest.mark.parametrize("rule", ["is_public: false", "access: {groups: []}"])
def test_a_table_of_no_group_is_for_admins_alone(access, rule):
    found = access({"tables/payroll.yml": f"id: payroll\n{rule}\n"})

    assert found.hidden_from(frozenset({"finance"})).tables == {"payroll"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(amount) AS cost FROM payroll",
        'SELECT SUM(amount) AS cost FROM "PayRoll"',
        "SELECT SUM(p.amount) AS cost FROM orders o JOIN payroll p ON true",
        "WITH x AS (SELECT * FROM payroll) SELECT SUM(amount) AS cost FROM x",
        "SELECT (SELECT SUM(amount) FROM payroll) AS cost",
        "SELECT 1 AS cost WHERE EXISTS (SELECT 1 FROM payroll)",
        "SELECT SUM(amount) AS cost FROM orders UNION ALL SELECT amount FROM payroll",
        "WITH payroll AS (SELECT * FROM payroll) SELECT SUM(amount) AS cost FROM payroll",
    ],
)
def test_a_metric_is_hidden_that_reads_a_hidden_table_anywhere(access, sql):
    found = access({"tables/payroll.yml": PAYROLL, "metrics/revenue/cost.yml": metric("cost", sql)})

    assert hidden(found) == {"revenue/cost"}
    assert hidden(found, "finance") == set()


def test_a_metric_is_not_hidden_by_a_column_or_a_query_of_that_name(access):
    found = access(
        {
            "tables/payroll.yml": PAYROLL,
            "metrics/revenue/a.yml": metric("a", "SELECT SUM(payroll) AS a FROM orders"),
            "metrics/revenue/b.yml": metric(
                "b", "WITH payroll AS (FROM orders) SELECT SUM(amount) AS b FROM payroll"
            ),
        }
    )

    assert hidden(found) == set()


@pytest.mark.parametrize(
    "more",
    [
        "sql_by_team: SELECT SUM(amount) AS cost FROM payroll\n",
        "table: payroll\n",
        "tables: [payroll]\n",
    ],
)
def test_a_metric_is_hidden_by_a_variant_and_by_the_tables_that_it_names(access, more):
    cost = metric("cost", "SELECT SUM(amount) AS cost FROM orders", more)

    found = access({"tables/payroll.yml": PAYROLL, "metrics/revenue/cost.yml": cost})

    assert hidden(found) == {"revenue/cost"}


def test_a_metric_is_hidden_that_is_made_of_a_hidden_one(access):
    cost = metric("cost", "SELECT SUM(amount) AS cost FROM payroll")
    share = metric("share", "SELECT 1 AS share FROM orders", "inputs: [revenue/cost]\n")
    more = metric("more", "SELECT 1 AS more FROM orders", "inputs: [revenue/share]\n")

    found = access(
        {
            "tables/payroll.yml": PAYROLL,
            "metrics/revenue/cost.yml": cost,
            "metrics/revenue/share.yml": share,
            "metrics/revenue/more.yml": more,
        }
    )

    assert hidden(found) == {"revenue/cost", "revenue/share", "revenue/more"}


def test_a_table_is_found_by_the_last_part_of_its_id(access):
    found = access(
        {
            "tables/in.c-hr.payroll.yml": "id: in.c-hr.payroll\naccess: {groups: [hr]}\n",
            "metrics/revenue/a.yml": metric("a", 'SELECT 1 AS a FROM "in.c-hr.payroll"'),
            "metrics/revenue/b.yml": metric("b", "SELECT 1 AS b FROM payroll"),
        }
    )

    assert {"revenue/a", "revenue/b"} <= hidden(found)


def test_what_was_found_out_is_used_again_and_follows_the_files(access):
    cost = {"metrics/revenue/cost.yml": metric("cost", "SELECT 1 AS cost FROM payroll")}
    before = access({"tables/payroll.yml": PAYROLL} | cost)

    after = access(
        {"metrics/revenue/cost.yml": metric("cost", "SELECT 1 AS cost FROM orders")}, before
    )
    opened = access(cost | {"tables/payroll.yml": "id: payroll\naccess: public\n"}, after)

    assert (hidden(before), hidden(after), hidden(opened)) == ({"revenue/cost"}, set(), set())


def test_a_rule_of_today_holds_for_what_was_said_long_ago(catalog: GitRepository):
    catalog.write("metrics/revenue/x.yml", metric_yaml("x"))
    catalog.commit()
    with Snapshot(reconcile(locate(catalog.path)).path) as snapshot:
        found = read_access(snapshot, also={"orders": frozenset({"sales"})})

    assert found.hidden_from(frozenset()).tables == {"orders"}
    assert len(found.hidden_from(frozenset()).metrics) == 3
    assert not found.hidden_from(frozenset({"sales"}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reads payroll", True),
        ('FROM "PAYROLL"', True),
        ("payroll_2 and xpayroll", False),
        ("see hr/cost.", True),
        ("nothing", False),
    ],
)
def test_a_text_is_looked_through_for_names(text, told):
    seen = Hidden(frozenset({"payroll"}), frozenset({"hr/cost"}), frozenset({"payroll"}))

    assert seen.mentioned_in(text) is told
