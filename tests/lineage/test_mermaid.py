from __future__ import annotations

from agnes.lineage.definition import Definition
from agnes.lineage.graph import Graph
from agnes.lineage.lineage import Lineage
from agnes.lineage.mermaid import mermaid


def drawn(*definitions: Definition) -> list[str]:
    graph = Graph(definitions, {"orders": ["id", "amount"]})
    root = definitions[0].id
    found = Lineage(
        root, "metric", tuple(graph.upstream(root)), tuple(graph.downstream(root)), {}, ()
    )
    return mermaid(found).splitlines()


def test_arrows_lead_from_what_is_read_to_what_uses_it():
    assert drawn(
        Definition("a/sum", ("SELECT amount, id FROM orders",), used_by=("Board report",)),
        Definition("a/mean", ("SELECT 1",), ("a/sum",)),
    ) == [
        "flowchart LR",
        '  it["a/sum"]',
        '  n1[("tables/orders")]',
        '  n2["a/mean"]',
        '  n3>"Board report"]',
        '  n1 -->|"amount, id"| it',
        "  it --> n2",
        "  it --> n3",
        "  style it stroke-width:3px",
    ]


def test_labels_are_escaped():
    hostile = 'x"]; click it "javascript:alert(1)" <b> & #35; `\n%%{init}'
    [line] = [
        line for line in drawn(Definition("a/b", ("SELECT 1",), used_by=(hostile,))) if ">" in line
    ][:1]
    label = line.removeprefix('  n1>"').removesuffix('"]')
    assert not set(label) & set('"<>&`\n%{}[]')
    assert "#34;" in label


def test_a_cycle_is_drawn_without_end():
    lines = drawn(
        Definition("a/x", ("SELECT 1",), ("a/y",)), Definition("a/y", ("SELECT 1",), ("a/x",))
    )
    assert '  n1["a/y"]' in lines
