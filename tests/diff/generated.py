"""Metrics and tables at random, how to write each in several ways, and a difference applied."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

from agnes.diff.change import Change, Diff
from agnes.diff.data import data_of
from agnes.load.document import read_document
from agnes.model.layout import survey
from agnes.yaml.dump import dump

Content = dict[str, Any]
Catalog = dict[str, Content]
"""A file's path to what it says."""
TABLES = {"orders": ["day", "amount", "status", "plan"], "users": ["id", "plan", "born"]}


def metric(name: str, dice: random.Random) -> Content:
    table = dice.choice(list(TABLES))
    content: Content = {"name": name, "sql": query(table, dice)}
    maybe: Content = {
        "display_name": dice.choice(["Revenue", "Net revenue", name]),
        "description": dice.choice(["What it means.", "Said\nin lines.\n", "a: b # c"]),
        "type": dice.choice(["sum", "count", "ratio"]),
        "unit": dice.choice(["USD", "EUR", "yes", "1.0"]),
        "grain": dice.choice(["daily", "monthly"]),
        "table": table,
        "tables": dice.sample(list(TABLES), dice.randint(1, 2)),
        "expression": dice.choice(["SUM(amount)", "COUNT(*)", "AVG(amount)"]),
        "time_column": dice.choice(["day", "born"]),
        "dimensions": dice.sample(["plan", "status", "country"], dice.randint(1, 3)),
        "filters": dice.sample(["status = 'paid'", "no trials", "plan <> 'x'"], dice.randint(1, 3)),
        "synonyms": dice.sample(["income", "turnover", "no", "12"], dice.randint(1, 4)),
        "notes": dice.sample(["One.", "Two.", "Three: four."], dice.randint(1, 3)),
        "inputs": dice.sample(["a/x", "a/y", "b/z"], dice.randint(1, 3)),
        "owner": dice.choice(["ada", "bob"]),
        "status": dice.choice(["draft", "active", "deprecated", "removed"]),
        "replaced_by": dice.choice(["b/other", "b/another"]),
        "tags": dice.sample(["core", "board"], dice.randint(1, 2)),
        "meta": dice.choice([{"tier": 1}, {"tier": True}, {"deep": [{"x": None}]}, {"tier": "1"}]),
        "validation": dice.choice([{"method": "ledger"}, {"result": 5}]),
        "sql_by_plan": query(table, dice),
        "sql_by_status": query(table, dice),
    }
    keys = dice.sample(list(maybe), dice.randint(0, len(maybe)))
    return content | {key: maybe[key] for key in keys}


def table(name: str, dice: random.Random) -> Content:
    maybe: Content = {
        "name": dice.choice(["All of it", name]),
        "description": dice.choice(["One row each", "Rows"]),
        "bucket": dice.choice(["in.c-a", "in.c-b"]),
        "source_table": dice.choice(["old", name]),
        "primary_key": dice.choice(["id", ["id"], ["id", "day"]]),
        "sync_schedule": dice.choice(["every 6h", "daily"]),
        "profile_after_sync": dice.choice([True, False]),
        "access": dice.choice(["public", {"groups": ["a"]}, {"groups": ["a", "b"]}]),
        "columns": {
            column: column_of(dice)
            for column in dice.sample(["day", "amount", "plan", "Größe", "a b"], dice.randint(1, 5))
        },
    }
    keys = dice.sample(list(maybe), dice.randint(0, len(maybe)))
    return {"id": name} | {key: maybe[key] for key in keys}


def column_of(dice: random.Random) -> Content:
    maybe = {
        "basetype": dice.choice(["STRING", "DATE", "NUMERIC"]),
        "description": dice.choice(["This", "That"]),
        "confidence": dice.choice(["high", "low"]),
        "pii": dice.choice([True, False]),
    }
    return {key: maybe[key] for key in dice.sample(list(maybe), dice.randint(0, 4))}


def query(name: str, dice: random.Random) -> str:
    columns = TABLES[name]
    one, two = dice.sample(columns, 2)
    outputs = [one, f"{dice.choice(['SUM', 'MAX'])}({two}) AS total"]
    outputs += ["COUNT(*) AS n"] if dice.random() < 0.4 else []
    where = [
        f"{it} <> {dice.choice(['1', '2'])}" for it in dice.sample(columns, dice.randint(0, 2))
    ]
    sql = f"SELECT {', '.join(outputs)} FROM {name}"
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    return f"{sql} GROUP BY {dice.choice([one, '1'])}{dice.choice(['', ' LIMIT 5'])}"


def catalog(dice: random.Random, size: int = 3) -> Catalog:
    made: Catalog = {}
    for at in range(dice.randint(1, size)):
        category = dice.choice("ab")
        made[f"metrics/{category}/m{at}.yml"] = metric(f"m{at}", dice)
        made[f"tables/t{at}.yml"] = table(f"t{at}", dice)
    return made


def write(catalog: Catalog, how: Callable[[Content], bytes] = dump) -> dict[str, bytes]:
    return {path: how(content) for path, content in catalog.items()}


def differently(content: Content, dice: random.Random) -> bytes:
    """The same content, written in another way."""
    keys = list(content)
    dice.shuffle(keys)
    data = {key: content[key] for key in keys}
    if "name" in data and "sql" in data:
        for key in [it for it in data if it.startswith("sql")]:
            data[key] = dice.choice([str.lower, str, _commented, _spread])(data[key])
        for key in ("dimensions", "tags", "synonyms", "tables"):
            if key in data:
                data[key] = dice.sample(data[key], len(data[key]))
        data.setdefault("grain", "monthly")
        data.setdefault("notes", [])
    if dice.random() < 0.3:
        return json.dumps(data).encode()
    style = {"default_flow_style": dice.choice([True, False]), "width": dice.choice([20, 200])}
    quotes = dice.choice(['"', None])
    written = yaml.safe_dump(data, sort_keys=False, default_style=quotes, **style).encode()
    if quotes:
        return dump(data)  # quoted numbers and booleans are texts
    text = dice.choice([b"", b"\xef\xbb\xbf", b"# a comment\n", b"---\n"]) + written
    return text.replace(b"\n", b"\r\n") if dice.random() < 0.3 else text


def _commented(sql: str) -> str:
    return f"{sql} -- as agreed"


def _spread(sql: str) -> str:
    return sql.replace(" ", "\n  ")


def said(path: str, content: Content | bytes) -> Content:
    """What a file says, defaults spelt out."""
    data = content if isinstance(content, bytes) else dump(content)
    document = read_document(survey([(path, "file")]).slots[path], data)
    assert document.value is not None, document.diagnostics
    return data_of(document.value)


def key(path: str) -> str:
    kind, _, rest = path.removesuffix(".yml").partition("/")
    return rest if kind == "metrics" else f"tables/{rest}"


def apply(diff: Diff, catalog: Catalog) -> dict[str, Content]:
    """What a catalog says once a difference is applied, by id."""
    data = {key(path): said(path, content) for path, content in catalog.items()}
    for change in diff.changes:
        if change.kind == "removed":
            del data[change.id]
        elif change.kind == "renamed":
            assert change.from_ is not None
            data[change.id] = _renamed(change, data.pop(change.from_))
    for change in diff.changes:
        for field in change.fields:
            ids = ("file",) if change.kind == "added" else ("file", "id")
            if change.kind != "removed" and field.field not in ids:
                _set(data.setdefault(change.id, {}), field.field, field.new)
    return data


def _renamed(change: Change, data: Content) -> Content:
    if change.id.startswith("tables/"):
        return data | {"id": change.id.removeprefix("tables/")}
    category, _, name = change.id.partition("/")
    return data | {"name": name, "category": category}


def _set(data: Content, field: str, value: Any) -> None:
    if field == "access":
        value = value if isinstance(value, dict) else "public"
    if field.startswith("columns.") and data.get("id"):
        name, *rest = field.removeprefix("columns.").split(".")
        columns = data.setdefault("columns", {})
        at, last = (columns.get(name), rest[0]) if rest else (columns, name)
    else:
        at, last = data, field
    assert at is not None
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
    if not data.get("columns", True):
        del data["columns"]
