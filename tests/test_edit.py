from __future__ import annotations

import pytest

from agnes.edit import Editor, subject
from agnes.errors import ConflictError, GitError, InvalidError, NoCommitError, NotFoundError
from agnes.git.refs import locate
from agnes.load.pack import Pack, metric_from_fields, with_columns
from agnes.model.metric import Metric
from agnes.model.table import Table
from agnes.yaml.loader import load
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"
INDEX = """\
# The order of the pages
version: "2.0"
categories:
  - name: Money      # the first page
    folder: revenue
    metrics: [mrr, arr]
"""


def metric(name: str = "mrr", category: str = "revenue", **fields: object) -> Metric:
    return metric_from_fields({"name": name, "category": category, "sql": "SELECT 1"} | fields)


def editor(at: GitRepository) -> Editor:
    return Editor(locate(at.path))


def put(at: GitRepository, *metrics: Metric, source: str = "api") -> str | None:
    edit = editor(at)
    return edit.apply(edit.put(Pack({found.id: found for found in metrics})), "feat: x", source)


def test_a_new_metric_is_planned_as_a_file_in_its_category(catalog):
    plan = editor(catalog).put(Pack({"sales/new": metric("new", "sales")}))

    assert list(plan.files) == ["metrics/sales/new.yml"]
    assert (plan.added, plan.changed, plan.unchanged, plan.removed) == (["sales/new"], [], [], [])


def test_a_plan_changes_nothing(catalog):
    before = catalog.git("rev-parse", "HEAD")

    editor(catalog).put(Pack({"sales/new": metric("new", "sales")}))

    assert catalog.git("rev-parse", "HEAD") == before
    assert catalog.git("status", "--porcelain") == ""


def test_a_plan_is_applied_as_one_commit_that_says_what_and_whence(catalog):
    commit = put(catalog, metric("new", "sales"), metric("mrr", unit="EUR"))

    assert catalog.git("rev-parse", "HEAD") == commit
    assert catalog.git("log", "-1", "--format=%B") == (
        "feat: x\n\nAdd sales/new\nChange revenue/mrr\n\nAgnes-Source: api"
    )
    assert catalog.git("log", "-1", "--format=%(trailers:key=Agnes-Source,valueonly)") == "api"
    assert catalog.git("status", "--porcelain") == ""


def test_the_message_of_a_single_change_has_no_list(catalog):
    put(catalog, metric("new", "sales"))

    assert catalog.git("log", "-1", "--format=%B") == "feat: x\n\nAgnes-Source: api"


def test_what_is_unchanged_makes_no_commit(catalog):
    put(catalog, metric("new", "sales"))
    before = catalog.git("rev-parse", "HEAD")

    assert put(catalog, metric("new", "sales")) is None
    assert catalog.git("rev-parse", "HEAD") == before


@pytest.mark.parametrize(
    "text",
    [
        "name: new\nsql: SELECT 1\n",
        "- name: new\n  sql: SELECT 1\n",
        "sql: SELECT 1\nname: new\nstatus: active\ngrain: monthly\ntags: []\n",
        "\ufeffname: new\r\nsql: SELECT 1\r\n",
    ],
)
def test_a_file_that_says_the_same_in_another_way_is_unchanged(catalog, text):
    catalog.write("metrics/sales/new.yml", text)
    catalog.commit()

    plan = editor(catalog).put(Pack({"sales/new": metric("new", "sales")}))

    assert (plan.files, plan.unchanged) == ({}, ["sales/new"])


def test_an_edit_keeps_comments_and_the_order_of_keys(catalog):
    text = "# Ask Ada first\nsql: SELECT 1  # canonical\nname: new\nunit: USD # dollars\n"
    catalog.write("metrics/sales/new.yml", text)
    catalog.commit()

    put(catalog, metric("new", "sales", unit="EUR"))

    expected = text.replace("unit: USD # dollars", "unit: EUR # dollars")
    lines = (catalog.path / "metrics/sales/new.yml").read_text().splitlines()
    assert [line for line in expected.splitlines() if line not in lines] == []


def test_the_tests_of_a_metric_stay_where_nothing_is_said_of_them(catalog):
    catalog.write(
        MRR, metric_yaml("mrr") + "tests:\n  - {period: 2025-03, equals: 5} # the ledger\n"
    )
    catalog.commit()

    put(catalog, metric("mrr", unit="EUR"))
    assert "- {period: 2025-03, equals: 5} # the ledger" in (catalog.path / MRR).read_text()

    put(catalog, metric("mrr", tests=[]))
    assert "tests" not in (catalog.path / MRR).read_text()


def test_the_older_spelling_of_table_is_kept(catalog):
    catalog.write("metrics/sales/new.yml", "name: new\ntable_name: orders\nsql: SELECT 1\n")
    catalog.commit()

    put(catalog, metric("new", "sales", table_name="users"))

    assert "table_name: users" in (catalog.path / "metrics/sales/new.yml").read_text()


def test_a_table_keeps_the_defaults_that_its_file_writes_out(catalog):
    written = (
        "id: orders\nname:\nsource_type: local\nquery_mode: local  # for now\naccess: public\n"
        "columns:\n  month: {basetype: DATE, confidence: manual, pii: false}\n  note:\n"
        "  amount:\n    basetype: NUMERIC\n    source: manual\n"
    )
    catalog.write("tables/orders.yml", written)
    catalog.commit()
    edit = editor(catalog)
    described = {"amount": {"basetype": "NUMERIC", "description": "Paid"}, "new": {}}

    plan = edit.put(Pack(tables={"orders": with_columns(edit.table("orders"), described)}))

    expected = written.replace("    source", "    description: Paid\n    source")
    assert plan.files["tables/orders.yml"] == f"{expected}  new: {{}}\n".encode()


def test_columns_come_behind_what_a_file_writes_out(catalog):
    written = "id: orders\nfolder: sales\naccess: public\n"
    catalog.write("tables/orders.yml", written)
    catalog.commit()
    edit = editor(catalog)

    plan = edit.put(Pack(tables={"orders": with_columns(edit.table("orders"), {"id": {}})}))

    assert plan.files["tables/orders.yml"] == f"{written}columns:\n  id: {{}}\n".encode()


def test_a_default_that_is_new_takes_the_place_of_what_the_file_says(catalog):
    catalog.write("tables/orders.yml", "id: orders\naccess: {groups: [hr]}\nquery_mode: remote\n")
    catalog.commit()

    plan = editor(catalog).put(Pack(tables={"orders": Table(id="orders")}))

    assert plan.files["tables/orders.yml"] == b"id: orders\n"


def test_a_file_that_does_not_validate_is_replaced(catalog):
    catalog.write(MRR, "name: [broken")
    catalog.commit()

    plan = editor(catalog).put(Pack({"revenue/mrr": metric()}))

    assert plan.changed == ["revenue/mrr"]
    assert plan.files[MRR].startswith(b"name: mrr")


def test_a_metric_in_a_yaml_file_is_edited_there(catalog):
    catalog.write("metrics/sales/new.yaml", "name: new\nsql: SELECT 1\n")
    catalog.commit()

    plan = editor(catalog).put(Pack({"sales/new": metric("new", "sales", unit="EUR")}))

    assert list(plan.files) == ["metrics/sales/new.yaml"]


def test_a_link_in_the_place_of_a_metric_is_replaced_and_not_written_through(catalog):
    outside = catalog.write("../outside.yml", "mine\n")
    (catalog.path / "metrics/revenue/new.yml").symlink_to("../../../outside.yml")
    catalog.commit()

    put(catalog, metric("new"))

    assert outside.read_text() == "mine\n"
    assert catalog.git("ls-files", "--stage", "metrics/revenue/new.yml").startswith("100644")
    assert catalog.git("status", "--porcelain") == ""


def test_removing_deletes_the_file(catalog):
    edit = editor(catalog)
    plan = edit.remove(["revenue/mrr"])

    edit.apply(plan, "feat: x", "api")

    assert (plan.files, plan.removed) == ({MRR: None}, ["revenue/mrr"])
    assert not (catalog.path / MRR).exists()


@pytest.mark.parametrize("metric_id", ["revenue/none", "mrr", "", "../agnes", "revenue/mrr.yml"])
def test_removing_what_is_not_there_is_an_error(catalog, metric_id):
    with pytest.raises(NotFoundError, match="not found"):
        editor(catalog).remove([metric_id])


def test_a_broken_metric_can_be_removed(catalog):
    catalog.write(MRR, "name: [broken")
    catalog.commit()

    assert editor(catalog).remove(["revenue/mrr"]).files == {MRR: None}


def test_a_removed_metric_that_two_files_define_is_gone(catalog):
    catalog.write("metrics/revenue/mrr.yaml", metric_yaml("mrr"))
    catalog.commit()

    plan = editor(catalog).remove(["revenue/mrr"])

    assert set(plan.files) == {MRR, "metrics/revenue/mrr.yaml"}


# The index


@pytest.fixture
def indexed(catalog):
    catalog.write("metrics/metrics.yml", INDEX)
    catalog.commit()
    return catalog


def test_what_comes_is_listed_and_the_rest_of_the_index_is_kept(indexed):
    put(indexed, metric("nrr"), metric("new", "sales"))

    text = (indexed.path / "metrics/metrics.yml").read_text()
    assert "# The order of the pages" in text
    assert "# the first page" in text
    found = load(text.encode())["categories"]
    assert [(item["folder"], list(item["metrics"])) for item in found] == [
        ("revenue", ["mrr", "arr", "nrr"]),
        ("sales", ["new"]),
    ]


def test_what_goes_is_unlisted(indexed):
    edit = editor(indexed)
    edit.apply(edit.remove(["revenue/mrr"]), "feat: x", "api")

    assert "mrr" not in (indexed.path / "metrics/metrics.yml").read_text()


def test_a_change_leaves_the_index_alone(indexed):
    plan = editor(indexed).put(Pack({"revenue/mrr": metric()}))

    assert list(plan.files) == [MRR]


@pytest.mark.parametrize(
    "text", ["", "categories: [", "- a\n", "unknown: 1\n", "categories:\n", "version: '2.0'\n"]
)
def test_an_odd_index_does_not_hold_up_a_metric(catalog, text):
    catalog.write("metrics/metrics.yml", text)
    catalog.commit()

    put(catalog, metric("new", "sales"))

    assert (catalog.path / "metrics/sales/new.yml").exists()


def test_an_index_whose_category_lists_nothing_takes_a_metric(catalog):
    catalog.write("metrics/metrics.yml", "categories:\n  - name: revenue\n    metrics:\n")
    catalog.commit()

    put(catalog, metric("new"))

    assert "new" in (catalog.path / "metrics/metrics.yml").read_text()


# Tables


def test_a_table_is_read_from_the_branch(catalog):
    table = editor(catalog).table("orders")

    assert (table.description, list(table.columns)) == ("One row per order", ["month", "amount"])


def test_an_unregistered_table_is_an_empty_one(catalog):
    assert editor(catalog).table("none") == Table(id="none")


def test_a_table_that_does_not_validate_is_an_error(catalog):
    catalog.write("tables/orders.yml", "id: [")
    catalog.commit()

    with pytest.raises(InvalidError, match="orders"):
        editor(catalog).table("orders")


def test_columns_are_added_to_the_file_of_a_table(catalog):
    edit = editor(catalog)
    table = with_columns(edit.table("orders"), {"buyer": {"basetype": "STRING"}})
    plan = edit.put(Pack(tables={"orders": table}))

    edit.apply(plan, "feat: x", "api")

    assert plan.changed == ["tables/orders"]
    assert "buyer" in (catalog.path / "tables/orders.yml").read_text()


def test_a_table_whose_id_differs_in_case_only_is_refused(catalog):
    edit = editor(catalog)

    with pytest.raises((ConflictError, InvalidError)):
        edit.apply(edit.put(Pack(tables={"Orders": Table(id="Orders")})), "feat: x", "api")


# Branches and other writers


def test_a_change_goes_to_the_branch_that_is_served(catalog):
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    main = catalog.git("rev-parse", "main")

    put(catalog, metric("new", "sales"))

    assert (
        catalog.git("ls-tree", "--name-only", "release", "metrics/sales/")
        == "metrics/sales/new.yml"
    )
    assert catalog.git("rev-parse", "main") == main
    assert catalog.git("status", "--porcelain") == ""


def test_a_detached_head_takes_no_change(catalog):
    catalog.git("checkout", "--quiet", "--detach")

    with pytest.raises(GitError, match="detached") as caught:
        editor(catalog)
    assert "git switch" in caught.value.hint


def test_an_empty_repository_takes_no_change(repository):
    with pytest.raises(NoCommitError):
        editor(repository)


def test_a_plan_from_before_another_commit_of_the_file_is_a_conflict(catalog):
    edit = editor(catalog)
    plan = edit.put(Pack({"revenue/mrr": metric()}))
    catalog.write(MRR, metric_yaml("mrr", "Theirs"))
    theirs = catalog.commit()

    with pytest.raises(ConflictError):
        edit.apply(plan, "feat: x", "api")
    assert catalog.git("rev-parse", "HEAD") == theirs
    assert catalog.git("status", "--porcelain") == ""


def test_a_plan_from_before_another_commit_of_other_files_is_applied(catalog):
    edit = editor(catalog)
    plan = edit.put(Pack({"revenue/mrr": metric()}))
    catalog.write("metrics/revenue/arr.yml", metric_yaml("arr", "Theirs"))
    theirs = catalog.commit()

    edit.apply(plan, "feat: x", "api")

    assert catalog.git("rev-parse", "HEAD~1") == theirs


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["revenue/mrr"], "feat(metrics): define revenue/mrr"),
        (["a/b", "c/d"], "feat(metrics): define 2 definitions"),
    ],
)
def test_a_subject_names_one_or_counts_many(names, expected):
    assert subject("define", names) == expected


def test_a_query_that_is_no_select_does_not_get_in(catalog):
    bad = metric("arr", sql="DROP TABLE orders", expression="amount")

    with pytest.raises(InvalidError) as caught:
        editor(catalog).put(Pack({bad.id: bad}))

    assert [found.code for found in caught.value.diagnostics] == ["AG405", "AG402"]


def test_a_query_of_a_file_does_not_get_in_unless_a_table_is_called_so(catalog):
    reads = metric("arr", sql='SELECT SUM(amount) AS x FROM "arr.json"')

    with pytest.raises(InvalidError) as caught:
        editor(catalog).put(Pack({reads.id: reads}))
    catalog.write("tables/arr.json.yml", "id: arr.json\n")
    catalog.commit()

    assert [found.code for found in caught.value.diagnostics] == ["AG403"]
    assert editor(catalog).put(Pack({reads.id: reads})).changed == [reads.id]
