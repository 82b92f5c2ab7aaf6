"""What was pushed last, kept in git beside the tables: `pushed/<table_id>.yml`.

Only pushes write these files, and nothing but pushes and imports reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import Field, ValidationError

from agnes.changes.wishes import Wish
from agnes.edit import Editor, Plan
from agnes.errors import InvalidError, YamlError
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.model.fields import Basetype, Model, Text
from agnes.yaml.dump import dump
from agnes.yaml.loader import load

FOLDER = "pushed"


class PushedColumn(Model):
    """What Keboola was told of a column, and has taken."""

    basetype: Basetype | None = None
    description: Text | None = None


class Receipt(Model):
    """What Keboola was told of a table.

    It says nothing of another stack, or of a table with another address.
    """

    stack: Text = Field(description="Its address.")
    table: Text = Field(description="The table's id there, with its bucket.")
    columns: dict[Text, PushedColumn] = Field({}, description="Column to what was told of it.")

    def value(self, column: str, key: str) -> str | None:
        """What was told of a column's `basetype` or `description`."""
        found = self.columns.get(column)
        value: str | None = getattr(found, key) if found else None
        return value

    def is_of(self, stack: str, table: str) -> bool:
        """Whether it is of this table of this stack."""
        return (self.stack, self.table) == (stack, table)

    def plus(self, later: Receipt) -> Receipt:
        """This one, and what was told since."""
        if not self.is_of(later.stack, later.table):
            return later
        columns = dict(self.columns)
        for name, column in later.columns.items():
            told = columns.get(name, PushedColumn())
            columns[name] = told.model_copy(update=column.model_dump(exclude_none=True))
        return self.model_copy(update={"columns": dict(sorted(columns.items()))})

    def to_yaml(self) -> bytes:
        """The file's content."""
        return _HEAD + dump(self.model_dump(exclude_defaults=True))


_HEAD = b"# Written by `da admin metadata push`: what Keboola was told last. Not to be edited.\n"


def read_receipts(location: Location, commit: str, table_ids: Iterable[str]) -> dict[str, Receipt]:
    """What was pushed last, as a commit has it; nothing of a table that never was.

    Raises:
        InvalidError: a file is not as a push writes it.
    """
    repository = Repository(location)
    tree = repository.catalog_tree(repository.root_tree(commit))
    found = {}
    for table_id in table_ids:
        entry = repository.entry(tree, path_of(table_id))
        if entry is not None:
            found[table_id] = _parse(entry.path, repository.read(entry))
    return found


def path_of(table_id: str) -> str:
    """Where a table's receipt is."""
    return f"{FOLDER}/{table_id}.yml"


def _parse(path: str, content: bytes) -> Receipt:
    try:
        return Receipt.model_validate(load(content))
    except (YamlError, ValidationError) as error:
        raise InvalidError(
            f"{path} is not as a push writes it: {str(error).splitlines()[0]}",
            [],
            "delete it: what differs from ours in Keboola is then a conflict, and nothing is lost",
        ) from None


@dataclass(frozen=True, kw_only=True)
class Record(Wish):
    """Keep what Keboola was told.

    Args:
        receipts: by table, what it was told by this push, or had already.
    """

    receipts: Mapping[str, Receipt]
    verb: str = "record"

    def _plan(self, editor: Editor) -> Plan:
        plan = Plan(editor.base, editor.branch)
        there = read_receipts(editor.location, editor.base, self.receipts)
        for table_id, later in self.receipts.items():
            before = there.get(table_id)
            now = before.plus(later) if before else later
            if now != before:
                plan.files[path_of(table_id)] = now.to_yaml()
                (plan.changed if before else plan.added).append(f"{FOLDER}/{table_id}")
        return plan

    def subject(self, plan: Plan) -> str:  # noqa: ARG002
        """See `Wish`."""
        ids = list(self.receipts)
        what = ids[0] if len(ids) == 1 else f"{len(ids)} tables"
        return f"chore(metadata): record what was pushed of {what}"
