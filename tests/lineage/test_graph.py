from __future__ import annotations

from agnes.lineage.definition import Definition
from agnes.lineage.graph import Graph, Step

COLUMNS = {"orders": ["id", "amount"], "in.c-crm.company": ["id", "name"]}
ORDERS = "SELECT amount FROM orders"


def graph(*definitions: Definition) -> Graph:
    return Graph(definitions, COLUMNS)


def ids(steps: list[Step]) -> list[str]:
    return [step.id for step in steps]


def test_upstream_goes_through_inputs_down_to_columns():
    found = graph(Definition("a/ratio", ("SELECT 1",), ("a/sum",)), Definition("a/sum", (ORDERS,)))
    assert found.upstream("a/ratio") == [
        Step("a/sum", "metric", 1, ("a/ratio",)),
        Step("tables/orders", "table", 2, ("a/sum",)),
        Step("tables/orders.amount", "column", 2, ("a/sum",), table="orders"),
    ]


def test_what_is_reached_in_several_ways_is_there_once_with_all_of_them():
    found = graph(
        Definition("a/top", (ORDERS,), ("a/left", "a/right")),
        Definition("a/left", (ORDERS,)),
        Definition("a/right", ("SELECT id FROM orders",)),
    )
    [amount] = [step for step in found.upstream("a/top") if step.column == "amount"]
    assert (amount.depth, amount.via) == (1, ("a/top", "a/left"))


def test_downstream_goes_through_inputs_up_to_what_uses_them():
    found = graph(
        Definition("a/sum", (ORDERS,), used_by=("Sales dashboard",)),
        Definition("a/ratio", ("SELECT 1",), ("a/sum",), used_by=("Board report",)),
    )
    assert found.downstream("a/sum") == [
        Step("a/ratio", "metric", 1, ("a/sum",)),
        Step("Sales dashboard", "use", 1, ("a/sum",)),
        Step("Board report", "use", 2, ("a/ratio",)),
    ]


def test_cycles_end_where_they_began():
    found = graph(
        Definition("a/one", ("SELECT 1",), ("a/two",)),
        Definition("a/two", ("SELECT 1",), ("a/three", "a/two")),
        Definition("a/three", ("SELECT 1",), ("a/one",)),
    )
    assert ids(found.upstream("a/one")) == ["a/two", "a/three"]
    assert ids(found.downstream("a/one")) == ["a/three", "a/two"]
    assert found.built_on(["a/one"]) == ["a/three", "a/two"]


def test_what_the_catalog_does_not_have_is_marked():
    found = graph(Definition("a/b", ("SELECT x FROM lines, orders",), ("a/gone",)))
    unknown = [step.id for step in found.upstream("a/b") if not step.known]
    assert unknown == ["a/gone", "tables/lines", "tables/lines.x"]


def test_readers_of_a_column_read_it_and_not_only_its_table():
    found = graph(
        Definition("a/amount", (ORDERS,)),
        Definition("a/ids", ("SELECT id FROM orders",)),
        Definition("a/none", ("SELECT 'orders'",)),
        Definition("a/broken", ("SELEC FROM orders",)),
        Definition("a/star", ("FROM orders",)),
    )
    assert found.readers("Orders") == ["a/amount", "a/broken", "a/ids", "a/star"]
    assert found.readers("orders", "AMOUNT") == ["a/amount", "a/broken", "a/star"]


def test_a_table_is_read_by_the_last_part_of_its_id():
    found = graph(Definition("a/b", ("SELECT name FROM company",)))
    assert found.readers("in.c-crm.company", "name") == ["a/b"]


def test_a_deep_chain_of_metrics_is_walked():
    chain = [Definition(f"a/m{n}", (ORDERS,), (f"a/m{n - 1}",)) for n in range(1, 3000)]
    found = graph(Definition("a/m0", (ORDERS,)), *chain)
    assert found.downstream("a/m0")[-1].depth == 2999
    assert len(found.upstream("a/m2999")) == 2999 + 2


def test_layers_that_all_build_on_each_other_are_walked_once():
    layers = [[f"a/l{layer}_{n}" for n in range(20)] for layer in range(20)]
    metrics = [
        Definition(id_, (ORDERS,), tuple(layers[at - 1]) if at else ())
        for at, layer in enumerate(layers)
        for id_ in layer
    ]
    assert len(graph(*metrics).downstream("a/l0_0")) == 19 * 20
