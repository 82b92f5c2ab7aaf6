from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agnes.errors import InvalidError, NotFoundError
from agnes.load.proposal import parse_proposal, read_proposal
from agnes.model.layout import MAX_BYTES
from agnes.yaml.dump import dump

PROPOSAL = {"tables": {"orders": {"columns": {"id": {"basetype": "STRING"}, "no": None}}}}
YAML_NAMES = ("p.yml", "p.yaml", "p")


def as_json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent="\t").encode()


def columns(name: str, content: bytes, table: str = "orders") -> dict[str, dict[str, Any]]:
    found = parse_proposal(name, content).tables[table].columns
    return {column: said.metadata() for column, said in found.items()}


def refusal(content: str | bytes, name: str = "p.yml") -> InvalidError:
    with pytest.raises(InvalidError) as caught:
        parse_proposal(name, content.encode() if isinstance(content, str) else content)
    return caught.value


@pytest.mark.parametrize(
    ("as_text", "name"),
    [
        *((dump, name) for name in YAML_NAMES),
        *((as_json, name) for name in (*YAML_NAMES, "p.json")),
    ],
)
def test_a_proposal_is_read_as_yaml_or_json_with_its_defaults(as_text, name):
    defaults = {"confidence": "high", "source": "ai_enrichment"}

    said = columns(name, as_text(PROPOSAL))

    assert said == {"id": {"basetype": "STRING"} | defaults, "no": defaults}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"confidence": "low", "source": "manual"}, ("low", "manual")),
        ({"confidence": None}, ("high", "ai_enrichment")),
        ({"source": None}, ("high", "ai_enrichment")),
    ],
)
def test_a_proposal_may_say_otherwise(fields, said):
    found = columns("p.yml", dump({"tables": {"o": {"columns": {"a": fields}}}}), "o")

    assert (found["a"]["confidence"], found["a"]["source"]) == said


def test_a_json_proposal_of_an_older_instance_may_hold_emoji():
    content = json.dumps({"tables": {"o": {"columns": {"a": {"description": "Grüße 😀"}}}}})

    assert columns("p.json", content.encode(), "o")["a"]["description"] == "Grüße 😀"


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "text", "tables:", "tables: []", "tables: {a: }", "tables: {a: {}}"),
        *("tables: {a: {columns: }}", "tables: {a: {columns: [b]}}", "table: {}"),
        *("tables: {a: {columns: {b: x}}}", "tables: {a: {columns: {b: [x]}}}"),
        "tables: {a: {columns: {b: 5}}}",
    ],
)
def test_what_is_no_proposal_is_refused_with_the_shape_of_one(content):
    error = refusal(content)

    assert "p.yml" in error.message
    assert "tables: {<id>: {columns:" in (error.hint or "")


@pytest.mark.parametrize(
    ("column", "message", "hint"),
    [
        ("basetype: STRIN", "`tables.orders.columns.id.basetype`", "did you mean `STRING`?"),
        ("descripton: x", "unknown key", "did you mean `description`?"),
        ("decision: {verdict: maybe, by: a, at: 2026-01-31T12:00:00Z}", "accepted", None),
        ("decision: {verdikt: accepted}", "unknown key", "did you mean `verdict`?"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(column, message, hint):
    findings = refusal(
        f"tables:\n  orders:\n    columns:\n      id:\n        {column}\n"
    ).diagnostics

    found = next(found for found in findings if message in found.message)
    assert (found.path, found.line) == ("p.yml", 5)
    assert hint is None or found.hint == hint


def test_an_unknown_key_of_a_table_names_the_keys_of_one():
    [found] = refusal("tables: {orders: {column: {}, columns: {}}}").diagnostics

    assert found.hint == "did you mean `columns`?"


def test_a_broken_proposal_is_refused_at_its_place():
    [found] = refusal("tables:\n  a: {columns\n").diagnostics

    assert (found.line, found.column, found.code) == (2, 6, "AG101")


def test_broken_json_is_refused_at_its_place():
    [found] = refusal('{"tables": {\n  "a" 1}}', "p.json").diagnostics

    assert (found.line, found.column) == (2, 7)


HOSTILE = {
    "control": 'tables: {o: {columns: {a: {description: "\\e[2J"}}}}',
    "twice": "tables: {o: {columns: {a: {}, a: {}}}}",
    "bidi": "tables: {o: {columns: {a: {description: '\u202etxt'}}}}",
    "bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "\n".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdef", "bcdefg", strict=True)
    ),
    "merge": "a: &a {}\ntables: {<<: *a}",
    "deep": "[" * 100_000,
    "huge": "tables: {o: {columns: {a: {description: '" + "x" * MAX_BYTES + "'}}}}",
    "many": "tables: {o: {columns: {" + ", ".join(f"c{n}: {{}}" for n in range(60_000)) + "}}}",
    "tag": "tables: !!python/object:os.system {}",
    "nothing": b"\x00\x01",
    "half": b"tables: {o: {columns: {\xff: {}}}}",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["p.yml", "p.json"])
def test_a_hostile_proposal_is_refused_in_printable_words(content, name):
    error = refusal(content, name)

    told = [error.message, *(found.message for found in error.diagnostics)]
    assert all(text.isprintable() for text in told)


@pytest.mark.parametrize(
    "content",
    [
        '{"tables": {"o": {"columns": {"a": {"description": "\\u001b[2J"}}}}}',
        '{"tables": {"o": {"columns": {"a": {}, "a": {"description": "\\ud83d\\ude00"}}}}}',
        '{"tables": {"o": {"columns": {"a": {"description": "\\ud800"}}}}}',
        '{"tables": {"o": {"columns": {"\\u202ea": {}}}}}',
        '{"tables": NaN}',
    ],
)
def test_json_is_held_to_the_same_rules(content):
    refusal(content, "p.json")


def test_a_proposal_of_5_000_columns_is_read_or_refused_for_its_size():
    fields = {"basetype": "STRING", "description": "What it means", "evidence": ["seen"]}
    known = {f"column_{number}": fields for number in range(5_000)}

    assert len(columns("p.yml", dump({"tables": {"orders": {"columns": known}}}))) == 5_000
    more = known | {f"more_{number}": fields for number in range(5_000)}
    error = refusal(dump({"tables": {"orders": {"columns": more}}}))
    assert "--table" in (error.hint or "")


@pytest.mark.parametrize("name", ["missing.yml", "."])
def test_a_proposal_that_is_not_there(tmp_path: Path, name):
    with pytest.raises(NotFoundError):
        read_proposal(tmp_path / name)


def test_a_proposal_is_read_from_its_file(tmp_path: Path):
    (tmp_path / "p.yml").write_bytes(dump(PROPOSAL))

    assert list(read_proposal(tmp_path / "p.yml").tables) == ["orders"]
