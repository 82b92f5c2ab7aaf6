from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.edit import patch
from agnes.yaml.loader import load
from tests.yaml.test_dump import BREAKS, DOCUMENTS, LIKE_YAML, TEXTS, same

METRIC = """\
# Owned by finance.

name: mrr  # never rename
display_name: "Monthly recurring revenue"
# What counts as recurring: see the wiki.
unit: USD   # not cents
tags: [core, 'board']  # short
synonyms:
  # what sales says
  - MRR  # upper case
  - run rate

  # what finance says
  - "recurring"

validation:
  # checked by hand
  method: invoice  # monthly
  result: 1.10
sql: |  # the canonical query
  SELECT month, SUM(amount) -- not an invoice
  FROM orders

  GROUP BY month
# One row per plan.
sql_by_plan: |
  SELECT plan
# The end.
"""


def said(document: bytes):
    data = core(load(document))
    return data[0] if isinstance(data, list) else data


def edit(text: str, **changes) -> str:
    """Change keys of a document; None deletes."""
    original = text.encode()
    data = {**said(original), **changes}
    data = {key: value for key, value in data.items() if key not in changes or value is not None}
    edited = patch(original, data)
    assert same_in_any_order(said(edited), data)
    return edited.decode()


def same_in_any_order(one, other) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same_in_any_order(one[key], other[key]) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_in_any_order, one, other))
    return same(one, other)


def comments(text: str) -> list[str]:
    return re.findall(r"(?<!\S)#.*", text)


ORIGINALS = [
    METRIC,
    "",
    "# nothing yet\n",
    "---\n# é\na:   1\n...\n",
    "{a: 1, b: [x,y]}",
    "- a: 1\n  b: 2\n",
    "-   a: 1\n    b:\n    - x\n",
    "a:    1   # x\n\n\nb:\n- 1\n-   2",
    "a: &x {b: 1}\nc: *x\n",
    "a: ~\nb: NULL\nc: True\n'd': 0.10\n",
    "\ufeffa: 1\r\nb: |\r\n  x\r\n",
]


@pytest.mark.parametrize("original", [text for text in ORIGINALS if said(text.encode())])
def test_a_file_that_says_it_already_stays_byte_for_byte(original):
    document = original.encode()

    assert patch(document, said(document)) == document


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
@example({"": "a\x85b"})
def test_any_data_that_is_there_already_changes_nothing(data):
    original = dump(data)

    assert patch(original, core(load(original))) == original


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.sampled_from([text.encode() for text in ORIGINALS]),
        DOCUMENTS.map(dump),
    ),
    DOCUMENTS,
)
@example(b"a: 1\nb: 2\n", {"a": "\t\n", "b": 2})
@example(b"a: 1\n", {"a": True})
def test_what_is_patched_says_the_new_data(original, data):
    assert same_in_any_order(said(patch(original, data)), data)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from(" \t\n\r#:-x\"'\\|"), max_size=8) | TEXTS)
@example("\t\n")
@example("a\x85b")
def test_any_text_may_come_into_a_file(text):
    edit(METRIC, unit=text, notes=[text], validation={"method": text}, sql=text)


@pytest.mark.parametrize("text", [*LIKE_YAML, *BREAKS])
def test_text_that_looks_like_yaml_may_come_into_a_file(text):
    edit(METRIC, unit=text, synonyms=["MRR", text], sql_by_plan=text, tags=[text])


@pytest.mark.parametrize(
    ("original", "data"),
    [
        ("a: true\n", {"a": 1}),
        ("a: 1\n", {"a": True}),
        ("a: 0\n", {"a": False}),
        ("a: 1\n", {"a": 1.0}),
        ("a: [1, x]\n", {"a": [True, "x"]}),
        ("a: {b: [true]}\n", {"a": {"b": [1]}}),
    ],
)
def test_one_and_true_are_different(original, data):
    assert same(said(patch(original.encode(), data)), data)


CHANGES = {
    "a text": {"unit": "EUR"},
    "a quoted text": {"display_name": "MRR"},
    "a text to lines": {"unit": "US\ndollars\n"},
    "lines": {"sql": "SELECT 1\n"},
    "lines to a text": {"sql": "SELECT 1"},
    "the last lines": {"sql_by_plan": "SELECT 2\n"},
    "a new key": {"owner": "finance"},
    "a new list": {"notes": ["a", "b"]},
    "a new mapping": {"meta": {"a": [1]}},
    "a list's end": {"synonyms": ["MRR", "run rate", "recurring", "more"]},
    "a list's start": {"synonyms": ["more", "MRR", "run rate", "recurring"]},
    "a short list": {"tags": ["core", "board", "x"]},
    "a mapping in it": {"validation": {"method": "invoice", "result": 2, "by": "x"}},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_comments_survive_a_change(change):
    assert comments(edit(METRIC, **change)) == comments(METRIC)


@pytest.mark.parametrize("key", ["unit", "display_name", "tags", "synonyms", "validation", "sql"])
def test_comments_on_other_keys_survive_a_deletion(key):
    kept = [line for line in METRIC.split("\n") if re.match(r"# (Owned|One row|The end)", line)]

    edited = edit(METRIC, **{key: None})

    assert [line for line in kept if line in edited] == kept


def test_a_comment_above_a_key_survives_when_the_key_before_it_goes():
    assert edit("a: 1\nb: 2\n# about c\nc: 3\n", b=None) == "a: 1\n# about c\nc: 3\n"


def test_a_comment_above_an_item_survives_when_the_item_before_it_goes():
    edited = edit("a:\n  - x\n  - y\n  # about z\n  - z\n", a=["x", "z"])

    assert edited == "a:\n  - x\n  # about z\n  - z\n"


def test_a_comment_goes_along_with_an_item_that_moves():
    assert set(comments(edit("a:\n  - x # X\n  - y # Y\n", a=["y", "x"]))) == {"# X", "# Y"}


def test_a_comment_in_a_list_of_mappings_survives_a_change():
    original = (
        "categories:\n"
        "  # first\n"
        "  - name: a # A\n"
        "    metrics: [x]\n"
        "  # second\n"
        "  - name: b # B\n"
        "    metrics:\n"
        "      - y # Y\n"
    )

    edited = edit(
        original,
        categories=[{"name": "a", "metrics": ["x"]}, {"name": "b", "metrics": ["y", "z"]}],
    )

    assert edited == original + "      - z\n"


def test_comments_survive_when_a_list_of_mappings_changes_and_grows():
    original = "categories:\n  - name: a  # the first page\n    metrics:\n      - x\n# The end.\n"

    edited = edit(
        original,
        categories=[{"name": "a", "metrics": ["x", "y"]}, {"name": "b", "metrics": ["z"]}],
    )

    assert comments(edited) == ["# the first page", "# The end."]


def test_a_list_grows_where_it_ends():
    edited = edit("a:\n  - x\n  - y\n\n# about b\nb: 1\n", a=["x", "y", "z"])

    assert edited == "a:\n  - x\n  - y\n  - z\n\n# about b\nb: 1\n"


def test_keys_keep_their_order():
    original = "unit: USD\nname: mrr\nsql: SELECT 1\n"

    edited = patch(original.encode(), {"name": "arr", "sql": "SELECT 1", "unit": "USD"})

    assert edited == b"unit: USD\nname: arr\nsql: SELECT 1\n"


def test_a_new_key_goes_behind_its_neighbor():
    data = {"name": "mrr", "unit": "USD", "grain": "daily", "sql": "SELECT 1"}

    edited = patch(b"name: mrr\nunit: USD\nsql: SELECT 1\n", data)

    assert edited == b"name: mrr\nunit: USD\ngrain: daily\nsql: SELECT 1\n"


@pytest.mark.parametrize("value", ["no", "on", "012", "1.10", "true", "null", ""])
def test_text_that_is_ambiguous_gets_quotes(value):
    assert f"a: '{value}'" in edit("a: x\n", a=value)


def test_text_of_several_lines_is_written_as_lines():
    assert edit("sql: SELECT 1\n", sql="SELECT 1\nFROM x\n") == "sql: |\n  SELECT 1\n  FROM x\n"


LAYOUTS = {
    "CRLF": "a: 1\r\n# é\r\nb: 2\r\nc: |\r\n  x\r\n  y\r\n",
    "byte order mark": "\ufeffa: 1\nb: 2\n",
    "document start": "---\na: 1\nb: 2\n",
    "comment above the document start": "# licence\n---\na: 1\nb: 2\n",
    "document end": "a: 1\nb: 2\n...\n",
    "no newline at the end": "a: 1\nb: 2",
    "empty lines at the end": "a: 1\nb: 2\n\n\n",
    "list of one": "- a: 1\n  b: 2\n  c:\n    - x\n",
    "list of one with a comment": "# c\n- a: 1\n  # d\n  b: 2\n",
    "list of one, lists not indented": "- a: 1\n  b: 2\n  c:\n  - x\n",
    "four spaces": "a:\n    c: 1\n    d:\n        - x\nb: 2\n",
    "lists not indented": "a:\n- x\n- y\nb: 2\n",
    "both kinds of lists": "a:\n- x\nc:\n  - y\nb: 2\n",
    "wide lists": "a:\n  -   x\n  -   y\nb: 2\n",
    "aligned values": "a:     1\nb: 2\nlong:  3\n",
    "aligned comments": "a: 1       # one\nb: 2\nlong: 3    # three\n",
    "flow on one line": "a: {x: 1, y: [p,q]}\nb: 2\n",
    "flow on several lines": "a: [\n  x,  # X\n  y,\n]\nb: 2\n",
    "quotes": "'a': \"x\"\n\"c\": 'y'\nb: 2\n",
    "escapes": 'a: "\\u00e9\\t\\x41"\nb: 2\n',
    "nulls": "a: ~\nc: null\nd:\ne: NULL\nb: 2\n",
    "null with a comment": "a:  # nothing yet\nb: 2\n",
    "booleans": "a: True\nc: FALSE\nb: 2\n",
    "numbers": "a: 1.10\nc: +1\nd: 1e3\ne: .5\nf: 0.0\nb: 2\n",
    "Norway": "a: no\nc: ON\nd: y\nb: 2\n",
    "account numbers": "a: 012\nc: 08\nb: 2\n",
    "hexadecimal": "a: 0x1F\nc: 0o17\nb: 2\n",
    "underscores": "a: 1_000\nb: 2\n",
    "times": "a: 12:30\nc: 1:1:1\nb: 2\n",
    "dates": "a: 2024-01-31\nc: 2024-01-31 10:00:00\nb: 2\n",
    "dates that are none": "a: 2024-13-45\nb: 2\n",
    "infinities": "a: .inf\nc: .nan\nb: 2\n",
    "long numbers": f"a: {'9' * 5000}\nb: 2\n",
    "anchors": "a: &x {k: 1}\nc: *x\nb: 2\n",
    "anchors used twice": "a: &x 1\nc: &x 2\nd: *x\nb: 2\n",
    "lines": "a: |\n  x\n\n  y\nc: |-\n  z\nd: |+\n  q\n\nb: 2\n",
    "lines with an indentation": "a: |2\n    x\n  y\nb: 2\n",
    "lines, deeply indented": "a: |\n      x\n      y\nb: 2\n",
    "lines with trailing spaces": "a: |\n  x  \n  y\nb: 2\n",
    "folded lines": "a: >\n  x\n  y\n\n  z\nb: 2\n",
    "text over lines": "a: x\n  y\nb: 2\n",
    "quoted text over lines": 'a: "x\n  y"\nb: 2\n',
    "long text": f'a: {"word " * 60}end\nc: "{"word " * 60}"\nb: 2\n',
    "keys that are numbers": "2024: a # A\n1.0: c\nb: 2\n",
    "keys like words of YAML": "no: a # A\ntrue: c\nb: 2\n",
    "a tag": "a: !!str 5\nb: 2\n",
    "tabs before comments": "a: 1\t# one\nb: 2\n",
    "emoji": "a: 😀  # 😀\nb: 2\n",
}


@pytest.mark.parametrize("original", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_one_change_changes_one_line(original):
    assert edit_bytes(original, b=3) == original.replace("b: 2", "b: 3")


def edit_bytes(text: str, **changes) -> str:
    original = text.encode()
    return patch(original, {**said(original), **changes}).decode()


@pytest.mark.parametrize("original", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_change_of_any_layout_says_the_new_data(original):
    edit(original, b=3, new=["x", {"y": "z"}])


@pytest.mark.parametrize("spelling", ["012", "2024-01-31", "12:30", "no", "1_000", ".inf", "y"])
def test_text_that_stays_stays_without_quotes(spelling):
    original = f"unit: {spelling}\nname: mrr\n"

    edited = patch(original.encode(), {"unit": spelling, "name": "arr"})

    assert edited.decode() == original.replace("mrr", "arr")


@pytest.mark.parametrize(
    "original", ["", "# nothing\n", "text", "[]", "- x\n- y\n", "- a: 1\n- b: 2\n"]
)
def test_what_is_no_mapping_becomes_the_canonical_form(original):
    assert patch(original.encode(), {"a": 1, "b": ["x"]}) == b"a: 1\nb:\n  - x\n"


def test_an_alias_is_not_changed_through_its_anchor():
    original = b"a: &x {k: 1}\nb: *x\n"

    assert said(patch(original, {"a": {"k": 1}, "b": {"k": 2}})) == {"a": {"k": 1}, "b": {"k": 2}}


WORDS = st.text(st.sampled_from("abcXYZ "), min_size=1, max_size=8).map(lambda text: f"t{text}t")


@st.composite
def commented(draw):
    """Blocks of a file, one key each with comments above it and behind its value."""
    blocks = []
    for number in range(draw(st.integers(1, 5))):
        key, lines = f"k{number}", [f"# above {number}"] * draw(st.integers(0, 2))
        kind = draw(st.sampled_from(["text", "quoted", "list", "lines", "mapping"]))
        words = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
        if kind in ("text", "quoted"):
            words = words[:1]
            quote = '"' if kind == "quoted" else ""
            lines.append(f"{key}: {quote}{words[0]}{quote}  # behind {number}")
        elif kind == "list":
            lines += [f"{key}:  # behind {number}", f"  # first of {number}"]
            lines += [f"  - {word}  # item {number}" for word in words]
        elif kind == "mapping":
            lines += [f"{key}:"]
            lines += [f"  m{at}: {word}  # {number}" for at, word in enumerate(words)]
        else:
            lines += [f"{key}: |", *(f"  {word}" for word in words)]
        if number and draw(st.booleans()):
            lines.insert(0, "")
        blocks.append((key, "".join(f"{line}\n" for line in lines)))
    return blocks


@settings(max_examples=80, deadline=None)
@given(commented(), st.data())
def test_only_the_key_that_changes_changes(blocks, data):
    changed = data.draw(st.sampled_from([key for key, _ in blocks]))
    original = "".join(text for _, text in blocks)
    value = said(original.encode())[changed]
    new = (
        [*value, "new"]
        if isinstance(value, list)
        else {**value, "new": "x"}
        if isinstance(value, dict)
        else f"new {value}"
    )

    edited = edit(original, **{changed: new})

    at = [key for key, _ in blocks].index(changed)
    before = "".join(text for _, text in blocks[:at])
    after = "".join(text for _, text in blocks[at + 1 :])
    assert edited.startswith(before)
    assert edited.endswith(after)
    assert comments(edited) == comments(original)
