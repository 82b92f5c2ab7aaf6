"""Two trees: what came, went, moved, cannot be read."""

from __future__ import annotations

import pytest

from agnes.model.layout import MAX_BYTES
from tests.conftest import metric_yaml
from tests.diff.trees import LINK, METRIC, MODULE, TABLE, Trees, of

MRR = metric_yaml("mrr")
OTHER = "name: seats\nunit: count\nsql: SELECT COUNT(DISTINCT user_id) AS seats FROM users\n"
ORDERS = "id: orders\ndescription: One row per order\ncolumns:\n  month: {}\n  amount: {}\n"
USERS = "id: users\ncolumns:\n  user_id: {basetype: STRING, description: Who}\n  plan: {}\n"
BROKEN = "name: mrr\nsql: [\n"


def kinds(trees: Trees, old, new) -> list[tuple[str, str, str | None]]:
    return [(it.id, it.kind, it.from_) for it in trees.compare(old, new).changes]


def test_the_same_tree_differs_in_nothing(trees: Trees) -> None:
    files = {METRIC: MRR, TABLE: ORDERS, "metrics/revenue/x.yml": BROKEN, "metrics/a.yml": "a"}
    found = trees.compare(files, files)
    assert (found.changes, found.troubles, found.verdict) == ((), (), "none")


KINDS = {
    "a metric comes": ({}, {METRIC: MRR}, [("revenue/mrr", "added", None)]),
    "a metric goes": ({METRIC: MRR}, {}, [("revenue/mrr", "removed", None)]),
    "a table comes": ({}, {TABLE: ORDERS}, [("tables/orders", "added", None)]),
    "a table goes": ({TABLE: ORDERS}, {}, [("tables/orders", "removed", None)]),
    "a metric is renamed": (
        {METRIC: MRR},
        {"metrics/revenue/net_mrr.yml": MRR.replace("name: mrr", "name: net_mrr")},
        [("revenue/net_mrr", "renamed", "revenue/mrr")],
    ),
    "a metric moves": (
        {METRIC: MRR},
        {"metrics/finance/mrr.yml": MRR},
        [("finance/mrr", "renamed", "revenue/mrr")],
    ),
    "a table is renamed": (
        {TABLE: ORDERS},
        {"tables/sales.yml": ORDERS.replace("id: orders", "id: sales")},
        [("tables/sales", "renamed", "tables/orders")],
    ),
    "a table is renamed by case": (
        {TABLE: ORDERS},
        {"tables/Orders.yml": ORDERS.replace("id: orders", "id: Orders")},
        [("tables/Orders", "renamed", "tables/orders")],
    ),
    "two metrics swap their places": (
        {METRIC: MRR, "metrics/revenue/seats.yml": OTHER},
        {
            METRIC: OTHER.replace("name: seats", "name: mrr"),
            "metrics/revenue/seats.yml": MRR.replace("name: mrr", "name: seats"),
        },
        [("revenue/mrr", "changed", None), ("revenue/seats", "changed", None)],
    ),
    "a metric is copied": (
        {METRIC: MRR},
        {METRIC: MRR, "metrics/revenue/arr.yml": MRR.replace("name: mrr", "name: arr")},
        [("revenue/arr", "added", "revenue/mrr")],
    ),
    "a metric is copied to another category": (
        {METRIC: MRR},
        {METRIC: MRR, "metrics/finance/mrr.yml": MRR},
        [("finance/mrr", "added", "revenue/mrr")],
    ),
    "a metric is copied and its model changed": (
        {METRIC: MRR},
        {METRIC: MRR + "owner: ada\n", "metrics/revenue/arr.yml": MRR.replace("mrr\n", "arr\n", 1)},
        [("revenue/arr", "added", "revenue/mrr"), ("revenue/mrr", "changed", None)],
    ),
    "a table is copied": (
        {TABLE: ORDERS},
        {TABLE: ORDERS, "tables/sales.yml": ORDERS.replace("id: orders", "id: sales")},
        [("tables/sales", "added", "tables/orders")],
    ),
    "a metric takes the place of another that is unlike it": (
        {METRIC: MRR},
        {"metrics/revenue/seats.yml": OTHER},
        [("revenue/mrr", "removed", None), ("revenue/seats", "added", None)],
    ),
    "a metric is no table's new name": (
        {METRIC: MRR},
        {"tables/mrr.yml": USERS.replace("users", "mrr")},
        [("revenue/mrr", "removed", None), ("tables/mrr", "added", None)],
    ),
    "an ending changes": (
        {METRIC: MRR},
        {"metrics/revenue/mrr.yaml": MRR},
        [("revenue/mrr", "changed", None)],
    ),
    "an ending and the text change": (
        {METRIC: MRR},
        {"metrics/revenue/mrr.yaml": MRR + "owner: ada\n"},
        [("revenue/mrr", "changed", None)],
    ),
    "the index has another ending": (
        {"metrics/metrics.yml": "version: '2.0'\n"},
        {"metrics/metrics.yaml": "version: '2.1'\n"},
        [("metrics/metrics.yml", "changed", None)],
    ),
    "the settings go": ({"agnes.yml": ""}, {}, [("agnes.yml", "removed", None)]),
    "a file that is not read changes": (
        {"README.md": "a", "metrics/.hidden.yml": "a", "metrics/notes.txt": "a"},
        {"README.md": "b", "metrics/.hidden.yml": "b", "metrics/notes.txt": "b"},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", KINDS)
def test_what_becomes_of_a_definition(trees: Trees, what: str) -> None:
    old, new, expected = KINDS[what]
    assert kinds(trees, old, new) == expected


def test_another_ending_alone_is_cosmetic_and_names_both(trees: Trees) -> None:
    change = trees.change({METRIC: MRR}, {"metrics/revenue/mrr.yaml": MRR})
    [field] = change.fields
    assert (change.class_, field.old, field.new) == (
        *("cosmetic", METRIC),
        "metrics/revenue/mrr.yaml",
    )


def test_a_rename_is_breaking_and_says_so_of_the_id(trees: Trees) -> None:
    new = {"metrics/revenue/net.yml": MRR.replace("name: mrr", "name: net")}
    change = trees.change({METRIC: MRR}, new)
    assert (change.class_, *of("id", change)) == ("breaking", "breaking", "renamed")
    assert [it.field for it in change.fields] == ["id"]


def test_a_move_and_an_edit_are_told_together(trees: Trees) -> None:
    new = MRR.replace("unit: USD", "unit: EUR").replace("SUM(", "AVG(")
    change = trees.change({METRIC: MRR}, {"metrics/finance/mrr.yml": new})
    assert (change.id, change.from_, change.class_) == (
        *("finance/mrr", "revenue/mrr"),
        "result-changing",
    )
    assert of("id", change) == ("breaking", "moved")
    assert {it.field for it in change.fields} == {"id", "unit", "sql"}


def test_many_renames_each_find_their_own(trees: Trees) -> None:
    texts = [metric_yaml(f"m{at}").replace("amount", f"amount_{at}") for at in range(40)]
    old = {f"metrics/a/m{at}.yml": text for at, text in enumerate(texts)}
    new = {f"metrics/b/m{at}.yml": text for at, text in enumerate(texts)}
    assert kinds(trees, old, new) == sorted((f"b/m{at}", "renamed", f"a/m{at}") for at in range(40))


def test_hundreds_of_renames_with_edits_take_no_minute(trees: Trees) -> None:
    texts = [metric_yaml(f"m{at}").replace("amount", f"amount_{at}") for at in range(300)]
    old = {f"metrics/a/m{at}.yml": text for at, text in enumerate(texts)}
    new = {f"metrics/b/m{at}.yml": f"{text}owner: ada\n" for at, text in enumerate(texts)}
    found = trees.compare(old, new)
    assert {(it.from_ or "")[2:] == it.id[2:] for it in found.changes} == {True}


def test_a_file_with_a_mistake_is_told_and_its_neighbours_are_compared(trees: Trees) -> None:
    neighbour = {"metrics/revenue/seats.yml": OTHER}
    new = {METRIC: BROKEN, "metrics/revenue/seats.yml": OTHER.replace("count", "users")}
    found = trees.compare({METRIC: MRR} | neighbour, new)
    assert [(it.id, it.class_) for it in found.changes] == [
        ("revenue/mrr", "breaking"),
        ("revenue/seats", "breaking"),
    ]
    [trouble] = found.troubles
    assert (trouble.id, trouble.side, trouble.path) == ("revenue/mrr", "head", METRIC)
    assert trouble.line > 0
    assert of("file", found.changes[0]) == ("breaking", "does not validate any more")


def test_a_mistake_that_is_mended_is_compatible(trees: Trees) -> None:
    found = trees.compare({METRIC: BROKEN}, {METRIC: MRR})
    assert [it.side for it in found.troubles] == ["base"]
    assert of("file", found.changes[0]) == ("compatible", "validates again")


def test_a_file_that_cannot_be_read_on_either_side_is_no_small_change(trees: Trees) -> None:
    found = trees.compare({METRIC: BROKEN}, {METRIC: BROKEN + "unit: EUR\n"})
    assert [it.side for it in found.troubles] == ["base", "head"]
    assert of("file", found.changes[0]) == ("breaking", "does not validate, as before")


def test_beside_a_mistake_what_is_readable_is_compared(trees: Trees) -> None:
    new = MRR.replace("grain: monthly", "grain: montly").replace("SUM", "AVG")
    [change] = trees.compare({METRIC: MRR.replace("monthly", "daily")}, {METRIC: new}).changes
    assert {it.field for it in change.fields} == {"file", "sql"}  # no grain: nobody can tell


def test_a_comment_beside_an_old_mistake_is_cosmetic(trees: Trees) -> None:
    wrong = MRR.replace("grain: monthly", "grain: montly")
    [change] = trees.compare({METRIC: wrong}, {METRIC: f"# x\n{wrong}"}).changes
    assert change.class_ == "cosmetic"


def test_an_added_file_with_a_mistake_is_told(trees: Trees) -> None:
    found = trees.compare({}, {METRIC: BROKEN})
    assert [(it.id, it.kind) for it in found.changes] == [("revenue/mrr", "added")]
    assert of("file", found.changes[0]) == ("breaking", "does not validate")
    assert found.verdict == "major"


HUGE = MRR + "# " + "x" * MAX_BYTES
TROUBLES = {
    "a link in place of a metric": ({METRIC: MRR}, {METRIC: LINK}, METRIC, "symbolic links"),
    "a module in place of a metric": ({METRIC: MRR}, {METRIC: MODULE}, METRIC, "submodules"),
    "a link in place of a folder": ({METRIC: MRR}, {"metrics": LINK}, "metrics", "symbolic links"),
    "a metric in a deep folder": (
        *({}, {"metrics/a/b/c.yml": MRR}),
        *("metrics/a/b/c.yml", "not where a metric can be"),
    ),
    "a huge file": ({METRIC: MRR}, {METRIC: HUGE}, METRIC, "the limit is"),
    "no UTF-8": ({METRIC: MRR}, {METRIC: b"name: \xff\n"}, METRIC, ""),
    "an empty file": ({METRIC: MRR}, {METRIC: ""}, METRIC, ""),
    "a list of two": ({METRIC: MRR}, {METRIC: "- a: 1\n- b: 2\n"}, METRIC, "a list of 2 metrics"),
    "another name than the file's": (
        *({METRIC: MRR}, {METRIC: MRR.replace("name: mrr", "name: arr")}),
        *(METRIC, "the name is 'arr'"),
    ),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_what_cannot_be_read_is_told_and_gone_or_broken(trees: Trees, what: str) -> None:
    old, new, path, message = TROUBLES[what]
    found = trees.compare(old, new)
    assert [(it.path, it.side) for it in found.troubles] == [(path, "head")]
    assert message in found.troubles[0].message
    assert found.verdict == ("major" if old else "none")
    back = trees.compare(new, old)
    assert [(it.path, it.side) for it in back.troubles] == [(path, "base")]


def test_a_second_file_of_one_id_takes_its_place_or_is_told(trees: Trees) -> None:
    second = MRR.replace("unit: USD", "unit: EUR")
    found = trees.compare({METRIC: MRR}, {METRIC: MRR, "metrics/revenue/mrr.yaml": second})
    # `.yaml` comes first, so it is the one that is served.
    assert [(it.id, it.kind, it.class_) for it in found.changes] == [
        ("revenue/mrr", "changed", "breaking")
    ]
    assert [(it.path, it.side) for it in found.troubles] == [(METRIC, "head")]
    assert "already defined" in found.troubles[0].message


def test_a_second_file_of_an_id_in_another_case_is_told(trees: Trees) -> None:
    twin = {"tables/orders.yml": ORDERS, "tables/ORDERS.yml": ORDERS.replace("orders", "ORDERS", 1)}
    found = trees.compare({}, twin)
    assert [it.id for it in found.changes] == ["tables/ORDERS"]
    assert [it.path for it in found.troubles] == ["tables/orders.yml"]


def test_an_old_trouble_beside_a_change_is_not_told_again(trees: Trees) -> None:
    files = {METRIC: MRR, "metrics/revenue/Bad.yml": MRR}
    found = trees.compare(files, files | {METRIC: MRR + "owner: ada\n"})
    assert found.troubles == ()


READS = {
    "a star": ("SELECT * FROM users", True),
    "count of rows": ("SELECT COUNT(*) AS n FROM users", False),
    "the column": ("SELECT u.plan FROM users u", True),
    "another table's column": ("SELECT plan FROM orders", False),
    "by the schema's name": ("SELECT plan FROM main.users", True),
    "in another case": ('SELECT PLAN FROM "Users"', True),
    "in a join": ("SELECT user_id FROM users JOIN orders USING (plan)", True),
    "in text that is no query": ("SELECT plan FROM users WHERE (", True),
}


@pytest.mark.parametrize("what", READS)
def test_a_column_breaks_what_reads_it(trees: Trees, what: str) -> None:
    sql, reads = READS[what]
    metric = f"name: mrr\nsql: {sql!r}\n".replace('\\"', '"')
    files = {METRIC: metric, "tables/users.yml": USERS}
    change = trees.change(files, files | {"tables/users.yml": USERS.replace("  plan: {}\n", "")})
    assert change.class_ == ("breaking" if reads else "compatible")


def test_a_column_that_its_metric_no_longer_reads_may_go(trees: Trees) -> None:
    old = {METRIC: "name: mrr\nsql: SELECT plan FROM users\n", "tables/users.yml": USERS}
    new = {METRIC: "name: mrr\nsql: SELECT user_id FROM users\n"}
    new |= {"tables/users.yml": USERS.replace("  plan: {}\n", "")}
    found = {it.id: it.class_ for it in trees.compare(old, new).changes}
    assert found["tables/users"] == "compatible"
