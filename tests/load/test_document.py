from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnes.lint.rules import RULES
from agnes.load.document import Document, read_document, read_metrics
from agnes.model.catalog import Index, IndexCategory, Settings
from agnes.model.layout import Slot
from agnes.model.metric import YAML_KEYS, Metric
from agnes.model.table import Column, Table
from agnes.yaml.dump import dump

METRIC = Slot("metrics/revenue/mrr.yml", "metric", "revenue/mrr")
TABLE = Slot("tables/orders.yml", "table", "orders")
INDEX = Slot("metrics/metrics.yml", "index")
SETTINGS = Slot("agnes.yml", "settings")
GOOD = "name: mrr\ngrain: monthly\nsql: SELECT 1\n"


def read(slot: Slot, text: str | bytes) -> Document:
    return read_document(slot, text.encode() if isinstance(text, str) else text)


def value(slot: Slot, text: str):
    document = read(slot, text)
    assert document.diagnostics == ()
    return document.value


def finding(slot: Slot, text: str | bytes):
    """The one error of a document."""
    document = read(slot, text)
    assert document.value is None
    [error] = [found for found in document.diagnostics if found.severity == "error"]
    return error


def test_a_metric_gets_its_category_from_the_folder():
    metric = value(METRIC, GOOD)

    assert isinstance(metric, Metric)
    assert metric.id == "revenue/mrr"


def test_a_metric_may_say_its_category():
    assert value(METRIC, f"{GOOD}category: revenue\n").category == "revenue"


def test_a_list_of_one_metric_is_a_metric():
    assert value(METRIC, "- name: mrr\n  grain: daily\n  sql: SELECT 1\n").grain == "daily"


def test_scalars_are_text_where_the_model_wants_text():
    metric = value(
        METRIC,
        f"{GOOD}unit: no\ndisplay_name: 2024\nsynonyms: [on, 12:30, 012, 1.10, 2024-01-31]\n"
        "meta: {ratio: 1.10, since: 2024-01-31, live: true, zip: 012, off: no}\n",
    )

    assert (metric.unit, metric.display_name) == ("no", "2024")
    assert metric.synonyms == ["on", "12:30", "012", "1.10", "2024-01-31"]
    assert metric.meta == {
        "ratio": 1.1,
        "since": "2024-01-31",
        "live": True,
        "zip": "012",
        "off": "no",
    }


def test_a_table_with_columns():
    table = value(
        TABLE, "id: orders\ncolumns:\n  no: {pii: true}\n  2024: {basetype: DATE}\n  x:\n"
    )

    assert isinstance(table, Table)
    assert table.columns == {
        "no": Column(pii=True),
        "2024": Column(basetype="DATE"),
        "x": Column(),
    }


def test_the_index_and_the_settings():
    index = value(INDEX, "version: 2.0\ncategories: [{name: Sales, folder: sales/, metrics: [a]}]")

    assert index == Index(
        version="2.0", categories=[IndexCategory(name="Sales", folder="sales", metrics=["a"])]
    )
    assert value(SETTINGS, "name: Acme\nlint: {severities: {AG209: error}}\n") == Settings(
        name="Acme", lint={"severities": {"AG209": "error"}}
    )


@pytest.mark.parametrize("slot", [INDEX, SETTINGS], ids=["index", "settings"])
@pytest.mark.parametrize("text", ["", "# later\n", "---\n", "{}"])
def test_an_empty_index_and_empty_settings_are_fine(slot, text):
    assert read(slot, text).value is not None


def test_a_metric_without_a_grain_is_warned_about():
    document = read(METRIC, "name: mrr\nsql: SELECT 1\n")

    [warning] = document.diagnostics
    assert isinstance(document.value, Metric)
    assert (document.value.grain, warning.severity, warning.code) == ("monthly", "warning", "AG209")
    assert warning.hint == "add `grain: monthly`"


WRONG = {
    # name: (slot, text, line, column, code, words in the message, words in the hint)
    "syntax": (METRIC, "name: mrr\nsql: 'SELECT\n", 2, 6, "AG101", "quote", "close"),
    "duplicate key": (METRIC, f"{GOOD}name: mrr\n", 4, 1, "AG103", "'name'", "keep one"),
    "no mapping": (METRIC, "SELECT 1\n", 1, 1, "AG210", "not a mapping", "key: value"),
    "an empty file": (METRIC, "", 1, 1, "AG210", "nothing", "key: value"),
    "a list of text": (METRIC, "- mrr\n", 1, 3, "AG210", "not a mapping", "key: value"),
    "a list of several": (METRIC, "- name: a\n- name: b\n", 1, 1, "AG210", "2 metrics", "import"),
    "an empty list": (METRIC, "# x\n[]\n", 2, 1, "AG210", "", "name"),
    "no sql": (METRIC, "# c\nname: mrr\ngrain: daily\n", 2, 1, "AG201", "`sql`", "add `sql:"),
    "no name": (METRIC, "sql: x\ngrain: daily\n", 1, 1, "AG201", "`name`", "add `name:"),
    "unknown key": (METRIC, f"{GOOD}unti: USD\n", 4, 1, "AG202", "`unti`", "`unit`"),
    "unknown key, in a list of one": (
        METRIC,
        "- name: mrr\n  grain: daily\n  sql: x\n  synonims: [a]\n",
        *(4, 3, "AG202", "`synonims`", "`synonyms`"),
    ),
    "unknown key in capitals": (METRIC, f"{GOOD}UNIT: USD\n", 4, 1, "AG202", "`UNIT`", "`unit`"),
    "unknown key, nothing near": (METRIC, f"{GOOD}zzz: 1\n", 4, 1, "AG202", "`zzz`", "unit, "),
    "variants under the column's name": (
        METRIC,
        f"{GOOD}sql_variants: {{by_x: SELECT 2}}\n",
        *(4, 1, "AG202", "`sql_variants`", "sql_by_<dimension>"),
    ),
    "a variant without an underscore": (
        METRIC,
        f"{GOOD}sql_byplan: SELECT 2\n",
        *(4, 1, "AG202", "`sql_byplan`", "sql_by_<dimension>"),
    ),
    "a variant without a name": (
        METRIC,
        f"{GOOD}sql_by_: SELECT 2\n",
        *(4, 1, "AG202", "`sql_by_`", "sql_by_<dimension>"),
    ),
    "variants that are no mapping": (
        METRIC,
        f"{GOOD}sql_variants: [1]\nsql_by_x: SELECT 2\n",
        *(4, 1, "AG202", "`sql_variants`", "sql_by_<dimension>"),
    ),
    "variants that are a list of nothing": (
        METRIC,
        f"{GOOD}sql_variants: [~]\nsql_by_x: SELECT 2\n",
        *(4, 1, "AG202", "`sql_variants`", "sql_by_<dimension>"),
    ),
    "text for a list": (METRIC, f"{GOOD}synonyms: MRR\n", 4, 11, "AG203", "must be a list", None),
    "a list for text": (METRIC, f"{GOOD}unit: [USD]\n", 4, 7, "AG203", "must be text", None),
    "a mapping for text": (METRIC, f"{GOOD}unit: {{a: b}}\n", 4, 7, "AG203", "text", "quotes"),
    "a colon in a list": (
        METRIC,
        f"{GOOD}notes:\n  - a\n  - never: sum it\n",
        *(6, 5, "AG203", "`notes[1]` must be text", "quotes"),
    ),
    "nothing in a list": (METRIC, f"{GOOD}notes:\n  -\n", 5, 4, "AG203", "`notes[0]`", None),
    "blank text in a list": (
        METRIC,
        f"{GOOD}tags: ['']\n",
        4,
        8,
        "AG203",
        "must not be empty",
        None,
    ),
    "blank query": (METRIC, "name: mrr\ngrain: daily\nsql: ' '\n", 3, 6, "AG203", "empty", None),
    "blank variant": (METRIC, f"{GOOD}sql_by_x: ''\n", 4, 11, "AG203", "`sql_by_x`", None),
    "variant of another kind": (
        METRIC,
        f"{GOOD}sql_by_x: [1]\n",
        4,
        11,
        "AG203",
        "`sql_by_x`",
        None,
    ),
    "unknown type": (METRIC, f"{GOOD}type: cuont\n", 4, 7, "AG203", "'cuont'", "`count`"),
    "upper case": (METRIC, f"{GOOD}status: Draft\n", 4, 9, "AG203", "'Draft'", "`draft`"),
    "a list of types": (METRIC, f"{GOOD}type: [sum]\n", 4, 7, "AG203", "`type`", None),
    "a bad id": (METRIC, f"{GOOD}inputs: [arr]\n", 4, 10, "AG203", "revenue/mrr", None),
    "a bad table": (METRIC, f"{GOOD}table: my orders\n", 4, 8, "AG203", "`table`", None),
    "a bad table, other name": (
        METRIC,
        f"{GOOD}table_name: my orders\n",
        *(4, 13, "AG203", "`table_name`", None),
    ),
    "two tables": (
        METRIC,
        f"{GOOD}unit: USD\ntable: a\ntable_name: b\n",
        *(5, 1, "AG203", "keep table", None),
    ),
    "free text": (METRIC, f"{GOOD}meta: x\n", 4, 7, "AG203", "must be a mapping", None),
    "another name": (METRIC, GOOD.replace("mrr", "arr"), 1, 7, "AG204", "'arr'", "equal"),
    "a bad name": (METRIC, GOOD.replace("mrr", "MRR"), 1, 7, "AG203", "'MRR'", None),
    "another category": (METRIC, f"{GOOD}category: sales\n", 4, 11, "AG205", "'sales'", "equal"),
    "table without an id": (TABLE, "name: Orders\n", 1, 1, "AG201", "`id`", "add `id:"),
    "another id": (TABLE, "# x\nid: order\n", 2, 5, "AG204", "'order'", "equal"),
    "unknown key of a table": (TABLE, "id: orders\ncolums: {}\n", 2, 1, "AG202", "", "`columns`"),
    "unknown key of a column": (
        TABLE,
        "id: orders\ncolumns:\n  a: {desciption: x}\n",
        *(3, 7, "AG202", "`columns.a.desciption`", "`description`"),
    ),
    "unknown type of a column": (
        TABLE,
        "id: orders\ncolumns:\n  a:\n    basetype: INT\n",
        *(4, 15, "AG203", "`columns.a.basetype`", "`INTEGER`"),
    ),
    "a column of another kind": (
        TABLE,
        "id: orders\ncolumns:\n  a: STRING\n",
        *(3, 6, "AG203", "`columns.a` must be a mapping", None),
    ),
    "a column without a name": (
        TABLE,
        "id: orders\ncolumns:\n  '': {}\n",
        *(3, 3, "AG203", "must not be empty", None),
    ),
    "columns in a list": (TABLE, "id: orders\ncolumns: [a]\n", 2, 10, "AG203", "mapping", None),
    "a switch": (TABLE, "id: orders\nis_public: yes\n", 2, 12, "AG203", "true or false", None),
    "another access": (TABLE, "id: orders\naccess: all\n", 2, 9, "AG203", "`access`", None),
    "groups that are no list": (
        TABLE,
        "id: orders\naccess: {groups: finance}\n",
        *(2, 18, "AG203", "`access.groups` must be a list", None),
    ),
    "a group that is no text": (
        TABLE,
        "id: orders\naccess:\n  groups:\n    - finance\n    - [a]\n",
        *(5, 7, "AG203", "`access.groups[1]` must be text", None),
    ),
    "access said twice": (
        TABLE,
        "id: orders\naccess: public\nis_public: true\n",
        *(2, 1, "AG203", "keep access", None),
    ),
    "a primary key of another kind": (
        TABLE,
        "id: orders\nprimary_key: {a: b}\n",
        *(2, 14, "AG203", "`primary_key`", None),
    ),
    "part of a primary key": (
        TABLE,
        "id: orders\nprimary_key: [a, [b]]\n",
        *(2, 18, "AG203", "`primary_key[1]` must be text", None),
    ),
    "index in a list": (INDEX, "- name: a\n", 1, 1, "AG210", "a list", "key: value"),
    "category without a folder": (
        INDEX,
        "categories:\n  - name: Product usage\n",
        *(2, 5, "AG203", "`folder` must be given", None),
    ),
    "unknown key of a category": (
        INDEX,
        "categories:\n  - name: a\n    fodler: b\n",
        *(3, 5, "AG202", "`categories[0].fodler`", "`folder`"),
    ),
    "unknown setting": (SETTINGS, "nmae: Acme\n", 1, 1, "AG202", "`nmae`", "`name`"),
    "bad setting": (SETTINGS, "write_mode: push\n", 1, 13, "AG203", "commit or branch", None),
}


@pytest.mark.parametrize(
    ("slot", "text", "line", "column", "code", "words", "hint"), WRONG.values(), ids=WRONG.keys()
)
def test_a_mistake_is_one_finding_at_its_place_with_a_remedy(
    slot, text, line, column, code, words, hint
):
    error = finding(slot, text)

    assert (error.line, error.column, error.code) == (line, column, code)
    assert words in error.message
    assert (hint or "") in (error.hint or "")


@pytest.mark.parametrize("slot", [TABLE, INDEX, SETTINGS], ids=["table", "index", "settings"])
@pytest.mark.parametrize("key", ["sql_variants", "sql_by_x", "table_name", "synonyms"])
def test_a_key_of_metrics_is_unknown_elsewhere(slot, key):
    document = read(slot, f"{key}: x\n")

    assert ("AG202", 1) in [(found.code, found.line) for found in document.diagnostics]


def test_all_mistakes_of_a_file_are_found():
    document = read(METRIC, "name: MRR\nunti: USD\nsynonyms: x\ntype: y\n")

    errors = [(found.line, found.code) for found in document.diagnostics]
    assert errors == [
        *((1, "AG201"), (1, "AG209")),
        *((1, "AG203"), (2, "AG202"), (3, "AG203"), (4, "AG203")),
    ]


def test_a_list_of_several_is_not_blamed_for_more():
    document = read(METRIC, "- name: a\n  sql: x\n- name: b\n  sql: y\n")

    assert [found.code for found in document.diagnostics] == ["AG210"]


def test_a_document_that_is_too_large_is_refused():
    error = finding(METRIC, b"x" * (1 << 21))

    assert (error.line, error.code) == (0, "AG102")


def test_an_odd_path_is_shown_escaped():
    slot = Slot("metrics/revenue/m\n\udce9.yml", "metric", "revenue/mrr")

    assert finding(slot, "x").path == r"metrics/revenue/m\n\udce9.yml"


@pytest.mark.parametrize("key", ['"un\\nit"', '"\\e[31mx"', '"a\\u2028b"', '"a\\tb"'])
def test_a_message_is_one_line_whatever_the_file_says(key):
    document = read(METRIC, f"{GOOD}{key}: 1\n")

    assert document.diagnostics
    assert all(found.message.isprintable() for found in document.diagnostics)
    assert all((found.hint or "").isprintable() for found in document.diagnostics)


def test_a_long_value_is_not_repeated_in_the_message():
    for key in ("type", "replaced_by", "table", "category"):
        document = read(METRIC, f"{GOOD}{key}: {'x' * 10_000}\n")
        assert all(len(found.message) < 400 for found in document.diagnostics)


SEVERAL = """\
- name: mrr
  category: revenue
  grain: monthly
  sql: SELECT 1
- name: dau
  category: usage
  grain: daily
  sql: SELECT 2
"""


def test_an_import_may_hold_several_metrics():
    documents = read_metrics("pack.yml", SEVERAL.encode(), None)

    assert [document.value.id for document in documents] == ["revenue/mrr", "usage/dau"]


def test_an_import_of_one_metric_may_have_any_file_name():
    [document] = read_metrics("x.yml", GOOD.encode(), "revenue")

    assert document.value.id == "revenue/mrr"


def test_an_import_without_a_category_needs_one_in_the_metric():
    [document] = read_metrics("x.yml", GOOD.encode(), None)

    [error] = document.diagnostics
    assert (error.code, error.message) == ("AG201", "`category` is missing")


def test_an_import_says_which_metric_of_a_list_is_wrong():
    documents = read_metrics("pack.yml", SEVERAL.replace("sql: SELECT 2", "sq: x").encode(), None)

    assert documents[0].value is not None
    assert documents[1].value is None
    assert [(found.line, found.code) for found in documents[1].diagnostics] == [
        (5, "AG201"),
        (8, "AG202"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "text", "- a\n", "- null\n", "- - a\n", "{", "a: *x"])
def test_an_import_that_holds_no_metric_is_an_error(text):
    documents = read_metrics("x.yml", text.encode(), "revenue")

    assert [document.value for document in documents] == [None]
    assert documents[0].diagnostics[0].severity == "error"


SCALARS = st.sampled_from(
    [None, True, 5, 1.5, "", " ", "text", "sum", "a/b", "no", "ä\n", "\t", "x" * 200]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["a", "groups", "name", "folder", "basetype", "pii", "", "by_x", "1"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        *(*YAML_KEYS, "sql", "sql_by_x", "sql_by_", "sql_variants", "table_name", "id", "columns"),
        *("access", "is_public", "primary_key", "profile_after_sync", "categories", "version"),
        *("lint", "write_mode", "certifiers", "folder", "x", "", "a\nb", "<", "1"),
    ]
)
CONTENTS = st.one_of(
    st.dictionaries(KEYS, VALUES, max_size=5), st.lists(st.dictionaries(KEYS, VALUES, max_size=4))
)


@settings(max_examples=400, deadline=None)
@given(CONTENTS | VALUES, st.sampled_from([METRIC, TABLE, INDEX, SETTINGS]))
@example({"sql_variants": 5, "sql_by_x": "x"}, METRIC)
@example({"sql_variants": 5}, TABLE)
@example({"id": "orders", "primary_key": {}}, TABLE)
def test_any_content_is_a_value_or_an_error_at_a_place(content, slot):
    text = json.dumps(content, ensure_ascii=False, indent=1)
    document = read(slot, text)

    errors = [found for found in document.diagnostics if found.severity == "error"]
    assert (document.value is None) == bool(errors)
    for found in document.diagnostics:
        assert 1 <= found.line <= text.count("\n") + 1
        assert RULES[found.code].severity == found.severity
        assert not any(
            jargon in found.message
            for jargon in (
                "function-",
                "literal[",
                "Input should",
                "Value error",
                "[key]",
                "Groups",
            )
        )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_value_or_an_error(data):
    for slot in (METRIC, TABLE, INDEX, SETTINGS):
        document = read(slot, data)
        assert (document.value is None) == any(
            found.severity == "error" for found in document.diagnostics
        )
    assert read_metrics("x.yml", data, None)


CERTIFICATE = {
    "by": "ada@example.com",
    "on": "2026-07-29",
    "definition": "0123456789abcdef-0123456789abcdef",
}


@pytest.mark.parametrize(
    ("changed", "message", "hint"),
    [
        (
            {"by": "Ada"},
            "`certified.by` must be an e-mail such as ada@example.com, not 'Ada'",
            None,
        ),
        (
            {"on": "1.2.2026"},
            "`certified.on` must be a day such as 2026-07-29, not '1.2.2026'",
            None,
        ),
        ({"definition": "abc"}, "`certified.definition` must be what `da metrics certify`", None),
        ({"until": "x"}, "unknown key `certified.until`", "known: by, on, definition"),
        ({"By": "x"}, "unknown key `certified.By`", "did you mean `by`?"),
        ({"on": None}, "`certified.on` must be text", None),
    ],
)
def test_a_certificate_that_is_none_is_told_in_the_words_of_the_file(changed, message, hint):
    content = dump({"name": "mrr", "grain": "monthly", "sql": "SELECT 1"})
    content += dump({"certified": CERTIFICATE | changed})
    [found] = read_document(Slot("metrics/a/mrr.yml", "metric", "a/mrr"), content).diagnostics

    assert found.message.startswith(message)
    assert found.hint == hint
    assert found.line > 3
