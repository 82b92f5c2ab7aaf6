"""What an older instance's database does not know of a definition, and must not delete."""

from __future__ import annotations

from agnes.model.metric import Metric
from agnes.model.table import Column, Table

_UNKNOWN = ("owner", "certified", "status", "tags", "meta", "inputs", "replaced_by", "tests")

Definition = Metric | Table


def complete(read: Definition, there: Definition) -> Definition:
    """A definition out of a version 4 database, with what only the catalog's own file says.

    Args:
        read: from the database. It knows no status, owner, tags, meta, inputs, successor and tests
            of a metric, no groups that may see a table, and no personal data.
        there: what the catalog has.
    """
    if isinstance(read, Metric) and isinstance(there, Metric):
        unsaid = [name for name in _UNKNOWN if name not in read.model_fields_set]
        return read.model_copy(update={name: getattr(there, name) for name in unsaid})
    if isinstance(read, Table) and isinstance(there, Table):
        columns = {
            name: column.model_copy(update={"pii": there.columns.get(name, Column()).pii})
            for name, column in read.columns.items()
        }
        update: dict[str, object] = {"columns": columns}
        if there.groups:
            update |= {"access": there.access, "is_public": None}
        return read.model_copy(update=update)
    return read
