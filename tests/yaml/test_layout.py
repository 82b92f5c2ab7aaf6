from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.model.scalar import core
from agnes.yaml.layout import is_block, keys, reorder, to_blocks
from agnes.yaml.loader import load
from tests.yaml.test_dump import DOCUMENTS, same
from tests.yaml.test_dump import dump as dumped

ORDER = ["name", "unit", "tags", "meta", "sql", "sql_by_plan"]


def rank(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def sort(text: str) -> str:
    """Sort the keys of a text; sorting once more must change nothing."""
    once = reorder(text.encode(), rank)
    assert reorder(once, rank) == once
    return once.decode()


def block(text: str) -> str:
    once = to_blocks(text.encode())
    assert to_blocks(once) == once
    return once.decode()


@pytest.mark.parametrize(
    ("text", "sorted_text"),
    [
        pytest.param("unit: b\nname: a\n", "name: a\nunit: b\n", id="plain"),
        pytest.param("x: 1\nname: a\ny: 2\n", "name: a\nx: 1\ny: 2\n", id="others stay last"),
        pytest.param("unit: b\nname: a", "name: a\nunit: b", id="no final newline"),
        pytest.param(
            "sql: |\n  b\nname: a", "name: a\nsql: |\n  b\n", id="a newline that becomes needed"
        ),
        pytest.param(
            "\ufeffunit: b\r\nname: a\r\n", "\ufeffname: a\r\nunit: b\r\n", id="BOM and CRLF"
        ),
        pytest.param("---\nunit: b\nname: a\n...\n", "---\nname: a\nunit: b\n...\n", id="marks"),
        pytest.param(
            "unit: b # of b\n# over a\nname: a # of a\n# the end\n",
            "# over a\nname: a # of a\nunit: b # of b\n# the end\n",
            id="comments above, beside, at the end",
        ),
        pytest.param(
            "# over b\nunit: b\n# over a\nname: a\n",
            "# over a\nname: a\n# over b\nunit: b\n",
            id="a comment above the first key",
        ),
        pytest.param(
            "# of the file\n\n# over b\nunit: b\nname: a\n",
            "# of the file\n\nname: a\n# over b\nunit: b\n",
            id="a comment that stands apart",
        ),
        pytest.param(
            "# yaml-language-server: $schema=x\n# over b\nunit: b\nname: a\n",
            "# yaml-language-server: $schema=x\nname: a\n# over b\nunit: b\n",
            id="a comment for editors",
        ),
        pytest.param(
            "unit: b\n\n\nname: a\n", "name: a\n\n\nunit: b\n", id="empty lines between keys"
        ),
        pytest.param(
            "# x\n\nunit: b\n\nname: a\n\n# end\n",
            "# x\n\nname: a\n\nunit: b\n\n# end\n",
            id="empty lines around comments",
        ),
        pytest.param(
            "sql: |\n  b\n  # no comment\n# over a\nname: a\n",
            "# over a\nname: a\nsql: |\n  b\n  # no comment\n",
            id="what is no comment",
        ),
        pytest.param(
            "sql: &q |\n  b\nname: a\nsql_by_plan: *q\n",
            "name: a\nsql: &q |\n  b\nsql_by_plan: *q\n",
            id="an alias behind its anchor",
        ),
        pytest.param(
            "meta:\n  unit: b\n  name: a\nname: c\n",
            "name: c\nmeta:\n  unit: b\n  name: a\n",
            id="keys of other mappings",
        ),
    ],
)
def test_keys_are_sorted_with_their_lines(text, sorted_text):
    assert sort(text) == sorted_text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{unit: b, name: a}\n", id="brackets"),
        pytest.param("{\nunit: b,\nname: a,\n}\n", id="brackets, a key a line"),
        pytest.param("  unit: b\n  name: a\n", id="indented"),
        pytest.param("? unit\n: b\n? name\n: a\n", id="question marks"),
        pytest.param("- unit: b\n  name: a\n", id="a list of one"),
        pytest.param("sql_by_plan: &q b\nsql: *q\n", id="an alias would precede its anchor"),
        pytest.param("sql: |+\n  b\n\nname: a\n", id="empty lines that belong to a text"),
        pytest.param("", id="nothing"),
        pytest.param("# nothing\n", id="a comment"),
        pytest.param("a", id="a text"),
        pytest.param("[unit, name]\n", id="a list"),
    ],
)
def test_what_cannot_be_sorted_stays_as_it_is(text):
    assert sort(text) == text


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("tags: [a, 'b']\n", "tags:\n  - a\n  - b\n"),
        ("meta: {a: 1, b: [x]}\nunit: c\n", "meta:\n  a: 1\n  b:\n    - x\nunit: c\n"),
        ("tags: [\n  a,\n  b,\n]\n", "tags:\n  - a\n  - b\n"),
        ('sql: "a\\nb\\n"\n', "sql: |\n  a\n  b\n"),
        ("sql: >\n  a\n\n  b\n", "sql: |\n  a\n  b\n"),
        ("sql: 'a\n\n  b'\n", "sql: |-\n  a\n  b\n"),
        ("# over\ntags: [a]\n\n# over\nunit: b\n", "# over\ntags:\n  - a\n\n# over\nunit: b\n"),
        ("tags: [a]\r\nunit: b\r\n", "tags:\r\n  - a\r\nunit: b\r\n"),
        ("\ufefftags: [a]", "\ufefftags:\n  - a"),
    ],
)
def test_lists_and_long_texts_become_blocks(text, blocks):
    assert block(text) == blocks


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tags:\n  - a\n", id="a block"),
        pytest.param("tags:\n- a\n", id="a block, another indentation"),
        pytest.param("tags: []\nmeta: {}\n", id="empty"),
        pytest.param("unit: 'a'\nname: \"b\"\n", id="short texts"),
        pytest.param("description: >-\n  a\n  b\n", id="one line, folded"),
        pytest.param("tags: [a] # why\n", id="a comment beside it"),
        pytest.param("tags: [a,\t# why\n  b]\n", id="a comment behind a tab"),
        pytest.param("tags: [1.10, a]\n", id="1.10 is not 1.1"),
        pytest.param("tags: [0x1F]\n", id="0x1F is not 31"),
        pytest.param("tags: &t [a]\nmeta: {x: *t}\n", id="an anchor"),
        pytest.param("{tags: [a]}\n", id="everything in brackets"),
    ],
)
def test_what_is_written_well_or_cannot_be_written_better_stays(text):
    assert block(text) == text


@pytest.mark.parametrize("text", ["a: [1.10]\nb: [x]\n", "b: [x]\na: [1.10]\n"])
def test_a_value_that_must_stay_does_not_keep_others_from_changing(text):
    assert block(text) == text.replace("b: [x]", "b:\n  - x")


def test_keys_are_those_in_the_first_column():
    assert keys("# c: d\nname: a\nsql: |\n  x: y\nmeta:\n  z: 1\ntags: [b: 1]\n") == [
        *("name", "sql", "meta", "tags")
    ]


@pytest.mark.parametrize(
    ("text", "key", "value", "answer"),
    [
        ("a: [x]\n", "a", ["x"], False),
        ("a:  {x: 1}\n", "a", {"x": 1}, False),
        ("a: []\n", "a", [], True),
        ("a:\n  - x\n", "a", ["x"], True),
        ('a: "x\\ny"\n', "a", "x\ny", False),
        ("a: |\n  x\n  y\n", "a", "x\ny\n", True),
        ("a: x\n", "a", "x", True),
        ("a: 1\n", "a", 1, True),
        ("ab: [x]\na:\n  - x\n", "a", ["x"], True),
        ("b: |\n  a: [x]\na:\n  - x\n", "a", ["x"], True),
    ],
)
def test_a_block_is_told_by_its_first_line(text, key, value, answer):
    assert is_block(text, key, value) is answer


COMMENTS = st.sampled_from(["", "", "", "# over\n", "\n", "\n# over\n", "# é\n\n"])
VALUES = st.sampled_from(
    [
        *(" x", " 'x'  # beside", " [a, b]", " {a: 1}", " >-\n  a\n  b", " |\n  a\n\n  # b"),
        *(" |+\n  a\n", "\n  - a # beside\n  - b", "\n- a", ' "a\\nb"', " 1.10", ""),
        *(" [1.10, a] # beside", "\n  # within\n  a: 1"),
    ]
)


@st.composite
def files(draw) -> str:
    names = draw(st.permutations([*ORDER, "x", "y"]))[: draw(st.integers(1, 6))]
    start = draw(st.sampled_from(["", "---\n", "# yaml-language-server: $schema=x\n", "# a\n\n"]))
    text = start + "".join(f"{draw(COMMENTS)}{name}:{draw(VALUES)}\n" for name in names)
    text += draw(st.sampled_from(["", "# the end\n", "\n# the end\n", "...\n"]))
    text = text.removesuffix(draw(st.sampled_from(["", "\n"])))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"(?m)(?:^|(?<=\s))#.*?$", text.replace("\r", "")))


@settings(max_examples=250, deadline=None)
@given(files())
def test_layout_changes_neither_data_nor_comments(text):
    for change in (sort, block):
        changed = change(text)
        assert same_data(changed, text)
        assert comments(changed) == comments(text)


def same_data(one: str, other: str) -> bool:
    first, second = load(one.encode()), load(other.encode())
    ordered = dict(sorted(first.items())), dict(sorted(second.items()))
    return first == second and same(*map(core, ordered))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_any_data_survives_any_order(data, shuffle: random.Random):
    places = {key: shuffle.random() for key in data}
    original = dumped(data)

    changed = to_blocks(reorder(original, lambda key: int(places[key] * 99)))

    assert core(load(changed)) == data
    assert changed.count(b"\n") == original.count(b"\n")


@settings(max_examples=150, deadline=None)
@given(files())
def test_a_comment_stays_above_its_key(text):
    numbered = "".join(
        line if not line.startswith("# over") else f"# {at}" + line[6:]
        for at, line in enumerate(text.splitlines(keepends=True))
    )
    above = re.compile(r"(?m)^(# \d+)\r?\n(\w+):")

    assert sorted(above.findall(sort(numbered))) == sorted(above.findall(numbered))
