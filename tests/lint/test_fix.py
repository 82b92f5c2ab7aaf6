from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.lint.fix import METRIC_KEYS, fix, rank, tidy
from agnes.model.layout import Slot, survey
from agnes.model.metric import YAML_KEYS, Metric
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.yaml.dump import dump
from agnes.yaml.layout import keys
from agnes.yaml.loader import load
from tests.yaml.test_dump import DOCUMENTS

METRIC = Slot("metrics/revenue/mrr.yml", "metric", "revenue/mrr")
TABLE = Slot("tables/orders.yml", "table", "orders")
STARTER = Path(__file__).parents[2] / "catalog_repo"


def mend(text: str, slot: Slot = METRIC) -> str:
    """Mend a text; mending once more must change nothing."""
    once = fix(slot, text.encode())
    assert fix(slot, once) == once
    return once.decode()


UNTIDY = """\
# yaml-language-server: $schema=../../schemas/metric.schema.json
# The one that finance signs.

# Do not touch without finance.
sql: |  # canonical
  SELECT SUM(amount) -- net
  FROM orders
synonyms: [MRR, "run rate", mrr ]
# What people see.
display_name: Monthly revenue  # not MRR
sinonym: x
naem: mrr

# Where it is used.
tags: [board, 'core']
# The end.
"""
MENDED = """\
# yaml-language-server: $schema=../../schemas/metric.schema.json
# The one that finance signs.

name: mrr
# What people see.
display_name: Monthly revenue  # not MRR
synonyms:
  - MRR
  - run rate

# Where it is used.
tags:
  - board
  - core
# Do not touch without finance.
sql: |  # canonical
  SELECT SUM(amount) -- net
  FROM orders
sinonym: x
# The end.
"""


def test_everything_at_once():
    assert mend(UNTIDY) == MENDED


def test_other_line_ends_and_a_byte_order_mark_stay():
    assert mend("\ufeff" + UNTIDY.replace("\n", "\r\n")) == "\ufeff" + MENDED.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "path",
    sorted(str(path.relative_to(STARTER)) for path in STARTER.rglob("*.yml")),
)
def test_the_starter_pack_stays_byte_for_byte(path):
    slot = survey([(path, "file")]).slots[path]
    original = (STARTER / path).read_bytes()

    assert fix(slot, original) == original


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        *(("naem", "name"), ("nmae", "name"), ("sqll", "sql"), ("tag", "tags")),
        *(("displayname", "display_name"), ("display-name", "display_name")),
        *(("descripton", "description"), ("desciption", "description")),
        *(("synonym", "synonyms"), ("sinonyms", "synonyms"), ("synonymes", "synonyms")),
        *(("time_colum", "time_column"), ("timecolumn", "time_column")),
        *(("tabel", "table"), ("tablename", "table_name"), ("gran", "grain")),
        *(("dimension", "dimensions"), ("dimesnions", "dimensions"), ("note", "notes")),
        *(("expresion", "expression"), ("catgeory", "category"), ("replacedby", "replaced_by")),
    ],
)
def test_a_misspelt_key_of_a_metric_is_corrected(wrong, right):
    assert mend(f"{wrong}: x # why\n") == f"{right}: x # why\n"


@pytest.mark.parametrize(
    "key",
    [
        *("label", "time", "title", "nodes", "votes", "stage", "code", "line", "date", "id"),
        *("metadata", "schema", "Name", "SQL", "model", "measure", "formula", "tabs", "states"),
        *("sql_by_", "sql_by_region", "sql_variants", "'naem'", "x"),
    ],
)
def test_another_word_is_no_misspelling(key):
    assert mend(f"{key}: x\n") == f"{key}: x\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name: a\nnaem: b\n", id="the right one is there"),
        pytest.param("{naem: a}\n", id="brackets"),
        pytest.param("? naem\n: a\n", id="a question mark"),
        pytest.param("meta:\n  naem: a\n", id="a key of another mapping"),
        pytest.param("sql: |\n  SELECT\n  naem: a\n", id="a text"),
        pytest.param("# naem: a\n", id="a comment"),
    ],
)
def test_a_key_is_not_corrected_where_that_is_doubtful(text):
    assert mend(text) == text


def test_of_two_misspellings_of_one_key_the_first_is_corrected():
    assert mend("naem: a\nnmae: b\n") == "name: a\nnmae: b\n"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("colums:\n  a: {}\n", "columns:\n  a: {}\n"),
        ("columns: {}\nname: a\n", "name: a\ncolumns: {}\n"),
        ("columns: {a: {}}\n", "columns: {a: {}}\n"),
        ("display_nmae: a\n", "display_nmae: a\n"),
    ],
)
def test_tables_have_keys_of_their_own(text, mended):
    assert mend(text, TABLE) == mended


@pytest.mark.parametrize(
    "slot", [Slot("agnes.yml", "settings"), Slot("metrics/metrics.yml", "index")]
)
def test_other_files_are_left_alone(slot):
    assert mend("sql: a\nnaem: b\n", slot) == "sql: a\nnaem: b\n"


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"# a\n", b"a", b"null\n", b"[1, 2]\n", b"name: [\n", b"name: a\nname: b\n"),
        *(b"\xff\xfe", b"naem: \xff\n", b"naem: !x a\n", b"a: &a [*a]\n", b"- naem: a\n"),
        b"naem: a\n---\nnaem: b\n",
    ],
)
def test_what_is_no_metric_stays_byte_for_byte(data):
    assert fix(METRIC, data) == data


def test_anchors_and_aliases_stay():
    assert mend("tags: &t [a]\nsql: *q\nname: a\n") == "tags: &t [a]\nsql: *q\nname: a\n"
    assert mend("sql: &q a\nnaem: b\nsql_by_x: *q\n") == "name: b\nsql: &q a\nsql_by_x: *q\n"
    assert mend("synonyms: &s [a]\nname: b\ntags: *s\n") == "name: b\nsynonyms: &s [a]\ntags: *s\n"


@pytest.mark.parametrize(
    ("synonyms", "tidied"),
    [
        (["MRR", "mrr", "Mrr"], ["MRR"]),
        ([" a ", "a"], ["a"]),
        (["a  b", "a b"], ["a  b"]),
        (["STRASSE", "straße"], ["STRASSE"]),
        (["b", "a", "b"], ["b", "a"]),
        ([], []),
    ],
)
def test_synonyms_are_there_once(synonyms, tidied):
    assert tidy(synonyms) == tidied


def test_a_synonym_keeps_its_comment():
    text = "synonyms:\n  # sales\n  - a  # A\n  - ' A '\n  # finance\n  - b  # B\n"

    assert mend(text) == "synonyms:\n  # sales\n  - a  # A\n  # finance\n  - b  # B\n"


@pytest.mark.parametrize("synonyms", ["[a, 1.10, A]", "a", "{a: A}", "", "[[a], [a]]"])
def test_synonyms_that_are_no_texts_stay(synonyms):
    assert core(load(mend(f"synonyms: {synonyms}\n").encode())) == core(
        load(f"synonyms: {synonyms}\n".encode())
    )


def test_the_order_of_a_metrics_keys():
    right = [*YAML_KEYS, "sql", "sql_by_b", "sql_by_a"]
    right.insert(right.index("table") + 1, "table_name")

    assert sorted(right[-3::-1], key=rank) == right[:-2]
    assert sorted(right, key=rank) == right


def test_keys_that_nobody_knows_keep_their_order():
    assert keys(mend("y: 1\nx: 2\nname: a\n")) == ["name", "y", "x"]


VALUES = st.sampled_from(
    [
        *(" x", " 'x'  # beside", " [a, b]", ' "a\\nb"', " >-\n  a\n  b", " |\n  a\n\n  # b"),
        *(" |+\n  a\n", "\n  - a # beside\n  - b", " 1.10", " [1.10, a]", "", " {a: [b]}"),
    ]
)
NAMES = [*METRIC_KEYS, *Table.model_fields, "sql_by_x", "naem", "nmae", "tabel", "colums", "other"]
COMMENTS = st.sampled_from(["", "", "# over\n", "\n", "\n# over\n"])


@st.composite
def files(draw) -> str:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
    text = draw(st.sampled_from(["", "---\n", "# yaml-language-server: $schema=x\n", "# a\n\n"]))
    text += "".join(f"{draw(COMMENTS)}{name}:{draw(VALUES)}\n" for name in names)
    text += draw(st.sampled_from(["", "# the end\n", "...\n"]))
    text = text.removesuffix(draw(st.sampled_from(["", "\n"])))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from(["", "\ufeff"])) + text


@settings(max_examples=250, deadline=None)
@given(files(), st.sampled_from([METRIC, TABLE]))
def test_only_what_is_meant_changes(text, slot):
    before, after = (load(version.encode()) for version in (text, mend(text, slot)))
    known = METRIC_KEYS if slot is METRIC else tuple(Table.model_fields)

    kept = {key for key in before if key in after}
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    wrong, right = set(before) - kept, set(after) - kept
    assert not wrong & set(known)
    assert right <= set(known)
    assert sorted(map(str, map(before.get, wrong))) == sorted(map(str, map(after.get, right)))


@settings(max_examples=150, deadline=None)
@given(files())
def test_no_comment_is_lost_and_the_editors_comment_stays_first(text):
    mended = mend(text)

    comments = re.compile(r"(?m)(?:^|(?<=\s))#[^\r\n]*")
    found, left = (comments.findall(version.lstrip("\ufeff")) for version in (text, mended))
    assert sorted(left) == sorted(found)
    if text.startswith("# yaml-language-server"):
        assert mended.startswith("# yaml-language-server")


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
def test_any_yaml_may_come(data):
    document = dump(data)

    before, after = set(load(document)), set(load(mend(document.decode()).encode()))
    # A key that is nearly a known one is mended: `synony` is `synonyms`.
    assert len(after) == len(before)
    assert all(Metric.knows(key) for key in after - before)
    assert not any(Metric.knows(key) for key in before - after)
