"""A history of single edits, each compared with its parent: what was edited is what is found."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable

import pytest

from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.git.refs import locate
from tests.conftest import GitRepository
from tests.diff.generated import Catalog, Content, write
from tests.diff.trees import of

Told = tuple[str, str, str, str]
"""The id, the field, its class, and how its words begin."""
SQL = (
    "SELECT day, SUM(amount) AS total FROM orders o WHERE status <> 1 GROUP BY day ORDER BY day ASC"
)


def metric(name: str) -> Content:
    return {
        "name": name,
        "display_name": f"Metric {name}",
        "type": "sum",
        "unit": "USD",
        "grain": "daily",
        "table": "orders",
        "time_column": "day",
        "expression": "SUM(amount)",
        "description": f"What {name} means.",
        "dimensions": ["plan"],
        "filters": ["status <> 1"],
        "synonyms": [f"{name} one"],
        "notes": ["First."],
        "owner": "ada",
        "tags": ["core"],
        "meta": {"tier": 1},
        "sql": SQL.replace("orders o", f"orders {name}"),
    }


def table(name: str) -> Content:
    columns = {it: {"basetype": "STRING"} for it in ("day", "amount", "plan")}
    return {"id": name, "description": "Rows", "access": {"groups": ["a", "b"]}, "columns": columns}


Edit = Callable[[Content, str], tuple[str, str, str]]


def put(field: str, class_: str, what: str = "changed", value: str = "{}") -> Edit:
    def edit(content: Content, new: str) -> tuple[str, str, str]:
        content[field] = value.format(new)
        return field, class_, f"{field} {what}"

    return edit


def choose(field: str, class_: str, values: list[str]) -> Edit:
    def edit(content: Content, new: str) -> tuple[str, str, str]:
        content[field] = next(it for it in values if it != content[field])
        return field, class_, f"{field} changed"

    return edit


def append(field: str, class_: str, called: str) -> Edit:
    def edit(content: Content, new: str) -> tuple[str, str, str]:
        content[field] = [*content[field], f"{field} {new}"]
        return field, class_, f"{called} added"

    return edit


def drop(field: str, class_: str, called: str) -> Edit:
    """Only of what was appended before, so that something is left."""

    def edit(content: Content, new: str) -> tuple[str, str, str]:
        if len(content[field]) < 2:
            return append(field, "compatible" if class_ == "breaking" else class_, called)(
                content, new
            )
        content[field] = content[field][:-1]
        return field, class_, f"{called} removed"

    return edit


def rewrite(old: str, new_text: str, class_: str, what: str) -> Edit:
    def edit(content: Content, new: str) -> tuple[str, str, str]:
        there, back = old, new_text
        if there not in content["sql"]:
            content["sql"] = SQL  # back to the start, whatever that is
            return "sql", "", ""
        content["sql"] = content["sql"].replace(there, back.format(new))
        return "sql", class_, what

    return edit


METRIC_EDITS: list[Edit] = [
    put("unit", "breaking"),
    put("description", "documentation"),
    put("owner", "documentation"),
    put("display_name", "documentation"),
    put("time_column", "result-changing"),
    put("table", "breaking", value="t{}"),
    put("expression", "result-changing", value="SUM(a{})"),
    choose("grain", "breaking", ["daily", "monthly"]),
    choose("type", "breaking", ["sum", "count"]),
    append("dimensions", "compatible", "dimension"),
    drop("dimensions", "breaking", "dimension"),
    append("synonyms", "documentation", "synonym"),
    append("notes", "documentation", "note"),
    append("tags", "documentation", "tag"),
    append("filters", "result-changing", "filter"),
    rewrite("WHERE ", "WHERE f{} = 1 AND ", "result-changing", "filter added"),
    rewrite("status <> 1", "status <> {}", "result-changing", "filter altered"),
    rewrite("SUM(amount)", "MAX(amount)", "result-changing", "aggregate changed in"),
    rewrite("SUM(amount)", "SUM(a{})", "result-changing", "source column changed in"),
    rewrite("AS total", "AS total, {0} AS c{0}", "compatible", "output column added"),
    rewrite("AS total", "AS sum_{}", "breaking", "output column renamed"),
    rewrite("day ASC", "day LIMIT {}", "result-changing", "LIMIT added"),
    rewrite(" WHERE", " JOIN j{0} ON j{0}.i = day WHERE", "result-changing", "join added"),
    rewrite("FROM orders", "FROM orders_{}", "result-changing", "source table changed"),
    rewrite(" FROM", "\n FROM", "cosmetic", "written differently"),
    rewrite("SELECT day", "SELECT  -- {}\n day", "cosmetic", "written differently"),
]  # fmt: skip


def add_column(content: Content, new: str) -> tuple[str, str, str]:
    content["columns"][f"c{new}"] = {"basetype": "DATE"}
    return f"columns.c{new}", "compatible", "column added"


def drop_column(content: Content, new: str) -> tuple[str, str, str]:
    own = [it for it in content["columns"] if it.startswith("c")]
    if not own:
        return add_column(content, new)
    del content["columns"][own[0]]
    return f"columns.{own[0]}", "compatible", "column removed"


def retype(content: Content, new: str) -> tuple[str, str, str]:
    column = content["columns"]["day"]
    column["basetype"] = "DATE" if column["basetype"] == "STRING" else "STRING"
    read = content["id"] == "orders"
    words = "column retyped, and a metric reads it" if read else "column retyped"
    return "columns.day.basetype", "breaking" if read else "compatible", words


def widen(content: Content, new: str) -> tuple[str, str, str]:
    content["access"]["groups"] = [*content["access"]["groups"], f"g{new}"]
    return "access", "compatible", "access widened"


def narrow(content: Content, new: str) -> tuple[str, str, str]:
    content["access"]["groups"] = [*content["access"]["groups"][1:], f"g{new}"]
    return "access", "breaking", "access narrowed and widened"


TABLE_EDITS: list[Edit] = [
    add_column,
    drop_column,
    retype,
    widen,
    narrow,
    put("description", "documentation"),
    put("folder", "compatible", "", value="f{}"),
    put("bucket", "result-changing", "", value="b{}"),
]


def step(catalog: Catalog, dice: random.Random, new: str) -> tuple[Catalog, Told]:
    """The catalog after one edit, and what has to be said of it."""
    path = dice.choice(sorted(catalog))
    folder, _, file = path.rpartition("/")
    name, is_table = file.removesuffix(".yml"), folder == "tables"
    id_ = f"tables/{name}" if is_table else f"{folder.removeprefix('metrics/')}/{name}"
    content = dict(catalog[path])
    if is_table:
        content["columns"] = {key: dict(it) for key, it in content["columns"].items()}
        content["access"] = dict(content["access"])
    made = {other: it for other, it in catalog.items() if other != path}
    if not is_table and dice.random() < 0.1:
        to = f"{name[:5]}_{new}"
        moved = made | {f"{folder}/{to}.yml": content | {"name": to}}
        return moved, (f"{folder.removeprefix('metrics/')}/{to}", "id", "breaking", "renamed")
    edit = dice.choice(TABLE_EDITS if is_table else METRIC_EDITS)
    field, class_, what = edit(content, new)
    return made | {path: content}, (id_, field, class_, what)


def replay(repository: GitRepository, commits: int, seed: int) -> None:
    dice = random.Random(seed)
    catalog: Catalog = {"tables/orders.yml": table("orders"), "tables/users.yml": table("users")}
    catalog |= {f"metrics/{it}/m{at}.yml": metric(f"m{at}") for at, it in enumerate("aabbcc")}
    lines: list[bytes] = []
    expected: list[Told] = []
    before: dict[str, bytes] = {}
    for at in range(commits + 1):
        if at:
            catalog, told = step(catalog, dice, str(at + 10))
            expected.append(told)
        files = write(catalog)
        lines.append(
            b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nx\n"
            % (1_700_000_000 + at)
        )
        lines += [b"D %s\n" % path.encode() for path in before.keys() - files.keys()]
        lines += [
            b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
            for path, data in files.items()
            if before.get(path) != data
        ]
        before = files
    stream = repository.path / "stream"
    stream.write_bytes(b"".join(lines))
    with stream.open("rb") as source:
        subprocess.run(
            ["git", "-C", str(repository.path), "fast-import", "--quiet"], stdin=source, check=True
        )
    stream.unlink()
    ids = repository.git("rev-list", "--reverse", "main").split()
    assert len(ids) == commits + 1
    location = locate(repository.path)
    for told, base, head in zip(expected, ids, ids[1:], strict=False):
        found = compare(choose_sides(location, base, head))
        assert found.troubles == (), told
        id_, field, class_, what = told
        assert [it.id for it in found.changes] == [id_] or not what, told
        for change in found.changes:
            assert [it.field for it in change.fields] == [field], (told, change.fields)
            said = of(field, change)
            assert not what or (said[0] == class_ and said[1].startswith(what)), (told, said)


def test_every_commit_of_a_history_is_told_as_what_it_was(repository) -> None:
    replay(repository, 150, seed=1)


@pytest.mark.slow
def test_every_commit_of_a_long_history_is_told_as_what_it_was(repository) -> None:
    replay(repository, 1_000, seed=2)
