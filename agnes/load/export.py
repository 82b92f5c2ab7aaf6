"""Metrics of a snapshot back to YAML files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agnes.errors import AgnesError
from agnes.model.metric import Metric
from agnes.yaml.dump import dump


def export_metrics(rows: Iterable[Mapping[str, Any]], folder: Path) -> int:
    """Write rows of `metric_definitions` to `<folder>/<category>/<name>.yml`.

    Returns:
        How many files were written.

    Raises:
        AgnesError: the folder cannot be written.
    """
    count = 0
    try:
        for row in rows:
            metric = as_metric(row)
            path = folder / metric.category / f"{metric.name}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dump(metric.to_yaml()))
            count += 1
    except OSError as error:
        raise AgnesError(
            f"cannot write {error.filename or folder}: {error.strerror}", "name another --dir"
        ) from error
    return count


def as_metric(row: Mapping[str, Any]) -> Metric:
    """The metric that a row of `metric_definitions` is."""
    known = {key: row[key] for key in Metric.model_fields if row.get(key) is not None}
    return Metric.model_validate(known)
