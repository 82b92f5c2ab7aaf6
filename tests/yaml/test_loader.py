from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnes.errors import YamlError
from agnes.model.layout import MAX_BYTES
from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.loader import MAX_DEPTH, load, locate
from tests.conftest import FUZZ


def read(text: str | bytes):
    return core(load(text.encode() if isinstance(text, str) else text))


def refused(document: str | bytes) -> YamlError | None:
    try:
        load(document.encode() if isinstance(document, str) else document)
    except YamlError as error:
        return error
    return None


def refusal(document: str | bytes) -> YamlError:
    error = refused(document)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("", None),
        ("# a comment\n", None),
        ("---\n", None),
        ("text", "text"),
        ("a: 1", {"a": 1}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("a:\nb:", {"a": None, "b": None}),
        ("- 1\n- [2, {a: 3}]\n", [1, [2, {"a": 3}]]),
        ("{}", {}),
        ("[]", []),
        ("a: |\n  x\n\n  y\n", {"a": "x\n\ny\n"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
        ("a: 'it''s'\nb: \"\\t\\u00e9\"", {"a": "it's", "b": "\té"}),
        ("a: x # comment\nb: x#y", {"a": "x", "b": "x#y"}),
        ("a: |\n  50 % b\n  %TAG x\n", {"a": "50 % b\n%TAG x\n"}),
        ("a: !!str 5", {"a": "5"}),
        ("url: https://example.com/a:b", {"url": "https://example.com/a:b"}),
        ('{"a": "\\/", "b": [true, null]}', {"a": "/", "b": [True, None]}),
        ("é: ü\n日本: 😀\n", {"é": "ü", "日本": "😀"}),
    ],
)
def test_a_document_is_plain_data(document, data):
    assert read(document) == data


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        *[(word, word) for word in ("no", "yes", "on", "off", "y", "n", "No", "ON")],
        ("12:30", "12:30"),
        ("012", "012"),
        ("2024-01-31", "2024-01-31"),
        ("2024-13-45", "2024-13-45"),
        ("1_000", "1_000"),
        ("1.10", 1.1),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("true", True),
        ("'true'", "true"),
        ('"1.10"', "1.10"),
        ("", None),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("''", ""),
        (".inf", ".inf"),
        ("=", "="),
    ],
)
def test_scalars_are_those_of_yaml_1_2(scalar, value):
    data = read(f"a: {scalar}\n")

    assert (data, type(data["a"])) == ({"a": value}, type(value))


@pytest.mark.parametrize("key", ["no", "on", "12:30", "012", "1.10", "0x1F", "true", "2024-01-31"])
def test_keys_are_text_as_it_is_written(key):
    data = load(f"{key}: x\n".encode())

    assert list(data) == [key]


@pytest.mark.parametrize(
    "document",
    [b"\xef\xbb\xbfa: 1\nb:\n  - x\n", b"a: 1\r\nb:\r\n  - x\r\n", b"a: 1\rb:\r  - x\r"],
    ids=["byte order mark", "CRLF", "CR"],
)
def test_a_byte_order_mark_and_other_line_ends_are_accepted(document):
    assert read(document) == {"a": 1, "b": ["x"]}


def test_crlf_in_a_block_of_text_is_one_line_end():
    assert read(b"a: |\r\n  x\r\n  y\r\n") == {"a": "x\ny\n"}


def test_an_alias_repeats_a_little():
    assert read("a: &x [1, {b: 2}]\nc: *x\nd: &y text\ne: *y\n") == {
        "a": [1, {"b": 2}],
        "c": [1, {"b": 2}],
        "d": "text",
        "e": "text",
    }


def test_an_alias_means_the_newest_anchor():
    assert read("a: &x 1\nb: &x 2\nc: *x\n") == {"a": 1, "b": 2, "c": 2}


REFUSED = {
    # duplicate keys
    "duplicate key": ("a: 1\nb: 2\na: 3\n", 3, 1, "AG103", "'a'"),
    "duplicate key, quoted": ("a: 1\n'a': 2\n", 2, 1, "AG103", "'a'"),
    "duplicate key, number and text": ("1: a\n'1': b\n", 2, 1, "AG103", "'1'"),
    "duplicate key, nested": ("a:\n  - b: 1\n    c: 2\n    b: 3\n", 4, 5, "AG103", "'b'"),
    "duplicate key, in flow": ("x: {a: 1, b: 2, a: 3}\n", 1, 17, "AG103", "'a'"),
    "duplicate key, without values": ("? a\n? a\n", 2, 3, "AG103", "'a'"),
    # merge keys
    "merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", 3, 3, "AG102", "<<"),
    "merge key, in flow": ("a: {<<: {b: 1}}\n", 1, 5, "AG102", "<<"),
    # other keys
    "key that is a list": ("a: 1\n? [b]\n: 2\n", 2, 3, "AG101", "key must be text"),
    "key that is a mapping": ("? {b: 1}\n: 2\n", 1, 3, "AG101", "key must be text"),
    "key that is an alias": ("a: &x k\n*x : 1\n", 2, 1, "AG101", "key must be text"),
    "key that is null": ("a: 1\nnull: 2\n", 2, 1, "AG101", "key"),
    # aliases
    "alias that contains itself": ("a: &a\n  - *a\n", 2, 5, "AG102", "contains itself"),
    "mapping that contains itself": ("a: &a {b: {c: *a}}\n", 1, 15, "AG102", "contains itself"),
    "alias of nothing": ("a: 1\nb: *x\n", 2, 4, "AG101", "&x"),
    # tags
    "tag of Python": ("a: !!python/object/apply:os.system [x]", 1, 4, "AG102", "python"),
    "tag of one's own": ("a: 1\nb: !secret x\n", 2, 4, "AG102", "!secret"),
    "tag of a mapping": ("a: !x {b: 1}\n", 1, 4, "AG102", "!x"),
    "tag that changes a type": ("a: !!int '5'\n", 1, 4, "AG102", "int"),
    "tag that says nothing": ("a: ! 5\n", 1, 4, "AG102", "tag"),
    "tag of a key": ("!x a: 1\n", 1, 1, "AG102", "!x"),
    "tag of the document": ("!x\na: 1\n", 1, 1, "AG102", "!x"),
    "directive": ("%TAG ! tag:example.com,2024:\n---\na: 1\n", 1, 1, "AG102", "directive"),
    "directive of another version": ("# x\n%YAML 2.0\n---\na: 1\n", 2, 1, "AG102", "directive"),
    # documents
    "two documents": ("a: 1\n---\nb: 2\n", 2, 1, "AG102", "several documents"),
    "two documents, one empty": ("---\n---\n", 2, 1, "AG102", "several documents"),
    "text after the end": ("a: 1\n...\nb: 2\n", 3, 1, "AG101", ""),
    # characters
    "NUL": (b"a: 1\nb: x\x00y\n", 2, 5, "AG104", "U+0000"),
    "NUL, as an escape": ('a: "x\\0"\n', 1, 4, "AG104", "U+0000"),
    "escape character": ("a: é\x1b[31m\n", 1, 5, "AG104", "U+001B"),
    "delete character": ("a: \x7f\n", 1, 4, "AG104", "U+007F"),
    "text that runs backwards": ("a: 1\nb: é\u202ex\n", 2, 5, "AG104", "U+202E"),
    "text that runs backwards, as an escape": ('a: "\\u202e"\n', 1, 4, "AG104", "U+202E"),
    "isolated text": ("a: \u2066x\n", 1, 4, "AG104", "U+2066"),
    "second byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbfa: 1\n", 1, 1, "AG104", "U+FEFF"),
    "half of a surrogate pair": ('a: "\\ud800"\n', 1, 7, "AG101", ""),
    # encodings
    "Latin-1": ("a: 1\nb: é ü\n".encode("latin-1"), 2, 4, "AG104", "UTF-8"),
    "Latin-1 after UTF-8": ("é: ".encode() + b"\xe9\n", 1, 4, "AG104", "UTF-8"),
    "cut off UTF-8": (b"a: \xc3", 1, 4, "AG104", "UTF-8"),
    "UTF-16": ("a: 1\n".encode("utf-16"), 1, 1, "AG104", "UTF-16"),
    "UTF-16 without a mark": ("a: 1\n".encode("utf-16-le"), 1, 2, "AG104", "U+0000"),
    "surrogate": (b"a: \xed\xa0\x80\n", 1, 4, "AG104", "UTF-8"),
    # syntax
    "colon in text": ("a: 1\nnote: this: that\n", 2, 11, "AG101", "': '"),
    "tab": ("a:\n\tb: 1\n", 2, 1, "AG101", "tab"),
    "at sign": ("a: 1\nowner: @ada\n", 2, 8, "AG101", "`@` cannot begin"),
    "backtick": ("a: `b`\n", 1, 4, "AG101", "a backtick cannot begin"),
    "percent sign": ("a: %b\n", 1, 4, "AG101", "`%` cannot begin"),
    "text that is not indented": ("sql: |\nSELECT 1\nFROM x\n", 2, 1, "AG101", "below `sql: |`"),
    "deep text that is not indented": (
        "m:\n  sql: >-  # x\n\n  SELECT 1\n  b: 1\n",
        *(4, 3, "AG101", "below `sql: >-`"),
    ),
    "merge conflict": (
        "a: b\r\n<<<<<<< HEAD\r\nc: d\r\n=======\r\nc: e\r\n>>>>>>> x\r\n",
        *(2, 1, "AG101", "merge conflict"),
    ),
    "merge conflict in text": (
        "sql: |\n  SELECT\n<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> x\n",
        *(3, 1, "AG101", "merge conflict"),
    ),
    "open double quote": ('a: 1\nb: "x\nc: 2\n', 2, 4, "AG101", "quote"),
    "open single quote": ("a: 'x\nb: 2\n", 1, 4, "AG101", "quote"),
    "open list": ("a: 1\nb: [x, y\n", 2, 4, "AG101", "list"),
    "open mapping": ("a: 1\nb: {x: y\n", 2, 4, "AG101", "mapping"),
    "no colon": ("a: 1\nb\nc: 2\n", 2, 1, "AG101", "': '"),
    "no colon, at the end": ("a: 1\nb", 2, 1, "AG101", "': '"),
    "list in a mapping": ("a: 1\n- b\n", 2, 1, "AG101", "key"),
    "mapping in a list": ("- a\nb: 1\n", 2, 1, "AG101", "'- '"),
    "uneven indentation": ("a:\n  - b\n - c\n", 3, 2, "AG101", "key"),
    "text that ends too early": ("sql: |\n    SELECT 1\n  FROM x\n", 3, 3, "AG101", ""),
    "unknown escape": ('a: "C:\\data"\n', 1, 7, "AG101", "escape"),
    "bracket too many": ("a: {b: 1}}\n", 1, 10, "AG101", ""),
}


@pytest.mark.parametrize(
    ("document", "line", "column", "code", "words"), REFUSED.values(), ids=REFUSED.keys()
)
def test_a_document_is_refused_at_the_place_of_the_mistake(document, line, column, code, words):
    error = refusal(document)

    assert (error.line, error.column, error.code) == (line, column, code)
    assert words in error.message


@pytest.mark.parametrize("name", [name for name in REFUSED if "surrogate" not in name])
def test_a_refusal_does_not_talk_like_the_parser(name):
    error = refusal(REFUSED[name][0])

    assert "while " not in error.message
    assert "did not find expected" not in error.message
    assert "block sequence" not in error.message


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("a: 1\na: 2\n", "keep one"),
        ("a: this: that\n", "quotes"),
        ("a: @x\n", "quotes"),
        ("a:\n\tb: 1\n", "spaces"),
        ("<<: {}\n", "write them out"),
        ("a: 1\n---\nb: 2\n", "one file each"),
        ("a: ['x' 'y']\n", ","),
        ("a: - b\n", ""),
        (b"\xff", "UTF-8"),
    ],
)
def test_a_common_mistake_has_a_remedy(document, words):
    hint = refusal(document).hint

    assert hint
    assert words in hint


@pytest.mark.parametrize(
    "document",
    [
        "a: !" + "x" * 100_000,
        "a: *" + "x" * 100_000,
        "a: &" + "x" * 100_000 + " [*" + "x" * 100_000 + "]",
        "? " + "k" * 100_000 + "\n? " + "k" * 100_000,
        "a: !!" + "x" * 100_000 + " []",
    ],
    ids=["tag", "alias", "recursion", "key", "collection"],
)
def test_a_message_is_no_longer_than_a_line_of_text(document):
    assert len(str(refusal(document))) < 300


def test_a_line_that_ends_in_cr_is_a_line():
    error = refusal(b"a: 1\rb: \x00\r")

    assert (error.line, error.column) == (2, 4)


@pytest.mark.parametrize("document", [b"x" * MAX_BYTES, b"a: " + b"1" * (MAX_BYTES - 3)])
def test_a_document_may_have_a_mebibyte(document):
    assert load(document) is not None


def test_a_larger_document_is_refused_as_a_whole():
    error = refusal(b"x" * (MAX_BYTES + 1))

    assert (error.line, error.column, error.code) == (0, 0, "AG102")
    assert "1,048,576" in error.message


@pytest.mark.parametrize("opening", ["[", "- ", "? a\n: ", "{a: "], ids=["flow", "list", "?", "{"])
def test_nesting_deeper_than_the_limit_is_refused(opening):
    closing = {"[": "]", "{a: ": "}"}.get(opening, "")
    if opening == "? a\n: ":
        deep = "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH + 1))
        deepest = "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH))
    else:
        deep = opening * (MAX_DEPTH + 1) + "x" + closing * (MAX_DEPTH + 1)
        deepest = opening * MAX_DEPTH + "x" + closing * MAX_DEPTH

    error = refusal(deep)

    assert load(deepest.encode()) is not None
    assert (error.code, str(MAX_DEPTH) in error.message) == ("AG102", True)
    assert error.line + error.column > MAX_DEPTH


def laughs(count: int, opening: str = "[", closing: str = "]") -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, count):
        items = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {opening}{items}{closing}")
    return "\n".join(lines)


BOMBS = {
    "aliases of aliases": laughs(20),
    "merge keys": "a0: &a0 {x: 1}\n"
    + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 20)),
    "a long text, repeated": f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 1000)}]",
    "an empty list, repeated": f"a: &a []\nb: [{'*a,' * 100_000}]",
    "brackets": "[" * MAX_BYTES,
    "braces": "{" * MAX_BYTES,
    "mixed brackets": "[{a: " * (MAX_BYTES // 5),
    "dashes": "- " * (MAX_BYTES // 2),
    "question marks": "? " * (MAX_BYTES // 2),
    "indentation": "\n".join(f"{' ' * level}a:" for level in range(1400)),
    "directives": "%TAG !a! b\n" * (MAX_BYTES // 11),
    "versions": "%YAML 1.2\n" * (MAX_BYTES // 10),
    "documents": "---\n" * (MAX_BYTES // 4),
    "one tag": "!" * MAX_BYTES,
    "colons": ":" * MAX_BYTES,
    "sexagesimal": "a: " + "1:" * (MAX_BYTES // 2 - 2),
    "tabs": "\t" * MAX_BYTES,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_stopped_before_it_unfolds(bomb):
    document = bomb.encode()
    tracemalloc.start()
    try:
        refusal(document)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 20 * MAX_BYTES


@pytest.mark.parametrize(
    "document",
    [
        b"a: " + b"9" * (MAX_BYTES - 3),
        b"\n" * MAX_BYTES,
        b"#\n" * (MAX_BYTES // 2),
        b'"' + b"\\n" * (MAX_BYTES // 2 - 1) + b'"',
        b"a: |\n" + b" \n" * (MAX_BYTES // 2 - 3),
        b"a: b\n" + b" c\n" * (MAX_BYTES // 3 - 2),
    ],
    ids=["digits", "empty lines", "comments", "escapes", "blank text", "folded text"],
)
def test_a_long_document_of_one_kind_is_read(document):
    load(document)


def test_a_small_stack_is_enough_for_any_depth():
    script = """
import threading
from agnes.errors import YamlError
from agnes.load.document import read_document
from agnes.model.layout import Slot
from agnes.yaml.loader import MAX_DEPTH, load, locate

deepest = b"name: x\\nmeta: " + b"{a: " * (MAX_DEPTH - 1) + b"}" * (MAX_DEPTH - 1)
bombs = [b"[" * 1_000_000, b"{" * 1_000_000, b"- " * 500_000, b"[{a: " * 200_000]
seen = []

def run():
    read_document(Slot("metrics/a/x.yml", "metric", "a/x"), deepest)
    for bomb in bombs:
        for read in (load, locate):
            try:
                read(bomb)
            except YamlError:
                seen.append(read)

run()  # what is imported on the way needs more stack than what is tested
seen.clear()
threading.stack_size(128 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
print(len(seen))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "8", "")


def test_everything_has_a_position():
    positions = locate(
        "# é\na: 1\nb:\n  - x\n  - {c: é, d: [y]}\n'e': &z\n  f: |\n    t\ng: *z\n".encode()
    )

    assert {path: span[:2] for path, span in positions.keys.items()} == {
        ("a",): (2, 1),
        ("b",): (3, 1),
        ("b", 1, "c"): (5, 6),
        ("b", 1, "d"): (5, 12),
        ("e",): (6, 1),
        ("e", "f"): (7, 3),
        ("g",): (9, 1),
    }
    assert {path: span[:2] for path, span in positions.values.items()} == {
        (): (2, 1),
        ("a",): (2, 4),
        ("b",): (4, 3),
        ("b", 0): (4, 5),
        ("b", 1): (5, 5),
        ("b", 1, "c"): (5, 9),
        ("b", 1, "d"): (5, 15),
        ("b", 1, "d", 0): (5, 16),
        ("e",): (6, 6),
        ("e", "f"): (7, 6),
        ("g",): (9, 4),
    }


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        (("a", "b"), False, (2, 6)),
        (("a", "b"), True, (2, 3)),
        (("a", "zz"), False, (2, 3)),  # the mapping that lacks it
        (("a", "zz", 0, "y"), True, (2, 3)),
        (("zz",), False, (1, 1)),
        ((), False, (1, 1)),
        ((), True, (1, 1)),
    ],
)
def test_what_has_no_position_has_that_of_its_parent(path, key, place):
    assert locate(b"a:\n  b: 1\n").of(path, key=key)[:2] == place


def test_a_span_ends_behind_the_last_character():
    positions = locate(b"a: one\n'bc': \"two\"\nd:\n  - 'x'\n")

    assert positions.of(("a",)) == (1, 4, 1, 7)
    assert positions.of(("a",), key=True) == (1, 1, 1, 2)
    assert positions.of(("bc",)) == (2, 7, 2, 12)
    assert positions.of(("bc",), key=True) == (2, 1, 2, 5)
    assert positions.of(("d", 0)) == (4, 5, 4, 8)


@pytest.mark.parametrize("document", [b"", b"# nothing\n", b"---\n"])
def test_an_empty_document_is_at_its_start(document):
    line, column, *_ = locate(document).of(("a",))

    assert line <= 2
    assert column >= 1


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_positions_do_not_depend_on_line_ends_or_a_byte_order_mark(prefix, ending):
    document = prefix + ending.join([b"a: 1", b"b:", b"  - c: x"]) + ending

    assert locate(document).of(("b", 0, "c"))[:2] == (3, 8)


def numbered(shape, words):
    """A shape of lists and mappings, filled with words that occur once."""
    if isinstance(shape, list):
        return [numbered(item, words) for item in shape]
    if isinstance(shape, dict):
        return {next(words): numbered(item, words) for item in shape.values()}
    return next(words)


def walk(data, path=()):
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*path, key), value, isinstance(data, dict)
        if isinstance(value, dict | list):
            yield from walk(value, (*path, key))


SHAPES = st.recursive(
    st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(), inner, max_size=3),
    max_leaves=10,
).filter(lambda shape: isinstance(shape, list | dict))


@settings(deadline=None)
@given(SHAPES, st.booleans())
def test_every_key_and_every_text_is_found(shape, flow):
    data = numbered(shape, (f"w{number}w" for number in range(1000)))
    document = json.dumps(data).encode() if flow or isinstance(data, list) else dump(data)

    positions = locate(document)
    lines = document.decode().split("\n")

    def found(place):
        line, column, *_ = place
        return lines[line - 1][column - 1 :].lstrip('"')

    nodes = list(walk(data))
    assert set(positions.values) == {(), *(path for path, _, _ in nodes)}
    assert set(positions.keys) == {path for path, _, in_mapping in nodes if in_mapping}
    for path, value, in_mapping in nodes:
        if in_mapping:
            assert found(positions.of(path, key=True)).startswith(path[-1])
        if isinstance(value, str):
            assert found(positions.of(path)).startswith(value)


YAML_LIKE = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b: ",
                ": ",
                "- ",
                "? ",
                "\n",
                "\n  ",
                "\n    ",
                " ",
                "\t",
                "\r\n",
                "#",
                "[",
                "]",
            ),
            *(
                "{",
                "}",
                ",",
                "&a ",
                "*a",
                "!x ",
                "!!str ",
                "'",
                '"',
                "|",
                ">",
                "|2-\n",
                "%",
                "---\n",
            ),
            *(
                "...\n",
                "<<: ",
                "\\",
                "\\x",
                "1",
                "0x",
                "é",
                "\x85",
                "\u2028",
                "\ufeff",
                "\x00",
                "@",
            ),
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=FUZZ // 2, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        YAML_LIKE.map(str.encode),
        YAML_LIKE.map(lambda text: text.encode("utf-16")),
    )
)
@example(b"\xff\xfe")
@example("a: \x85".encode())
def test_any_bytes_are_data_or_a_yaml_error(document):
    error = refused(document)

    if error is None:
        json.dumps(core(load(document)), allow_nan=False)
        locate(document)
    else:
        assert error.message
        assert error.code in ("AG101", "AG102", "AG103", "AG104")
        with pytest.raises(YamlError):
            locate(document)


@settings(max_examples=FUZZ // 2, deadline=None)
@given(st.text(st.sampled_from("ab:-?#&*!|>'\"[]{},%@\\ \n"), max_size=40))
@example("[")
@example("a: 'x\n\n")
def test_an_error_points_into_the_document(document):
    lines = [*document.split("\n"), ""]

    if error := refused(document):
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
