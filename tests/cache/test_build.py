from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pygit2
import pytest
from pygit2.enums import ObjectType

from agnes.cache.build import build
from agnes.cache.query import Snapshot
from agnes.cache.write import Revision
from agnes.errors import GitError, NotACatalogError
from agnes.git.checkout import worktree_tree
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml

TABLES = (
    "metric_definitions",
    "column_metadata",
    "table_registry",
    "categories",
    "catalog_diagnostics",
    "file_history",
    "snapshot_info",
    "search_terms",
    "search_keys",
)
BROKEN = "name: [unclosed\n"
MRR = "metrics/revenue/mrr.yml"
ARR = "metrics/revenue/arr.yml"
ORDERS = "tables/orders.yml"


def revision(repository: Repository, name: str = "HEAD") -> Revision:
    commit = repository.resolve(name)
    tree = repository.catalog_tree(repository.root_tree(commit))
    return Revision(commit, tree)


def built(at: GitRepository | Path, name: str = "HEAD", base: Path | None = None) -> Path:
    """The snapshot of a revision, built anew, or on `base`."""
    repository = Repository(locate(at if isinstance(at, Path) else at.path), PARTS)
    target = Path(tempfile.mkdtemp(dir=repository.location.common_dir)) / "snapshot.duckdb"
    build(repository, revision(repository, name), target, base=base)
    return target


def content(path: Path) -> dict[str, Counter[Any]]:
    """Every row of every table; `built_at` alone may differ between two builds."""
    with Snapshot(path) as snapshot:
        return {
            table: Counter(
                repr({key: value for key, value in row.items() if key != "built_at"})
                for row in snapshot.rows(f"SELECT * FROM {table}")
            )
            for table in TABLES
        }


def assert_same(one: Path, other: Path) -> None:
    left, right = content(one), content(other)
    for table in TABLES:
        assert left[table] - right[table] == right[table] - left[table] == Counter(), table


def metrics(path: Path) -> dict[str, dict[str, Any]]:
    with Snapshot(path) as snapshot:
        return {row["id"]: row for row in snapshot.metrics()}


def findings(path: Path) -> list[tuple[str, str, str]]:
    with Snapshot(path) as snapshot:
        return [(row["path"], row["code"], row["severity"]) for row in snapshot.diagnostics()]


# What a snapshot holds


def test_the_tables_are_those_that_are_documented(catalog):
    with Snapshot(built(catalog)) as snapshot:
        found = {
            row["table_name"] for row in snapshot.rows("SELECT table_name FROM duckdb_tables()")
        }
    assert found == set(TABLES)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (
            "metric_definitions",
            (
                "id:VARCHAR name:VARCHAR display_name:VARCHAR category:VARCHAR description:VARCHAR "
                "type:VARCHAR unit:VARCHAR grain:VARCHAR table_name:VARCHAR tables:VARCHAR[] "
                "expression:VARCHAR time_column:VARCHAR dimensions:VARCHAR[] filters:VARCHAR[] "
                "synonyms:VARCHAR[] notes:VARCHAR[] sql:VARCHAR sql_variants:JSON validation:JSON "
                "source:VARCHAR created_at:TIMESTAMP updated_at:TIMESTAMP"
            ),
        ),
        (
            "column_metadata",
            (
                "table_id:VARCHAR column_name:VARCHAR basetype:VARCHAR description:VARCHAR "
                "confidence:VARCHAR source:VARCHAR updated_at:TIMESTAMP"
            ),
        ),
        (
            "table_registry",
            (
                "id:VARCHAR name:VARCHAR source_type:VARCHAR bucket:VARCHAR source_table:VARCHAR "
                "sync_strategy:VARCHAR query_mode:VARCHAR sync_schedule:VARCHAR "
                "profile_after_sync:BOOLEAN primary_key:VARCHAR folder:VARCHAR description:VARCHAR "
                "registered_by:VARCHAR is_public:BOOLEAN registered_at:TIMESTAMP"
            ),
        ),
    ],
)
def test_the_first_columns_are_those_of_the_contract_in_its_order(catalog, table, columns):
    with Snapshot(built(catalog)) as snapshot:
        found = [
            f"{row['column_name']}:{row['column_type']}"
            for row in snapshot.rows(f"DESCRIBE {table}")
        ]
    wanted = columns.split()
    assert found[: len(wanted)] == wanted


FULL = """\
name: full
display_name: Full metric
category: sales
status: deprecated
replaced_by: revenue/mrr
owner: Finance
certified:
  by: ada@example.com
  on: 2026-07-29
  definition: 0123456789abcdef-0123456789abcdef
type: ratio
unit: percentage
grain: weekly
time_column: created
table: orders
tables: [orders, users]
expression: SUM(a) / SUM(b)
inputs: [revenue/mrr, revenue/arr]
description: What it "means", größe 🎉
dimensions: [country, "no"]
filters: [status = 'x']
synonyms: [one, two]
notes: ["first: note", second]
tags: [board]
validation: {method: manual, result: 12.5, ok: true}
meta: {tier: 1, nested: {a: [1, 2]}}
sql: SELECT 1
sql_by_country: SELECT 2
sql_by_plan: SELECT 3
"""


def test_every_field_of_a_metric_is_a_column(catalog):
    catalog.write("metrics/sales/full.yml", FULL)
    commit = catalog.commit(at=1_700_000_500)

    row = metrics(built(catalog))["sales/full"]

    at = datetime.fromtimestamp(1_700_000_500, UTC).replace(tzinfo=None)
    assert row == {
        "id": "sales/full",
        "name": "full",
        "display_name": "Full metric",
        "category": "sales",
        "description": 'What it "means", größe 🎉',
        "type": "ratio",
        "unit": "percentage",
        "grain": "weekly",
        "table_name": "orders",
        "tables": ["orders", "users"],
        "expression": "SUM(a) / SUM(b)",
        "time_column": "created",
        "dimensions": ["country", "no"],
        "filters": ["status = 'x'"],
        "synonyms": ["one", "two"],
        "notes": ["first: note", "second"],
        "sql": "SELECT 1",
        "sql_variants": {"by_country": "SELECT 2", "by_plan": "SELECT 3"},
        "validation": {"method": "manual", "result": 12.5, "ok": True},
        "source": "manual",
        "created_at": at,
        "updated_at": at,
        "owner": "Finance",
        "status": "deprecated",
        "tags": ["board"],
        "meta": {"tier": 1, "nested": {"a": [1, 2]}},
        "inputs": ["revenue/mrr", "revenue/arr"],
        "replaced_by": "revenue/mrr",
        "path": "metrics/sales/full.yml",
        "blob": catalog.git("rev-parse", "HEAD:metrics/sales/full.yml"),
        "commit_id": commit,
        "author": "Ada Lovelace",
        "stale": False,
        "certified": {
            "by": "ada@example.com",
            "on": "2026-07-29",
            "definition": "0123456789abcdef-0123456789abcdef",
        },
        "certified_by": "ada@example.com",
        "certified_on": "2026-07-29",
        "certification": "lapsed",
    }


def test_a_small_metric_gets_the_defaults_of_the_contract(catalog):
    catalog.write("metrics/sales/small.yml", "name: small\nsql: SELECT 1\n")
    catalog.commit()

    row = metrics(built(catalog))["sales/small"]

    assert (row["display_name"], row["type"], row["grain"]) == ("small", "sum", "monthly")
    assert (row["source"], row["status"]) == ("manual", "active")
    assert [row[name] for name in ("tables", "dimensions", "filters", "synonyms", "notes")] == [
        []
    ] * 5
    assert [row[name] for name in ("unit", "table_name", "sql_variants", "validation")] == [
        None
    ] * 4


def test_every_field_of_a_table_is_a_column(catalog):
    catalog.write(
        "tables/in.c-crm.company.yml",
        "id: in.c-crm.company\nname: Companies\ndescription: One row per company\n"
        "source_type: keboola\nbucket: in.c-crm\nsource_table: company\n"
        "sync_strategy: incremental\n"
        "query_mode: remote\nsync_schedule: every 6h\nprofile_after_sync: false\n"
        "primary_key: [id, day]\nfolder: crm\naccess: {groups: [finance]}\n"
        "columns:\n  id: {basetype: STRING, confidence: high, source: keboola_import}\n"
        "  email: {description: Mail, pii: true}\n",
    )
    catalog.commit(at=1_700_000_500)

    with Snapshot(built(catalog)) as snapshot:
        [row] = [row for row in snapshot.tables() if row["id"] == "in.c-crm.company"]
        columns = snapshot.columns("in.c-crm.company")

    expected = {
        "name": "Companies",
        "source_type": "keboola",
        "bucket": "in.c-crm",
        "source_table": "company",
        "sync_strategy": "incremental",
        "query_mode": "remote",
        "sync_schedule": "every 6h",
        "profile_after_sync": False,
        "primary_key": "id, day",
        "folder": "crm",
        "is_public": False,
        "access_groups": ["finance"],
        "registered_by": "Ada Lovelace",
    }
    assert {key: row[key] for key in expected} == expected
    shown = [
        tuple(
            column[key]
            for key in (
                "column_name",
                "basetype",
                "description",
                "confidence",
                "source",
                "pii",
                "position",
            )
        )
        for column in columns
    ]
    assert shown == [
        ("email", None, "Mail", "manual", "manual", True, 2),
        ("id", "STRING", None, "high", "keboola_import", False, 1),
    ]


def test_dates_author_and_source_come_from_git(catalog):
    catalog.write(MRR, metric_yaml("mrr", "New title"))
    catalog.git("add", ".")
    catalog.git(
        "commit",
        "--quiet",
        "--message",
        "x\n\nAgnes-Source: api",
        GIT_AUTHOR_NAME="Grace",
        GIT_COMMITTER_DATE="1700009999 +0500",
    )

    row = metrics(built(catalog))["revenue/mrr"]

    assert row["created_at"] == datetime.fromtimestamp(1_700_000_000, UTC).replace(tzinfo=None)
    assert row["updated_at"] == datetime.fromtimestamp(1_700_009_999, UTC).replace(tzinfo=None)
    assert (row["author"], row["source"]) == ("Grace", "api")
    assert row["commit_id"] == catalog.git("rev-parse", "HEAD")


def test_categories_come_in_the_order_of_the_index_and_others_after_them(catalog):
    catalog.write("metrics/zeta/z.yml", metric_yaml("z"))
    catalog.write("metrics/alpha/a.yml", metric_yaml("a"))
    catalog.write(
        "metrics/metrics.yml",
        'version: "2.0"\ncategories:\n  - {name: Money, folder: revenue, metrics: [mrr, arr]}\n'
        "  - {name: zeta, description: Last letters, metrics: [z]}\n",
    )
    catalog.commit()

    with Snapshot(built(catalog)) as snapshot:
        found = [
            (row["name"], row["display_name"], row["description"]) for row in snapshot.categories()
        ]
        order = [row["id"] for row in snapshot.metrics()]
    assert found == [
        ("revenue", "Money", None),
        ("zeta", "zeta", "Last letters"),
        ("alpha", "alpha", None),
    ]
    assert order == ["revenue/arr", "revenue/mrr", "zeta/z", "alpha/a"]
    assert findings(built(catalog)) == [("metrics/metrics.yml", "AG208", "warning")]


def test_the_snapshot_says_what_it_is_of(catalog):
    before = datetime.now(UTC).replace(tzinfo=None)

    with Snapshot(built(catalog)) as snapshot:
        info = snapshot.info()

    assert info["commit_id"] == catalog.git("rev-parse", "HEAD")
    assert info["tree"] == catalog.git("rev-parse", "HEAD^{tree}")
    assert (info["name"], info["committed"], info["shallow"]) == ("Test catalog", True, False)
    assert info["built_at"] >= before


def test_no_file_but_the_snapshot_is_left(catalog):
    path = built(catalog)

    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_snapshot_holds_one_metric_of_a_catalog_in_a_bare_subfolder(repository, tmp_path):
    repository.write("analytics/agnes.yml", "name: Inner\n")
    repository.write(f"analytics/{MRR}", metric_yaml("mrr"))
    repository.write("metrics/revenue/outside.yml", metric_yaml("outside"))
    repository.commit()
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "x.git"))

    assert list(metrics(built(tmp_path / "x.git" / "analytics"))) == ["revenue/mrr"]


@pytest.mark.parametrize("where", ["no marker", "no folder"])
def test_a_revision_without_the_marker_is_no_catalog(repository, where):
    repository.write(MRR, metric_yaml("mrr"))
    repository.commit()
    at = repository.path if where == "no marker" else repository.path / "analytics"

    with pytest.raises(NotACatalogError, match=r"agnes\.yml") as caught:
        built(at)
    assert "git add" in caught.value.hint


def test_a_folder_that_is_deep_but_not_of_the_catalog_does_not_disturb(catalog):
    catalog.write("src/" + "a/" * 30 + "x.py", "x")
    catalog.commit()

    assert len(metrics(built(catalog))) == 2


def test_a_shallow_clone_is_served_and_dated_as_far_as_known(catalog, tmp_path):
    catalog.write(ARR, metric_yaml("arr", "New"))
    catalog.commit(at=1_700_005_000)
    shallow = tmp_path / "shallow"
    catalog.git("clone", "--quiet", "--depth", "1", f"file://{catalog.path}", str(shallow))

    with Snapshot(built(shallow)) as snapshot:
        assert snapshot.info()["shallow"]
        [mrr] = [row for row in snapshot.metrics() if row["name"] == "mrr"]
    assert mrr["created_at"] == datetime.fromtimestamp(1_700_005_000, UTC).replace(tzinfo=None)


@pytest.mark.parametrize("what", ["HEAD~1^{tree}", "HEAD:tables", f"HEAD:{MRR}", "HEAD~1"])
def test_a_missing_object_is_an_expected_error(catalog, what):
    catalog.write(ARR, metric_yaml("arr", "New"))
    catalog.commit()
    oid = catalog.git("rev-parse", what)
    (catalog.path / ".git/objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(GitError, match="missing or damaged"):
        built(catalog)


# Files that do not validate


def test_a_broken_file_keeps_its_metric_and_says_why(catalog):
    good = catalog.git("rev-parse", f"HEAD:{MRR}")
    catalog.write(MRR, BROKEN)
    commit = catalog.commit()

    path = built(catalog)

    row = metrics(path)["revenue/mrr"]
    assert row["stale"]
    assert (row["display_name"], row["blob"]) == ("Monthly recurring revenue", good)
    assert row["commit_id"] == commit
    assert [(path, severity) for path, _, severity in findings(path)] == [(MRR, "error")]
    assert not metrics(path)["revenue/arr"]["stale"]


def test_the_newest_valid_version_is_the_one_that_is_served(catalog):
    for title in ("Second", "Third"):
        catalog.write(MRR, metric_yaml("mrr", title))
        catalog.commit()
    for text in (BROKEN, "name: other\nsql: SELECT 1\n", "- a\n- b\n"):
        catalog.write(MRR, text)
        catalog.commit()

    assert metrics(built(catalog))["revenue/mrr"]["display_name"] == "Third"


def test_a_version_from_before_a_deletion_is_served(catalog):
    (catalog.path / MRR).unlink()
    catalog.commit()
    catalog.write(MRR, BROKEN)
    catalog.commit()

    assert metrics(built(catalog))["revenue/mrr"]["stale"]


def test_a_file_that_was_never_valid_is_left_out(catalog):
    catalog.write("metrics/sales/never.yml", BROKEN)
    catalog.commit()
    catalog.write("metrics/sales/never.yml", "name: never\n")
    catalog.commit()

    path = built(catalog)

    assert sorted(metrics(path)) == ["revenue/arr", "revenue/mrr"]
    assert {found[0] for found in findings(path)} == {"metrics/sales/never.yml"}


def test_a_repaired_file_is_not_stale(catalog):
    for text in (BROKEN, metric_yaml("mrr", "Repaired")):
        catalog.write(MRR, text)
        catalog.commit()

    path = built(catalog)

    row = metrics(path)["revenue/mrr"]
    assert (row["stale"], row["display_name"]) == (False, "Repaired")
    assert findings(path) == []


def test_a_broken_table_keeps_its_columns(catalog):
    catalog.write(ORDERS, "id: orders\nunknown: key\n")
    catalog.commit()

    with Snapshot(built(catalog)) as snapshot:
        assert [row["stale"] for row in snapshot.tables()] == [True]
        assert [row["column_name"] for row in snapshot.columns("orders")] == ["amount", "month"]


def test_broken_settings_keep_the_catalogs_name(catalog):
    catalog.write("agnes.yml", "name: New\nunknown: key\n")
    catalog.commit()

    path = built(catalog)

    with Snapshot(path) as snapshot:
        assert snapshot.info()["name"] == "Test catalog"
    assert findings(path) == [("agnes.yml", "AG202", "error")]


def test_of_two_files_with_one_id_the_first_is_served_and_the_other_is_an_error(catalog):
    catalog.write("metrics/revenue/mrr.yaml", metric_yaml("mrr", "The other"))
    catalog.write("tables/Orders.yml", "id: Orders\n")
    catalog.commit()

    path = built(catalog)

    assert metrics(path)["revenue/mrr"]["display_name"] == "The other"
    with Snapshot(path) as snapshot:
        assert [row["id"] for row in snapshot.tables()] == ["Orders"]
    assert findings(path) == [(MRR, "AG206", "error"), (ORDERS, "AG206", "error")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("metrics/Bad Folder/a.yml", "no category"),
        ("metrics/revenue/Bad-Name.yml", "file name"),
        ("metrics/loose.yml", "not where"),
        ("metrics/a/b/c.yml", "not where"),
        ("tables/a/b.yml", "no folders"),
        ("tables/-x.yml", "file name"),
    ],
)
def test_a_misplaced_file_is_a_finding(catalog, path, message):
    catalog.write(path, metric_yaml("a"))
    catalog.commit()

    with Snapshot(built(catalog)) as snapshot:
        [found] = snapshot.diagnostics()
    assert (found["path"], found["code"]) == (path, "AG207")
    assert message in found["message"]
    assert found["hint"]


# Trees that no git command would make


def commit_tree(
    catalog: GitRepository, entries: list[tuple[bytes, bytes, str]], folder: str
) -> None:
    """Commit a tree whose `folder` holds entries that git would refuse, besides its own."""
    at = pygit2.Repository(str(catalog.path))
    lines = catalog.git("ls-tree", f"HEAD:{folder}").splitlines()
    own = [
        (line.split()[0].lstrip("0").encode(), line.split("\t")[1].encode(), line.split()[2])
        for line in lines
    ]
    data = b"".join(
        mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in sorted(own + entries)
    )
    tree = at.odb.write(ObjectType.TREE, data)
    for part in reversed(Path(folder).parts):
        parent = Path(folder).parent.as_posix()
        inside = catalog.git("ls-tree", f"HEAD:{'' if parent == '.' else parent}").splitlines()
        data = b"".join(
            line.split()[0].lstrip("0").encode()
            + b" "
            + name.encode()
            + b"\0"
            + bytes.fromhex(str(tree) if name == part else line.split()[2])
            for line, name in ((line, line.split("\t")[1]) for line in inside)
        )
        tree = at.odb.write(ObjectType.TREE, data)
        folder = parent
    who = "Ada <ada@example.com> 1700000100 +0000"
    commit = at.odb.write(
        ObjectType.COMMIT,
        (
            f"tree {tree}\nparent {catalog.git('rev-parse', 'HEAD')}\n"
            f"author {who}\ncommitter {who}\n\nx\n"
        ).encode(),
    )
    catalog.git("update-ref", "refs/heads/main", str(commit))


@pytest.mark.parametrize(
    ("mode", "name", "shown"),
    [
        (b"120000", b"link.yml", "metrics/revenue/link.yml"),
        (b"160000", b"sub.yml", "metrics/revenue/sub.yml"),
        (b"100644", b"..", "metrics/revenue/.."),
        (b"100644", b"../evil.yml", "metrics/revenue/../evil.yml"),
        (b"100644", b".git", "metrics/revenue/.git"),
        (b"100644", b"a/b.yml", "metrics/revenue/a/b.yml"),
        (b"40000", b"..", "metrics/revenue/.."),
        (b"100644", b"caf\xe9.yml", "metrics/revenue/caf\\udce9.yml"),
        (b"100644", b"two\nlines.yml", "metrics/revenue/two\\nlines.yml"),
        (b"100644", b"mrr\n.yml", "metrics/revenue/mrr\\n.yml"),
        (b"100644", "größe.yml".encode(), "metrics/revenue/größe.yml"),
        (b"100644", b"esc\x1b[31m.yml", "metrics/revenue/esc\\x1b[31m.yml"),
    ],
)
@pytest.mark.parametrize("incremental", [True, False])
def test_a_hostile_name_is_a_finding_and_never_an_exception(
    catalog, mode, name, shown, incremental
):
    base = built(catalog) if incremental else None
    oid = catalog.git(
        "rev-parse",
        "HEAD" if mode == b"160000" else f"HEAD:{MRR}" if mode != b"40000" else "HEAD:tables",
    )
    commit_tree(catalog, [(mode, name, oid)], "metrics/revenue")

    path = built(catalog, base=base)

    assert findings(path) == [(shown, "AG207", "error")]
    assert sorted(metrics(path)) == ["revenue/arr", "revenue/mrr"]


@pytest.mark.parametrize("folder", ["", "metrics", "tables"])
@pytest.mark.parametrize("name", [b"caf\xe9", b"caf\xe9.yml", b"..", b"a/b", b"two\nlines"])
def test_a_hostile_name_anywhere_takes_no_metric_away(catalog, folder, name):
    commit_tree(catalog, [(b"100644", name, catalog.git("rev-parse", f"HEAD:{MRR}"))], folder)

    assert sorted(metrics(built(catalog))) == ["revenue/arr", "revenue/mrr"]


def test_a_name_that_is_there_twice_is_served_once(catalog):
    commit_tree(
        catalog,
        [(b"100644", b"mrr.yml", catalog.git("rev-parse", f"HEAD:{MRR}"))],
        "metrics/revenue",
    )

    assert sorted(metrics(built(catalog))) == ["revenue/arr", "revenue/mrr"]


def test_a_hostile_name_that_goes_away_takes_its_finding_along(catalog):
    commit_tree(
        catalog,
        [(b"100644", b"caf\xe9.yml", catalog.git("rev-parse", f"HEAD:{MRR}"))],
        "metrics/revenue",
    )
    base = built(catalog)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    catalog.git(
        "update-ref",
        "refs/heads/main",
        catalog.git("commit-tree", "-p", "main@{1}", "-m", "x", "HEAD^{tree}"),
    )

    path = built(catalog, base=base)

    assert findings(path) == []
    assert_same(path, built(catalog))


def test_a_file_that_is_too_large_is_a_finding_and_is_not_read(catalog):
    catalog.write("metrics/sales/large.yml", b"#" * 50_000_000)
    catalog.commit()

    assert [found[0] for found in findings(built(catalog))] == ["metrics/sales/large.yml"]


# An incremental build equals a full one


def change(catalog: GitRepository, path: str, text: str | None) -> None:
    if text is None:
        (catalog.path / path).unlink()
    else:
        catalog.write(path, text)
    catalog.commit()


@pytest.mark.parametrize(
    "steps",
    [
        [(MRR, metric_yaml("mrr", "New"))],
        [("metrics/sales/new.yml", metric_yaml("new"))],
        [(MRR, None)],
        [(MRR, BROKEN)],
        [(MRR, BROKEN), (MRR, metric_yaml("mrr", "Repaired"))],
        [
            (MRR, metric_yaml("mrr", "Other")),
            (MRR, metric_yaml("mrr", "Monthly recurring revenue")),
        ],
        [(MRR, None), (MRR, metric_yaml("mrr", "Again"))],
        [("metrics/revenue/mrr.yaml", metric_yaml("mrr", "Twin"))],
        [("tables/Orders.yml", "id: Orders\n"), ("tables/orders.yml", None)],
        [("metrics/metrics.yml", "categories: [{name: revenue, metrics: [mrr]}]\n")],
        [("agnes.yml", "name: Renamed\n")],
        [("agnes.yml", BROKEN)],
        [(ORDERS, "id: orders\ncolumns: {a: {basetype: DATE}}\n")],
        [("README.md", "nothing of ours")],
        [],
    ],
)
def test_an_incremental_build_equals_a_full_one(catalog, steps):
    base = built(catalog)
    for path, text in steps:
        change(catalog, path, text)

    assert_same(built(catalog, base=base), built(catalog))


def test_a_broken_file_that_was_repaired_and_broken_alike_serves_the_repair(catalog):
    change(catalog, MRR, BROKEN)
    base = built(catalog)
    change(catalog, MRR, metric_yaml("mrr", "Repaired"))
    change(catalog, MRR, BROKEN)

    path = built(catalog, base=base)

    assert metrics(path)["revenue/mrr"]["display_name"] == "Repaired"
    assert_same(path, built(catalog))


def test_a_base_from_another_line_of_history_changes_nothing_of_the_result(catalog):
    change(catalog, MRR, metric_yaml("mrr", "Abandoned"))
    base = built(catalog)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    change(catalog, ARR, metric_yaml("arr", "New"))

    assert_same(built(catalog, base=base), built(catalog))


def test_a_base_that_is_newer_changes_nothing_of_the_result(catalog):
    change(catalog, MRR, metric_yaml("mrr", "Newer"))
    base = built(catalog)

    assert_same(built(catalog, "HEAD~1", base=base), built(catalog, "HEAD~1"))


def test_a_base_that_is_damaged_changes_nothing_of_the_result(catalog):
    base = built(catalog)
    change(catalog, MRR, metric_yaml("mrr", "New"))
    base.write_bytes(b"\0" * 1000)

    assert_same(built(catalog, base=base), built(catalog))


def test_a_base_of_a_shallow_clone_is_not_built_upon(catalog, tmp_path):
    change(catalog, MRR, metric_yaml("mrr", "New"))
    shallow = GitRepository(tmp_path / "shallow")
    catalog.git("clone", "--quiet", "--depth", "1", f"file://{catalog.path}", str(shallow.path))
    base = built(shallow)
    shallow.git("fetch", "--quiet", "--unshallow")
    change(shallow, ARR, metric_yaml("arr", "New"))

    assert_same(built(shallow, base=base), built(shallow))


def test_two_full_builds_are_equal(catalog):
    assert_same(built(catalog), built(catalog))


def test_a_clone_builds_the_same(catalog, tmp_path):
    change(catalog, MRR, metric_yaml("mrr", "New"))
    catalog.git("clone", "--quiet", str(catalog.path), str(tmp_path / "clone"))

    assert_same(built(catalog), built(tmp_path / "clone"))


# Previews of the working tree


def previewed(catalog: GitRepository, base: Path | None = None) -> Path:
    repository = Repository(locate(catalog.path))
    tree = repository.catalog_tree(worktree_tree(repository.location))
    target = Path(tempfile.mkdtemp(dir=catalog.path / ".git")) / "preview.duckdb"
    build(
        repository,
        Revision(repository.resolve("HEAD"), tree, committed=False),
        target,
        base=base,
    )
    return target


@pytest.mark.parametrize("incremental", [True, False])
def test_a_preview_shows_what_is_not_committed(catalog, incremental):
    base = built(catalog) if incremental else None
    catalog.write(MRR, metric_yaml("mrr", "Draft"))
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    (catalog.path / ARR).unlink()

    path = previewed(catalog, base)

    found = metrics(path)
    assert {key: row["display_name"] for key, row in found.items()} == {
        "revenue/mrr": "Draft",
        "sales/new": "New",
    }
    with Snapshot(path) as snapshot:
        assert not snapshot.info()["committed"]


@pytest.mark.parametrize("incremental", [True, False])
def test_a_preview_of_a_broken_file_keeps_the_committed_metric(catalog, incremental):
    base = built(catalog) if incremental else None
    catalog.write(MRR, BROKEN)

    row = metrics(previewed(catalog, base))["revenue/mrr"]

    assert (row["stale"], row["display_name"]) == (True, "Monthly recurring revenue")


def test_a_preview_on_a_base_equals_one_from_nothing(catalog):
    base = built(catalog)
    catalog.write(MRR, metric_yaml("mrr", "Draft"))
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    catalog.write(ORDERS, BROKEN)

    assert_same(previewed(catalog, base), previewed(catalog))


def test_progress_is_told_up_to_the_end(catalog):
    told: list[tuple[int, int]] = []
    repository = Repository(locate(catalog.path))

    build(
        repository,
        revision(repository),
        catalog.path / ".git" / "x.duckdb",
        progress=lambda *at: told.append(at),
    )

    assert told[-1] == (4, 4)
