"""Metrics in a file that somebody sends."""

from __future__ import annotations

from typing import Any

from agnes.errors import InvalidError, UsageError, YamlError
from agnes.load.document import read_metrics
from agnes.load.pack import Pack
from agnes.model.diagnostic import Diagnostic, has_errors
from agnes.model.layout import printable
from agnes.model.metric import Metric
from agnes.model.scalar import core
from agnes.yaml.loader import load


def read_upload(name: str, content: bytes) -> Pack:
    """Read a metric or a list of metrics; what is no mapping in a list is passed over.

    Args:
        name: of the file, for the findings.

    Raises:
        UsageError: it is no YAML, empty, or a metric has no name or category; the texts are
            those of older instances.
        InvalidError: a metric does not validate.
    """
    name = printable(name)[:200]
    try:
        data = core(load(content))
    except YamlError as error:
        where = f"line {error.line}, column {error.column}: " if error.line else ""
        raise UsageError(f"Invalid YAML: {where}{error}", error.hint) from error
    items: list[Any] = data if isinstance(data, list) else [data]
    if not data or not any(isinstance(item, dict) for item in items):
        raise UsageError("Empty YAML file")
    if any(not _is_named(item) for item in items if isinstance(item, dict)):
        raise UsageError("Each metric must have 'name' and 'category' fields")
    pack = Pack()
    for item, document in zip(items, read_metrics(name, content, None), strict=True):
        if not isinstance(item, dict):
            continue
        pack.diagnostics += document.diagnostics
        if isinstance(document.value, Metric):
            if document.value.id in pack.metrics:
                message = f"{document.value.id} is there twice"
                pack.diagnostics.append(
                    Diagnostic(name, 0, 0, "AG206", "error", message, "keep one of them")
                )
            pack.metrics[document.value.id] = document.value
    if has_errors(pack.diagnostics):
        count = sum(found.severity == "error" for found in pack.diagnostics)
        raise InvalidError(
            f"{name} has {count} error(s); nothing was imported", sorted(pack.diagnostics)
        )
    return pack


def _is_named(item: dict[Any, Any]) -> bool:
    return bool(item.get("name") and item.get("category"))
