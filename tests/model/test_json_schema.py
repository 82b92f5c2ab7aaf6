"""The JSON Schemas, by the tool that pre-commit and CI of a catalog would use."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from agnes.errors import YamlError
from agnes.load.document import read_document
from agnes.model.catalog import Index, IndexCategory, Lint, Settings
from agnes.model.example import EXAMPLES
from agnes.model.fields import Model
from agnes.model.json_schema import schema_files, schemas
from agnes.model.layout import Slot
from agnes.model.metric import Metric
from agnes.model.metric_test import MetricTest
from agnes.model.proposal import Proposal, ProposedColumn, ProposedTable
from agnes.model.table import Column, Groups, Table
from agnes.yaml.dump import dump
from agnes.yaml.loader import load

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "catalog_repo"
STARTER_FILES = {
    "agnes": [CATALOG / "agnes.yml"],
    "index": [CATALOG / "metrics" / "metrics.yml"],
    "metric": sorted(CATALOG.glob("metrics/*/*.yml")),
    "table": sorted(CATALOG.glob("tables/*.yml")),
}


def check_jsonschema(*arguments: object) -> tuple[int, set[str]]:
    """Run the command; return its exit code and the names of the files that it refuses."""
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json"]
    done = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    refused = report.get("errors", []) + report.get("parse_errors", [])
    return done.returncode, {Path(found["filename"]).name for found in refused}


def schema_file(kind: str) -> Path:
    return ROOT / "schemas" / f"{kind}.schema.json"


def test_the_files_in_the_repository_are_current():
    written = {path.name: path.read_bytes() for path in (ROOT / "schemas").iterdir()}
    assert written == schema_files(), "run: da schema"


def test_the_schemas_are_schemas():
    assert check_jsonschema("--check-metaschema", *map(schema_file, EXAMPLES)) == (0, set())


@pytest.mark.parametrize(("name", "schema"), schemas().items())
def test_a_schema_says_what_it_is_and_names_no_host(name, schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:agnes:schema:{name.partition('.')[0]}:1"
    assert schema["title"].startswith("Agnes ")
    assert schema["examples"]
    for key, property_ in schema["properties"].items():
        assert property_["title"], key
        assert property_["description"].endswith("."), key


# What is refused and what is not


@pytest.mark.parametrize("kind", STARTER_FILES)
def test_the_starter_pack_passes(kind):
    assert check_jsonschema("--schemafile", schema_file(kind), *STARTER_FILES[kind]) == (0, set())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_examples_are_valid(kind, tmp_path):
    for at, example in enumerate(EXAMPLES[kind]):
        (tmp_path / f"{at}.yml").write_bytes(dump(example))
        assert model_accepts(kind, dump(example))
    files = tmp_path.iterdir()
    assert check_jsonschema("--schemafile", schema_file(kind), *files) == (0, set())


SLOTS = {
    "agnes": Slot("agnes.yml", "settings"),
    "index": Slot("metrics/metrics.yml", "index"),
    "metric": Slot("metrics/revenue/mrr.yml", "metric", "revenue/mrr"),
    "table": Slot("tables/orders.yml", "table", "orders"),
}


def model_accepts(kind: str, data: bytes) -> bool:
    """Whether Agnes reads a file, whatever it is called."""
    if kind == "proposal":
        try:
            return bool(Proposal.model_validate(load(data)))
        except (ValidationError, YamlError):
            return False
    found = read_document(SLOTS[kind], data).diagnostics
    return all(each.severity != "error" or each.code in ("AG204", "AG205") for each in found)


def schema_accepts(kind: str, documents: list[str], folder: Path) -> list[bool]:
    """What the schema says to each document."""
    files = [folder / f"{at}.yml" for at in range(len(documents))]
    for file, text in zip(files, documents, strict=True):
        file.write_text(text, encoding="utf-8")
    _, refused = check_jsonschema("--schemafile", schema_file(kind), *files)
    return [file.name not in refused for file in files]


VALUES = [
    *("text", "'text'", "''", "' '", "|\n  several\n  lines", "null", "~", "", "true", "'true'"),
    *("no", "5", "-5", "+5", "1.50", "1e3", "012", "0x1F", "0o17", ".inf", ".nan", "2026-01-31"),
    *("12:30", "1_000", "2026-01-31 10:00:00", "[]", "[text]", "[5]", "[null]", "[[a]]", "[' ']"),
    *("[revenue/mrr]", "[a: 1]", "{}", "{a: 1}", "{a: }", "{' ': text}", "{groups: [a]}"),
    *("{groups: }", "{groups: [5], x: 1}", "{severities: {AG301: off}}", "{severities: {X: off}}"),
    *("{ignores: {'a/**': [AG301]}}", "{ignores: {a: [X]}, severities: }", "{a: {basetype: DATE}}"),
    *("{a: {basetype: date, x: 1}}", "{a: {pii: no}}", "{5: {pii: false}}", "{a: {columns: {}}}"),
    *("{a: {columns: {b: {basetype: DATE}, c: }}}", "{'a b': {columns: {}}}"),
    *("[{name: Sales, folder: sales/}]", "[{name: Sales}]", "[{name: sales, folder: }]"),
    *("[{name: 5, folder: sales, metrics: [a]}]", "[{folder: sales}]", "[{name: sales, x: 1}]"),
    *("monthly", "Monthly", "sum", "public", "draft", "branch", "revenue/mrr", "revenue", "a-b.C"),
    *("[1, 2.5]", "[2]", "[1, 2, 3]", "[1, a]", "10%", "2.5%", "-1%", "%", "0"),
    *("STRING", "high", "ai_enrichment", "äöü", "ab\u3000", "'\u00a0'", "a" * 65),
]
ODD_KEYS = ["unknown", "Name", "5", "sql_by_plan", "sql_by_", "sql_by_Ä b", "sql_variants"]


@dataclass(frozen=True)
class Place:
    """Where in a file keys are tried: behind some lines, among other keys."""

    kind: str
    model: type[Model]
    lines: str = ""
    others: dict[str, str] = field(default_factory=dict)

    def cases(self) -> list[tuple[str, str]]:
        keys = [each.alias or name for name, each in self.model.model_fields.items()]
        keys += ["table_name"] if self.model is Metric else []
        return list(product(dict.fromkeys([*keys, *ODD_KEYS]), VALUES))

    def document(self, key: str, value: str) -> str:
        *_, last = ["", *self.lines.splitlines()]
        indent = " " * (len(last) - len(last.lstrip()) + 2 if last else 0)
        mapping = {**self.others, key: value.replace("\n", f"\n{indent}")}
        return self.lines + "".join(f"{indent}{each}: {mapping[each]}\n" for each in mapping)

    def differs(self, key: str, value: str) -> bool:
        """Whether the schema and Agnes cannot agree."""
        known = any(key in (name, each.alias) for name, each in self.model.model_fields.items())
        known |= self.model is Metric and re.fullmatch("sql_by_.+", key) is not None
        if not known:
            return False
        # Other readers of YAML take more for numbers.
        numbers = ("equals", "tolerance") if "equals" in self.others else ("equals",)
        if self.model is MetricTest and key in numbers:
            return value in ("012", "1_000", ".inf", ".nan")
        # A schema sees numbers and booleans, Agnes what is written, which is an id or not.
        if self.model in (Metric, Table) and key in ("id", "table", "table_name"):
            return value in ("+5", ".inf", ".nan")
        if self.model is Settings and key == "branch":
            return value in (".inf", ".nan")
        names = ("name", "category") if self.model is Metric else ("folder",)
        if self.model is IndexCategory and "folder" not in self.others:
            names = ("name", "folder")
        return self.model in (Metric, IndexCategory) and key in names and value == "true"


ONE_TEST = "name: mrr\nsql: SELECT 1\ntests:\n-\n"
PLACES = [
    Place("agnes", Settings),
    Place("agnes", Lint, "lint:\n"),
    Place("index", Index),
    Place("index", IndexCategory, "categories:\n-\n", {"name": "sales"}),
    Place("index", IndexCategory, "categories:\n-\n", {"name": "Sales", "folder": "sales"}),
    Place("metric", Metric, "", {"name": "mrr", "sql": "SELECT 1"}),
    Place("metric", MetricTest, ONE_TEST, {"period": "2025-03"}),
    Place("metric", MetricTest, ONE_TEST, {"period": "2025-03", "equals": "5"}),
    Place("table", Table, "", {"id": "orders"}),
    Place("table", Column, "id: orders\ncolumns:\n  a:\n"),
    Place("table", Groups, "id: orders\naccess:\n"),
    Place("proposal", Proposal),
    Place("proposal", ProposedTable, "tables:\n  orders:\n"),
    Place("proposal", ProposedColumn, "tables:\n  orders:\n    columns:\n      a:\n"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.model.__name__)
def test_a_schema_and_its_model_agree_on_every_key_with_any_value(place, tmp_path):
    cases = place.cases()
    documents = [place.document(*case) for case in cases]

    said = schema_accepts(place.kind, documents, tmp_path)

    differing = [
        (case, "accepted by the schema" if accepted else "refused by the schema")
        for case, document, accepted in zip(cases, documents, said, strict=True)
        if (accepted != model_accepts(place.kind, document.encode())) != place.differs(*case)
    ]
    assert differing == []


FILES = [
    *(("agnes", text, True) for text in ("", "# nothing", "name:", "{}")),
    *(("index", text, True) for text in ("", "{}")),
    *(("metric", text, False) for text in ("", "{}", "text", "[]", "[null]", "[[]]", "[text]")),
    *(("table", text, False) for text in ("", "{}", "[]", "- id: orders")),
    *(("proposal", text, False) for text in ("", "{}", "[]", "tables:")),
    ("metric", "- {name: mrr, sql: SELECT 1}", True),
    ("metric", "- {name: mrr, sql: SELECT 1}\n- {name: arr, sql: SELECT 1}", False),
    ("metric", "- [{name: mrr, sql: SELECT 1}]", False),
    ("metric", "- {name: mrr}", False),
    ("metric", "{name: mrr}", False),
    ("metric", "{sql: SELECT 1}", False),
    ("metric", "{name: mrr, sql: SELECT 1, table: a, table_name: a}", True),
    ("metric", "{name: mrr, sql: SELECT 1, meta: {since: 2026-01-31, n: 1.5}}", True),
    ("metric", "{name: mrr, sql: SELECT 1, synonyms: [2026, 1.10, no, 2026-01-31]}", True),
    ("table", "{id: a, access: public, is_public: true}", False),
    ("table", "{id: a, access: {groups: [b]}, is_public: false}", False),
    ("table", "{id: a, access: public, is_public: }", True),
    ("table", "{id: a, access: , is_public: false}", True),
    ("table", "{id: a, is_public: no}", False),
    ("index", "categories: [{name: Product usage}]", False),
    ("index", "categories: [{name: Product usage, folder: }]", False),
    ("index", "categories: [{name: Product usage, folder: product_usage/}]", True),
]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_schema_and_its_model_agree_on_whole_files(kind, tmp_path):
    wanted = {text: valid for of, text, valid in FILES if of == kind}

    assert {text: model_accepts(kind, text.encode()) for text in wanted} == wanted
    assert dict(zip(wanted, schema_accepts(kind, list(wanted), tmp_path), strict=True)) == wanted


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("metric", "{name: mrr, sql: SELECT 1, table: a, table_name: b}"),
        ("metric", "{name: other, sql: SELECT 1}"),
        ("metric", "{name: mrr, category: other, sql: SELECT 1}"),
        ("table", "id: other"),
    ],
)
def test_what_takes_more_than_one_value_or_the_path_only_agnes_finds(kind, text, tmp_path):
    assert schema_accepts(kind, [text], tmp_path) == [True]
    assert read_document(SLOTS[kind], text.encode()).value is None
