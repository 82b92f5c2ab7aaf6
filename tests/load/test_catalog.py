from __future__ import annotations

import pytest

from agnes.git.entry import Entry
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.load.catalog import check_index, load_catalog, serve
from agnes.model.catalog import Index, Settings
from agnes.model.layout import MAX_BYTES, survey
from tests.conftest import metric_yaml


class Files:
    """Files in memory, as a source."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self.files = {
            path: text.encode() if isinstance(text, str) else text for path, text in files.items()
        }
        self.was_read: list[str] = []

    def size(self, entry: Entry) -> int:
        return len(self.files[entry.path])

    def read(self, entry: Entry) -> bytes:
        self.was_read.append(entry.path)
        return self.files[entry.path]

    def entries(self) -> list[Entry]:
        return [Entry(path, "", "file") for path in self.files]


def load(files: dict[str, str | bytes]):
    source = Files(files)
    return load_catalog(source, source.entries())


MRR = "metrics/revenue/mrr.yml"
ARR = "metrics/revenue/arr.yml"


def test_a_catalog_is_what_its_files_say():
    catalog = load(
        {
            "agnes.yml": "name: Acme\n",
            "metrics/metrics.yml": "categories: [{name: revenue, metrics: [mrr]}]\n",
            MRR: metric_yaml("mrr"),
            "tables/orders.yml": "id: orders\n",
            "README.md": "not read",
        }
    )

    assert catalog.settings == Settings(name="Acme")
    assert [category.name for category in catalog.index.categories] == ["revenue"]
    assert list(catalog.metrics) == ["revenue/mrr"]
    assert list(catalog.tables) == ["orders"]
    assert catalog.diagnostics == []


def test_no_files_are_an_empty_catalog():
    catalog = load({})

    assert (catalog.settings, catalog.index) == (Settings(), Index())
    assert (catalog.metrics, catalog.tables, catalog.diagnostics) == ({}, {}, [])


def test_a_bad_file_does_not_take_the_good_ones_away():
    catalog = load({MRR: metric_yaml("mrr"), ARR: "name: ["})

    assert list(catalog.metrics) == ["revenue/mrr"]
    assert [(found.path, found.code) for found in catalog.diagnostics] == [(ARR, "AG101")]


@pytest.mark.parametrize("path", ["agnes.yml", "metrics/metrics.yml"])
def test_a_bad_file_of_the_catalogs_own_leaves_the_defaults(path):
    catalog = load({path: "nonsense: 1\n", MRR: metric_yaml("mrr")})

    assert (catalog.settings, catalog.index) == (Settings(), Index())
    assert list(catalog.metrics) == ["revenue/mrr"]
    assert [(found.path, found.code) for found in catalog.diagnostics] == [(path, "AG202")]


def test_findings_are_in_the_order_of_the_files():
    catalog = load({"tables/b.yml": "", "metrics/b/b.yml": "", "agnes.yml": "x: 1", ARR: "x"})

    paths = [found.path for found in catalog.diagnostics]
    assert paths == sorted(paths)
    assert len(set(paths)) == 4


def test_a_file_that_is_too_large_is_not_even_read():
    source = Files({MRR: b"#" * (MAX_BYTES + 1)})

    [finding] = load_catalog(source, source.entries()).diagnostics

    assert source.was_read == []
    assert (finding.path, finding.line, finding.code) == (MRR, 0, "AG102")
    assert "1,048,576" in finding.message


def test_what_is_no_file_is_not_read():
    entries = [Entry(MRR, "", "symlink"), Entry("metrics/x", "", "submodule")]

    catalog = load_catalog(Files({}), entries)

    assert [found.code for found in catalog.diagnostics] == ["AG207", "AG207"]


def test_of_two_files_with_one_id_the_first_is_read():
    catalog = load(
        {
            "tables/orders.yml": "id: orders\nname: small",
            "tables/Orders.yml": "id: Orders\nname: big",
        }
    )

    assert [(table.id, table.name) for table in catalog.tables.values()] == [("Orders", "big")]
    assert [found.code for found in catalog.diagnostics] == ["AG206"]


def index_findings(index: str, *names: str) -> list[str]:
    files = {f"metrics/{name}.yml": metric_yaml(name.partition("/")[2]) for name in names}
    diagnostics = load({"metrics/metrics.yml": index, **files}).diagnostics
    assert {(found.path, found.code, found.severity) for found in diagnostics} <= {
        ("metrics/metrics.yml", "AG208", "warning")
    }
    return [found.message for found in diagnostics]


def test_an_index_that_fits_is_fine():
    index = "categories: [{name: R, folder: revenue, metrics: [mrr, arr.yml]}, {name: empty}]"

    assert index_findings(index, "revenue/mrr", "revenue/arr") == []


def test_a_listed_metric_without_a_file_is_a_warning():
    [message] = index_findings("categories: [{name: revenue, metrics: [mrr, arr]}]", "revenue/mrr")

    assert "revenue/arr" in message
    assert "no file" in message


@pytest.mark.parametrize("index", ["", "categories: [{name: revenue}]", "categories: [{name: x}]"])
def test_a_file_that_the_index_does_not_list_is_a_warning(index):
    [message] = index_findings(index, "revenue/mrr")

    assert message == "revenue/mrr is not listed"


def test_without_an_index_nothing_is_missing_from_it():
    layout = survey([(MRR, "file")])

    assert check_index(Index(), layout.slots) == []


def test_an_index_with_another_ending_is_named_in_its_warnings():
    layout = survey([("metrics/metrics.yaml", "file"), (MRR, "file")])

    [finding] = check_index(Index(), layout.slots)

    assert finding.path == "metrics/metrics.yaml"


@pytest.fixture
def served(catalog):
    """What is served of the catalog's tip, by path."""

    def read(revision: str = "HEAD"):
        repository = Repository(locate(catalog.path))
        commit = repository.resolve(revision)
        entries = repository.entries(repository.catalog_tree(repository.root_tree(commit)))
        layout = survey((entry.path, entry.kind) for entry in entries)
        return {item.entry.path: item for item in serve(repository, commit, layout.slots, entries)}

    return read


def test_valid_files_are_served_as_they_are(served):
    items = served()

    assert list(items) == ["agnes.yml", ARR, MRR, "tables/orders.yml"]
    assert not any(item.stale for item in items.values())
    assert all(item.value is item.document.value is not None for item in items.values())


def test_a_broken_file_is_served_in_its_newest_valid_version(catalog, served):
    for unit in ("EUR", "CZK"):
        catalog.write(MRR, metric_yaml("mrr", unit=unit))
        catalog.commit()
    for broken in ("name: [", "name: mrr\n"):
        catalog.write(MRR, broken)
        catalog.commit()

    item = served()[MRR]

    assert (item.stale, item.value.unit) == (True, "CZK")
    assert item.document.value is None
    assert "AG201" in [found.code for found in item.document.diagnostics]
    assert item.entry.blob == catalog.git("rev-parse", f"HEAD~2:{MRR}")


def test_a_file_that_was_never_valid_is_not_served(catalog, served):
    path = "metrics/revenue/new.yml"
    for broken in ("name: [", "name: new\n"):
        catalog.write(path, broken)
        catalog.commit()

    item = served()[path]

    assert (item.value, item.stale) == (None, False)
    assert item.document.diagnostics


def test_a_repaired_file_is_not_stale(catalog, served):
    catalog.write(MRR, "name: [")
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()

    item = served()[MRR]

    assert (item.stale, item.value.unit) == (False, "EUR")


def test_a_file_that_was_a_link_before_is_served_from_before_that(catalog, served):
    file = catalog.path / MRR
    file.unlink()
    file.symlink_to("arr.yml")
    catalog.commit()
    file.unlink()
    catalog.write(MRR, "name: [")
    catalog.commit()

    assert served()[MRR].value.unit == "USD"


def test_a_file_that_became_too_large_is_served_as_it_was(catalog, served):
    catalog.write(MRR, b"#" * (MAX_BYTES + 1))
    catalog.commit()

    item = served()[MRR]

    assert item.stale
    assert [found.code for found in item.document.diagnostics] == ["AG102"]


def test_broken_settings_are_served_as_they_were(catalog, served):
    catalog.write("agnes.yml", "nmae: Other\n")
    catalog.commit()

    item = served()["agnes.yml"]

    assert (item.stale, item.value.name) == (True, "Test catalog")


def test_a_version_on_a_merged_branch_does_not_count(catalog, served):
    catalog.git("checkout", "--quiet", "-b", "side")
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()
    catalog.git("checkout", "--quiet", "main")
    catalog.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    catalog.write(MRR, "name: [")
    catalog.commit("Merge")

    assert served()[MRR].value.unit == "USD"


def test_an_older_revision_is_served_from_its_own_history(catalog, served):
    catalog.write(MRR, "name: [")
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()

    assert served("HEAD~1")[MRR].value.unit == "USD"


def test_a_file_is_served_under_its_own_id_only(catalog, served):
    catalog.git("mv", MRR, "metrics/revenue/net.yml")
    catalog.commit()

    item = served()["metrics/revenue/net.yml"]

    assert (item.value, item.document.diagnostics[0].code) == (None, "AG204")
