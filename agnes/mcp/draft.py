"""Checking a metric that is in no catalog yet, against what its author may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agnes.errors import UsageError
from agnes.mcp.words import brief
from agnes.model.names import NAME

if TYPE_CHECKING:
    from agnes.mcp.desk import Desk

_WORD = re.compile(r"[A-Za-z0-9_.\-/]+")


def check(text: str, desk: Desk) -> list[dict[str, Any]]:
    """What is wrong with a metric.

    It is checked in a folder that has, besides it, what it names and the caller sees. What they do
    not see is thus unknown, as everything is that there is not.

    Raises:
        UsageError: it is no YAML, or does not say what it is called.
    """
    from agnes.lint.check import check_folder
    from agnes.lint.run import Request

    id_ = _id(text)
    with TemporaryDirectory(prefix="agnes-draft-") as folder:
        root = Path(folder)
        path = f"metrics/{id_}.yml"
        files = {**dict(_around(text, id_, desk)), path: text.encode()}
        for name, content in {"agnes.yml": b"name: Draft\n", **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        checked = check_folder(root, Request(), [path])
    found = [asdict(finding) for finding in checked.report.diagnostics]
    return [brief({**it, "path": None}) for it in found]


def _id(text: str) -> str:
    from agnes.errors import YamlError
    from agnes.model.scalar import core
    from agnes.yaml.loader import load

    try:
        data = core(load(text.encode("utf-8", "replace")))
    except YamlError as error:
        where = f"line {error.line}: " if error.line else ""
        raise UsageError(f"Invalid YAML: {where}{error}", error.hint) from error
    names = [str(data.get(key)) for key in ("category", "name")] if isinstance(data, dict) else []
    if not names or not all(re.fullmatch(NAME, it) for it in names):
        raise UsageError(
            "the YAML does not say `name` and `category`",
            "begin with: name: monthly_revenue, category: revenue; lower case, digits, _",
        )
    return "/".join(names)


def _around(text: str, id_: str, desk: Desk) -> Iterator[tuple[str, bytes]]:
    """The tables and metrics that a text names; of other tables no more than that they are."""
    from agnes.load.export import as_metric
    from agnes.yaml.dump import dump

    named = {word.casefold() for word in _WORD.findall(text)}
    named |= {part for word in named for part in word.split(".")}
    for table in desk.tables():
        columns: dict[str, Any] = {}
        if table["id"].casefold() in named:
            for column in desk.columns(table["id"]):
                basetype = column["basetype"]
                columns[column["column_name"]] = {"basetype": basetype} if basetype else {}
        more = {"columns": columns} if columns else {}
        yield f"tables/{table['id']}.yml", dump({"id": table["id"], **more})
    for row in desk.metrics():
        if row["id"] != id_ and row["id"] in named:
            metric = as_metric(desk.metric(row["id"]))
            yield f"metrics/{row['id']}.yml", dump(metric.to_yaml())
