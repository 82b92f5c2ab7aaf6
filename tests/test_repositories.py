from __future__ import annotations

import json

import pytest
import yaml

import agnes
from agnes import ColumnMetadataRepository, MetricRepository
from agnes.errors import AgnesError, ConflictError, InvalidError, NotFoundError, UsageError
from agnes.scaffold import starter_pack
from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"
FIELDS = {
    "id": "finance/mrr",
    "name": "mrr",
    "display_name": "Monthly Recurring Revenue",
    "category": "finance",
    "sql": "SELECT SUM(amount) FROM subscriptions",
}


@pytest.fixture
def metrics(repository) -> MetricRepository:
    """The metrics of an empty catalog."""
    repository.write("agnes.yml", "name: Empty\n")
    repository.commit(at=1_700_000_000)
    return MetricRepository(repository.path)


@pytest.fixture
def columns(metrics) -> ColumnMetadataRepository:
    return ColumnMetadataRepository(metrics.path)


def commits(repository) -> int:
    return int(repository.git("rev-list", "--count", "HEAD"))


def make(metrics: MetricRepository, name: str, category: str = "finance", **fields: object) -> None:
    metrics.create(name=name, category=category, sql="SELECT 1", **fields)


def test_the_package_offers_both_repositories_and_nothing_else():
    assert agnes.__all__ == ["ColumnMetadataRepository", "MetricRepository"]
    with pytest.raises(AttributeError, match="Nothing"):
        _ = agnes.Nothing


# create


def test_create_returns_the_stored_metric_with_its_defaults(metrics):
    made = metrics.create(**FIELDS)

    assert made == metrics.get("finance/mrr")
    assert made.items() >= FIELDS.items()
    assert (made["type"], made["grain"], made["source"]) == ("sum", "monthly", "manual")


def test_create_gives_lists_back_in_their_order(metrics):
    lists = {
        "dimensions": ["country", "a"],
        "filters": ["b", "a = 'x'"],
        "synonyms": ["Z", "a"],
        "notes": ["second: first", "größe"],
        "tables": ["subscriptions", "orders"],
    }
    made = metrics.create(**FIELDS, **lists)

    assert {key: made[key] for key in lists} == lists


def test_create_takes_variants_and_validation(metrics):
    more = {"sql_variants": {"by_day": "SELECT 2"}, "validation": {"method": "manual", "result": 1}}

    made = metrics.create(**FIELDS, **more)

    assert {key: made[key] for key in more} == more


def test_create_takes_every_field_of_the_contract(metrics):
    more = {
        "description": "d",
        "type": "ratio",
        "unit": "USD",
        "grain": "daily",
        "table_name": "orders",
        "expression": "SUM(x)",
        "time_column": "t",
    }
    made = metrics.create(**FIELDS, **more)

    assert made.items() >= more.items()


def test_create_of_an_id_that_exists_replaces_it(metrics, repository):
    first = metrics.create(**FIELDS, unit="USD")

    made = metrics.create(**FIELDS | {"display_name": "New name"})

    assert (made["display_name"], made["unit"]) == ("New name", None)
    assert len(metrics.list()) == 1
    assert made["created_at"] == first["created_at"]
    assert commits(repository) == 3


@pytest.mark.parametrize("source", ["manual", "api", "yaml_import"])
def test_create_keeps_the_source_in_git(metrics, repository, source):
    made = metrics.create(**FIELDS, source=source)

    assert made["source"] == source
    assert f"Agnes-Source: {source}" in repository.git("log", "-1", "--format=%B")


def test_create_is_a_commit_that_leaves_nothing_uncommitted(metrics, repository):
    metrics.create(**FIELDS)

    assert repository.git("show", "--name-only", "--format=%s") == (
        "feat(metrics): define finance/mrr\n\nmetrics/finance/mrr.yml"
    )
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "change",
    [
        {"sql": None},
        {"sql": " "},
        {"name": None, "id": None},
        {"category": None},
        {"type": "total"},
        {"grain": "hourly"},
        {"unknown": 1},
        {"id": "finance/other"},
        {"name": "Bad Name", "id": None},
        {"name": "../x", "id": None},
        {"category": "../x", "id": None},
        {"synonyms": "text"},
        {"sql_variants": {"by day; --": 1}},
    ],
)
def test_create_refuses_what_does_not_validate_and_commits_nothing(metrics, repository, change):
    with pytest.raises(InvalidError):
        metrics.create(**FIELDS | change)
    assert commits(repository) == 1


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE x; --",
        "a: b # c",
        "- x",
        "no",
        "12:30",
        "tab\t",
        "größe 🎉",
        " lead",
        "a\nb\n",
        "%",
        "{x}",
    ],
)
def test_any_text_comes_back_as_it_went_in(metrics, text):
    made = metrics.create(**FIELDS, description=text, synonyms=[text], unit=text)

    assert (made["description"], made["synonyms"], made["unit"]) == (text, [text], text)


def test_a_source_that_would_forge_a_trailer_is_refused_or_tamed(metrics, repository):
    try:
        metrics.create(**FIELDS, source="api\nSigned-off-by: Eve <eve@example.com>")
    except AgnesError:
        return
    assert "Eve" not in repository.git("log", "-1", "--format=%(trailers:key=Signed-off-by)")


# get and list


def test_get_of_an_unknown_id_is_none(metrics):
    assert metrics.get("finance/none") is None


def test_list_gives_all_or_one_category_by_name(metrics):
    make(metrics, "zeta", "alpha")
    make(metrics, "beta", "omega")
    make(metrics, "alpha", "omega")

    assert [row["id"] for row in metrics.list()] == ["omega/alpha", "omega/beta", "alpha/zeta"]
    assert [row["name"] for row in metrics.list(category="omega")] == ["alpha", "beta"]
    assert metrics.list("none") == []


def test_an_older_revision_can_be_read(metrics):
    make(metrics, "mrr")
    make(metrics, "arr")

    older = MetricRepository(metrics.path, revision="HEAD~1")

    assert [row["name"] for row in older.list()] == ["mrr"]
    assert older.get("finance/arr") is None


def test_a_repository_of_an_older_revision_takes_no_changes(metrics, repository):
    """It would put what it read there over what is newer."""
    metrics.create(**FIELDS)
    metrics.update("finance/mrr", unit="EUR")
    older = MetricRepository(metrics.path, revision="HEAD~1")
    before = commits(repository)

    with pytest.raises(UsageError):
        older.update("finance/mrr", description="new")
    with pytest.raises(UsageError):
        older.delete("finance/mrr")
    assert commits(repository) == before


# update


def test_update_changes_some_fields_and_keeps_the_others(metrics):
    before = metrics.create(
        **FIELDS,
        unit="USD",
        synonyms=["a"],
        validation={"x": 1},
        sql_variants={"by_day": "SELECT 2"},
        table_name="orders",
        tables=["users"],
    )

    after = metrics.update("finance/mrr", display_name="New name", notes=["n"])

    same = before.keys() - {"display_name", "notes", "updated_at", "blob", "commit_id"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert (after["display_name"], after["notes"]) == ("New name", ["n"])
    assert metrics.get("finance/mrr") == after


def test_update_of_an_unknown_id_is_none(metrics, repository):
    assert metrics.update("finance/none", unit="USD") is None
    assert commits(repository) == 1


def test_update_passes_over_unknown_fields(metrics, repository):
    metrics.create(**FIELDS)

    assert metrics.update("finance/mrr", unknown=1)["name"] == "mrr"
    assert commits(repository) == 2


@pytest.mark.parametrize("fields", [{}, {"display_name": FIELDS["display_name"]}])
def test_update_without_a_change_gives_the_metric_and_commits_nothing(metrics, repository, fields):
    before = metrics.create(**FIELDS)

    assert metrics.update("finance/mrr", **fields) == before
    assert commits(repository) == 2


def test_update_keeps_created_at_and_moves_updated_at(metrics, monkeypatch):
    for variable in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(variable, "1700000100 +0000")
    before = metrics.create(**FIELDS)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1700000200 +0000")

    after = metrics.update("finance/mrr", unit="USD")

    assert after["created_at"] == before["created_at"]
    assert (after["updated_at"] - before["updated_at"]).total_seconds() == 100


@pytest.mark.parametrize(
    "fields", [{"type": "total"}, {"name": "other"}, {"category": "other"}, {"sql": ""}]
)
def test_update_refuses_what_does_not_validate(metrics, repository, fields):
    metrics.create(**FIELDS)

    with pytest.raises(InvalidError):
        metrics.update("finance/mrr", **fields)
    assert commits(repository) == 2


def test_update_can_empty_a_field(metrics):
    metrics.create(**FIELDS, unit="USD", synonyms=["a"])

    after = metrics.update("finance/mrr", unit=None, synonyms=[])

    assert (after["unit"], after["synonyms"]) == (None, [])


def test_update_does_not_undo_a_commit_that_came_in_between(catalog, monkeypatch):
    """Somebody commits another title after the metric was read and before it is written."""
    metrics = MetricRepository(catalog.path)
    read = MetricRepository.get

    def read_and_be_overtaken(self, metric_id):
        row = read(self, metric_id)
        monkeypatch.setattr(MetricRepository, "get", read)
        catalog.write(MRR, metric_yaml("mrr", "Theirs"))
        catalog.commit()
        return row

    monkeypatch.setattr(MetricRepository, "get", read_and_be_overtaken)
    try:
        metrics.update("revenue/mrr", unit="EUR")
    except ConflictError:
        return
    row = metrics.get("revenue/mrr")
    assert (row["display_name"], row["unit"]) == ("Theirs", "EUR")


# delete


def test_delete_takes_one_metric_away(metrics):
    make(metrics, "mrr")
    make(metrics, "arr")

    assert metrics.delete("finance/mrr") is True
    assert [row["name"] for row in metrics.list()] == ["arr"]
    assert metrics.get("finance/mrr") is None


def test_delete_of_an_unknown_id_is_false(metrics, repository):
    assert metrics.delete("finance/none") is False
    assert commits(repository) == 1


def test_a_metric_that_two_files_define_is_gone_after_its_deletion(catalog):
    catalog.write("metrics/revenue/mrr.yaml", metric_yaml("mrr", "Twin"))
    catalog.commit()
    metrics = MetricRepository(catalog.path)

    assert metrics.delete("revenue/mrr")
    assert metrics.get("revenue/mrr") is None


def test_an_uncommitted_change_of_the_file_is_a_conflict(catalog):
    metrics = MetricRepository(catalog.path)
    catalog.write(MRR, "mine")

    for act in (
        lambda: metrics.update("revenue/mrr", unit="EUR"),
        lambda: metrics.delete("revenue/mrr"),
    ):
        with pytest.raises(ConflictError):
            act()
    assert (catalog.path / MRR).read_text() == "mine"


# find


def test_find_by_table_looks_at_the_primary_table_and_the_others(metrics):
    make(metrics, "b", table_name="orders")
    make(metrics, "a", tables=["users", "orders"])
    make(metrics, "c", table_name="users")
    make(metrics, "d")

    assert [row["name"] for row in metrics.find_by_table("orders")] == ["a", "b"]
    assert metrics.find_by_table("none") == []


@pytest.mark.parametrize(
    "term", ["recurring revenue", "RECURRING REVENUE", "mrr", "MRR", "monthly recurring revenue"]
)
def test_find_by_synonym_knows_synonyms_and_names_in_any_case(metrics, term):
    metrics.create(**FIELDS, synonyms=["recurring revenue", "MRR"])
    make(metrics, "other", synonyms=["something else"])

    assert [row["id"] for row in metrics.find_by_synonym(term)] == ["finance/mrr"]


@pytest.mark.parametrize("term", ["recurring", "none", "", "%"])
def test_find_by_synonym_wants_the_whole_term(metrics, term):
    metrics.create(**FIELDS, synonyms=["recurring revenue"])

    assert metrics.find_by_synonym(term) == []


def test_the_table_map_names_metrics_by_table(metrics):
    make(metrics, "both", table_name="orders", tables=["orders", "users"])
    make(metrics, "one", table_name="users")
    make(metrics, "none")

    assert metrics.get_table_map() == {"orders": ["both"], "users": ["both", "one"]}


def test_the_table_map_of_no_metrics_is_empty(metrics):
    assert metrics.get_table_map() == {}


# import and export


def write_pack(folder, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def test_a_folder_of_both_shapes_is_imported_and_counted(metrics, tmp_path):
    write_pack(
        tmp_path / "pack",
        {
            "operations/resolution_time.yml": "name: resolution_time\nsql: SELECT 1\n",
            "finance/mrr.yml": "- {name: mrr, category: finance, table: subscriptions, "
            "sql: SELECT 1, sql_by_channel: SELECT 2}\n",
            "finance/two.yml": "- {name: a, category: finance, sql: SELECT 1}\n"
            "- {name: b, category: finance, sql: SELECT 1}\n",
        },
    )

    assert metrics.import_from_yaml(tmp_path / "pack") == 4

    assert {row["id"] for row in metrics.list()} == {
        "operations/resolution_time",
        "finance/mrr",
        "finance/a",
        "finance/b",
    }
    row = metrics.get("finance/mrr")
    assert (row["table_name"], row["sql_variants"]) == ("subscriptions", {"by_channel": "SELECT 2"})
    assert row["source"] == "yaml_import"


@pytest.mark.parametrize("table", ["table: orders", "table_name: orders"])
def test_a_single_file_is_imported(metrics, tmp_path, table):
    write_pack(tmp_path, {"x.yml": f"name: mrr\ncategory: finance\n{table}\nsql: SELECT 1\n"})

    assert metrics.import_from_yaml(str(tmp_path / "x.yml")) == 1
    assert metrics.get("finance/mrr")["table_name"] == "orders"


def test_importing_twice_changes_nothing(metrics, repository, tmp_path):
    write_pack(tmp_path / "pack", {"finance/mrr.yml": "name: mrr\nsql: SELECT 1\n"})
    metrics.import_from_yaml(tmp_path / "pack")
    before = commits(repository)

    assert metrics.import_from_yaml(tmp_path / "pack") == 1
    assert len(metrics.list()) == 1
    assert commits(repository) == before


def test_the_starter_pack_is_imported_without_its_index_as_a_metric(metrics, tmp_path):
    for path, content in starter_pack().items():
        (tmp_path / "pack" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / path).write_bytes(content)

    assert metrics.import_from_yaml(tmp_path / "pack" / "metrics") == 12
    ids = {row["id"] for row in metrics.list()}
    assert ids >= {"revenue/total_revenue", "revenue/mrr", "operations/infrastructure_cost"}


def test_one_bad_file_among_many_imports_nothing(metrics, repository, tmp_path):
    files = {f"finance/m{at}.yml": f"name: m{at}\nsql: SELECT 1\n" for at in range(20)}
    write_pack(
        tmp_path / "pack",
        files | {"finance/bad.yml": "name: [", "finance/worse.yml": "name: worse\n"},
    )

    with pytest.raises(InvalidError) as caught:
        metrics.import_from_yaml(tmp_path / "pack")

    errors = {found.path for found in caught.value.diagnostics if found.severity == "error"}
    assert {path.rpartition("/")[2] for path in errors} == {"bad.yml", "worse.yml"}
    assert commits(repository) == 1


def test_a_path_that_does_not_exist_is_an_error(metrics, tmp_path):
    with pytest.raises(NotFoundError, match="not found"):
        metrics.import_from_yaml(tmp_path / "none")


def test_export_writes_one_plain_file_per_metric(metrics, tmp_path):
    metrics.create(
        **FIELDS,
        table_name="subscriptions",
        tables=["users"],
        sql_variants={"by_channel": "SELECT 2"},
        notes=["größe"],
    )
    make(metrics, "tickets", "support")

    assert metrics.export_to_yaml(tmp_path / "out") == 2

    written = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.yml")
    }
    assert written == {"finance/mrr.yml", "support/tickets.yml"}
    text = (tmp_path / "out/finance/mrr.yml").read_text()
    data = yaml.safe_load(text)
    assert data["table"] == "subscriptions"
    assert data["tables"] == ["users"]
    assert data["sql_by_channel"] == "SELECT 2"
    assert not data.keys() & {"table_name", "sql_variants", "filters", "id"}
    assert "größe" in text


def test_what_was_exported_imports_as_the_same_data(catalog, tmp_path):
    metrics = MetricRepository(catalog.path)
    before = commits(catalog)
    metrics.export_to_yaml(tmp_path / "out")

    assert metrics.import_from_yaml(tmp_path / "out") == 2
    assert commits(catalog) == before


# Column metadata


def test_save_returns_the_stored_column(columns):
    saved = columns.save(
        "orders",
        "id",
        basetype="STRING",
        description="Unique",
        confidence="high",
        source="keboola_import",
    )

    assert saved == columns.get("orders", "id")
    expected = {
        "table_id": "orders",
        "column_name": "id",
        "basetype": "STRING",
        "description": "Unique",
        "confidence": "high",
        "source": "keboola_import",
    }
    assert saved.items() >= expected.items()


def test_save_has_the_defaults_of_the_contract(columns):
    saved = columns.save("orders", "id")

    assert (saved["basetype"], saved["description"], saved["confidence"], saved["source"]) == (
        None,
        None,
        "manual",
        "manual",
    )


def test_save_again_overwrites(columns):
    columns.save("orders", "id", basetype="STRING", description="Old")

    columns.save("orders", "id", basetype="INTEGER")

    [row] = columns.list_for_table("orders")
    assert (row["basetype"], row["description"]) == ("INTEGER", None)


def test_save_keeps_the_mark_of_personal_data(catalog):
    catalog.write("tables/orders.yml", "id: orders\ncolumns:\n  email: {pii: true}\n")
    catalog.commit()

    assert ColumnMetadataRepository(catalog.path).save("orders", "email", basetype="STRING")["pii"]


def test_columns_of_one_table_come_by_name(columns):
    for table, column in (("orders", "b"), ("orders", "a"), ("users", "c")):
        columns.save(table, column)

    assert [row["column_name"] for row in columns.list_for_table("orders")] == ["a", "b"]
    assert columns.list_for_table("none") == []


def test_get_of_an_unknown_column_is_none(columns):
    assert columns.get("orders", "id") is None


def test_delete_of_a_column_says_whether_there_was_one(columns):
    columns.save("orders", "id")

    assert columns.delete("orders", "id") is True
    assert columns.delete("orders", "id") is False
    assert columns.list_for_table("orders") == []


@pytest.mark.parametrize(
    "column", ["no", "12", "a b", "größe", "SELECT", "a: b", "a.b", "#x", "1e3", "null", "~"]
)
def test_a_column_may_be_called_anything(columns, column):
    columns.save("in.c-crm.company", column, basetype="STRING")

    assert columns.get("in.c-crm.company", column)["basetype"] == "STRING"


@pytest.mark.parametrize(
    ("table", "column", "fields"),
    [
        ("orders", "id", {"basetype": "TEXT"}),
        ("orders", "id", {"confidence": "sure"}),
        ("orders", "id", {"source": "me"}),
        ("../x", "id", {}),
        ("a/b", "id", {}),
        ("orders", "", {}),
        ("", "id", {}),
    ],
)
def test_save_refuses_what_does_not_validate(columns, repository, table, column, fields):
    with pytest.raises(InvalidError):
        columns.save(table, column, **fields)
    assert commits(repository) == 1


def test_a_table_whose_id_differs_in_case_only_is_an_expected_error(columns):
    columns.save("Orders", "id")

    with pytest.raises(AgnesError):
        columns.save("orders", "id")


PROPOSAL = {
    "tables": {
        "orders": {
            "columns": {
                "id": {"basetype": "STRING", "description": "Unique", "confidence": "medium"},
                "x": {},
            }
        },
        "users": {"columns": {"id": {"source": "keboola_import"}}},
    }
}


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_a_proposal_is_applied_as_one_commit(columns, repository, tmp_path, write):
    (tmp_path / "proposal").write_text(write(PROPOSAL))

    assert columns.import_proposal(tmp_path / "proposal") == 3

    def found(table: str, column: str) -> tuple[object, ...]:
        row = columns.get(table, column)
        return tuple(row[key] for key in ("basetype", "description", "confidence", "source"))

    assert found("orders", "id") == ("STRING", "Unique", "medium", "ai_enrichment")
    assert found("orders", "x") == (None, None, "high", "ai_enrichment")
    assert found("users", "id") == (None, None, "high", "keboola_import")
    assert commits(repository) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "tables: []",
        "tables: {orders: {}}",
        "tables: {orders: {columns: {id: 1}}}",
        "tables: {orders: {columns: {id: {basetype: TEXT}}}}",
        "tables: {orders: {columns: [id]}}",
        "x: 1",
    ],
)
def test_what_is_no_proposal_is_an_error_and_changes_nothing(columns, repository, tmp_path, text):
    (tmp_path / "proposal.yml").write_text(text)

    with pytest.raises(AgnesError):
        columns.import_proposal(tmp_path / "proposal.yml")
    assert commits(repository) == 1


def test_what_a_person_wrote_is_not_overwritten_by_a_proposal(columns, repository, tmp_path):
    columns.save("orders", "id", description="Mine")
    (tmp_path / "proposal.json").write_text(json.dumps(PROPOSAL))
    columns.save("users", "id")

    assert columns.import_proposal(tmp_path / "proposal.json") == 2
    assert columns.get("orders", "id")["description"] == "Mine"


def test_a_proposal_that_does_not_exist_is_an_error(columns, tmp_path):
    with pytest.raises(NotFoundError):
        columns.import_proposal(tmp_path / "none.yml")
