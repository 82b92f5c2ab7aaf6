"""From a finding to its place in the file."""

from __future__ import annotations

import pytest

from agnes.lint.locate import Locator
from agnes.lint.rule import Finding
from tests.lint.conftest import REVENUE, marked

# The text of the query in each is SELECT 'žluť', amout FROM "my orders".
STYLES = {
    "plain": "sql: SELECT 'žluť', amout FROM \"my orders\"\n",
    "plain in lines": "sql: SELECT 'žluť',\n  amout FROM\n  \"my orders\"\n",
    "single": "sql: 'SELECT ''žluť'', amout FROM \"my orders\"'\n",
    "double": 'sql: "SELECT \'žluť\', amout FROM \\"my orders\\""\n',
    "double with escapes": 'sql: "SELECT \'\\u017elu\\x65\', amout FROM \\"my orders\\""\n',
    "double in lines": 'sql: "SELECT \'žluť\',\\\n  \\ amout\n  FROM \\"my orders\\""\n',
    "literal": "sql: |\n  SELECT 'žluť',\n    amout\n  FROM \"my orders\"\n",
    "literal with comment": "sql: |- # query\n\n  SELECT 'žluť',\n    amout FROM \"my orders\"\n",
    "literal with indentation": "sql: |2\n    SELECT 'žluť',\n  amout FROM \"my orders\"\n",
    "folded": "sql: >-\n  SELECT 'žluť',\n  amout FROM\n  \"my orders\"\n",
    "in a list": "- name: revenue\n  sql: |\n    SELECT 'žluť', amout\n    FROM \"my orders\"\n",
    "with tabs": "sql: |\n  SELECT\t'žluť',\n  \tamout FROM \"my orders\"\n",
    "after a comment": "# žluťoučký kůň 🎉\nsql: SELECT 'žluť', amout FROM \"my orders\"\n",
}


def diagnose(text: str, start: int | None = None, length: int = 1, **keys: object):
    finding = Finding(
        "AG501", REVENUE, keys.pop("node", ("sql",)), "m", None, start, length, **keys
    )
    return Locator(text.encode()).diagnose(finding, "error")


def sql_of(text: str) -> str:
    from agnes.yaml.loader import load

    data = load(text.encode())
    return str((data[0] if isinstance(data, list) else data)["sql"])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("word", ["SELECT", "amout", "orders"])
def test_a_word_of_a_query_is_found_in_every_style(style, end, mark, word):
    text = mark + STYLES[style].replace("\n", end)
    sql = sql_of(text)

    found = diagnose(text, sql.index(word), len(word))

    assert marked(found, text.encode()) == word


def test_without_a_part_the_whole_value_is_meant():
    text = "name: x\nsql: SELECT 1\n"

    found = diagnose(text)

    assert (found.line, found.column, found.end_line, found.end_column) == (2, 6, 2, 14)


def test_a_key_can_be_meant():
    assert marked(diagnose("sql: SELECT 1\n", at_key=True), "sql: SELECT 1\n") == "sql"


@pytest.mark.parametrize(
    ("text", "node", "expected"),
    [
        ("name: x\n", (), (1, 1)),
        ("# first\n\nname: x\n", (), (3, 1)),
        ("name: x\ndimensions: [a, b]\n", ("dimensions", 1), (2, 17)),
        ("name: x\ndimensions: [a]\n", ("dimensions", 5), (2, 13)),
        ("name: x\n", ("dimensions", 0), (1, 1)),
        ("- name: x\n  unit: y\n", ("unit",), (2, 9)),
        ("table: orders\n", ("table",), (1, 8)),
        ("table_name: orders\n", ("table",), (1, 13)),
        ("- table_name: orders\n", ("table",), (1, 15)),
        ("primary_key: id\n", ("primary_key", 0), (1, 14)),
    ],
)
def test_what_is_not_there_is_looked_for_around_it(text, node, expected):
    found = diagnose(text, node=node)

    assert (found.line, found.column) == expected


@pytest.mark.parametrize("text", ["sql: &q SELECT x\n", "a: &q SELECT x\nsql: *q\n"])
def test_an_anchor_does_not_lead_out_of_the_value(text):
    found = diagnose(text, 7, 1)

    assert found.line == text.count("\n")
    assert found.column >= 6


def test_a_file_that_is_no_yaml_has_no_places():
    found = diagnose("sql: [", 3, 2)

    assert (found.line, found.column, found.end_line, found.end_column) == (0, 0, 0, 0)


def test_messages_are_printable():
    finding = Finding("AG501", "metrics/a\x1b.yml", (), "the\x07bell", "ring\u202e")

    found = Locator(b"name: x\n").diagnose(finding, "hint")

    assert (found.path + found.message + str(found.hint)).isprintable()
    assert found.severity == "hint"
