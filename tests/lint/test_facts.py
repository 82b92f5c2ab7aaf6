"""What files say together: which table a name means, which columns a metric has."""

from __future__ import annotations

import pytest

from agnes.lint.facts import CatalogFacts, MetricFacts, QueryFacts, TableFacts


def catalog(*facts: MetricFacts | TableFacts, **tables: str) -> CatalogFacts:
    return CatalogFacts(facts, {}, tables)


def table(id_: str, *columns: str) -> TableFacts:
    return TableFacts(f"tables/{id_}.yml", id_, dict.fromkeys(columns, "STRING"), [])


def metric(*reads: str, refused: int = 0, **keys: object) -> MetricFacts:
    query = QueryFacts("sql", "", [(name, 0, len(name)) for name in reads], ["given"])
    lists = {key: [] for key in ["tables", "dimensions", "synonyms", "inputs"]}
    values = dict.fromkeys(["table", "time_column", "replaced_by"]) | lists
    values |= {"display_name": "", "status": "active", "queries": [query], "refused": refused}
    return MetricFacts("m.yml", "a/m", **(values | keys))


TABLES = [
    *("orders", "Customers", "in.c-crm.company", "in.c-crm.contact", "in.c-erp.contact"),
    *("in.c-crm.orders", "sales.deals"),
]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("orders", "orders"),
        ("ORDERS", "orders"),
        ("main.orders", "orders"),
        ("MAIN.Orders", "orders"),
        ("customers", "Customers"),
        ("in.c-crm.company", "in.c-crm.company"),
        ("IN.C-CRM.COMPANY", "in.c-crm.company"),
        ("company", "in.c-crm.company"),
        ("Company", "in.c-crm.company"),
        ("main.company", "in.c-crm.company"),
        ("in.c-crm.orders", "in.c-crm.orders"),
        ("deals", "sales.deals"),
        ("contact", None),
        ("c-crm.company", None),
        ("crm", None),
        ("other.orders", None),
        ("", None),
    ],
)
def test_a_name_in_sql_means_a_table_by_its_id_or_by_a_last_part_that_is_free(name, meant):
    found = catalog(*map(table, TABLES)).table(name)

    assert (found and found.id) == meant


def test_the_columns_of_a_metric_are_those_of_all_tables_that_it_reads_or_names():
    facts = catalog(table("orders", "Amount"), table("users", "id"), table("plans", "plan"))

    read = metric("orders", tables=["users"], table="PLANS")

    assert facts.columns_of(read) == {"amount", "id", "plan"}
    assert facts.known_names(read) == {"amount", "id", "plan", "given"}


@pytest.mark.parametrize(
    "unclear",
    [
        metric("orders", "unknown"),
        metric("orders", "without"),
        metric("orders", "broken"),
        metric("orders", refused=1),
        metric(),
    ],
)
def test_columns_are_not_known_where_any_of_them_may_be_missing(unclear):
    facts = catalog(table("orders", "amount"), table("without"), broken="tables/broken.yml")

    assert facts.columns_of(unclear) is None
    assert facts.known_names(unclear) is None


def test_a_star_hides_what_a_query_gives():
    star = QueryFacts("sql_by_x", "", [("orders", 0, 6)], None)
    read = metric("orders")
    facts = catalog(table("orders", "amount"))

    assert facts.known_names(metric("orders", queries=[*read.queries, star])) is None


def test_a_table_whose_file_is_broken_is_registered_all_the_same():
    facts = catalog(table("orders", "amount"), orders="tables/orders.yml", users="tables/users.yml")

    assert facts.tables["orders"].whole
    users = facts.table("Users")
    assert users is not None
    assert (users.path, users.columns, users.whole) == ("tables/users.yml", {}, False)


def test_the_digest_of_a_table_is_that_of_its_columns():
    one, same = table("a", "x", "y"), table("b", "x", "y")

    assert one.digest == same.digest
    assert len({one.digest, table("a", "y", "x").digest, table("a", "x").digest}) == 3
