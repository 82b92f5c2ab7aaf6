"""What users wish for, told so that it can be planned anew on every newer commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agnes.edit import Editor, Plan, subject
from agnes.errors import ConflictError, NotFoundError, PreconditionError
from agnes.load.pack import Pack, metric_from_fields, with_columns
from agnes.model.metric import Metric

Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A wish to change the catalog.

    Args:
        verb: for the commit's subject: `define`.
        source: for the commit's trailer: `api`, `yaml_import`, `ai_enrichment`.
        read: ids of metrics to the blob of the version that the user has read, None for one that
            must not be there yet.
    """

    verb: str = "define"
    source: str = "api"
    read: Mapping[str, str | None] = field(default_factory=dict)

    def plan(self, editor: Editor) -> Plan:
        """Plan it on what the branch has now.

        Raises:
            PreconditionError: it is not what the user has read.
            InvalidError, NotFoundError: it cannot be done.
        """
        for metric_id, blob in self.read.items():
            try:
                editor.expect(editor.path("metric", metric_id), blob or "")
            except NotFoundError:
                if blob is not None:
                    raise PreconditionError(f"{metric_id} is not there any more") from None
            except ConflictError:
                message = (
                    f"{metric_id} is there already"
                    if blob is None
                    else f"{metric_id} is not what you read: it was changed since"
                )
                raise PreconditionError(message, "read it again, then change it") from None
        return self._plan(editor)

    def subject(self, plan: Plan) -> str:
        """The first line of the message of its commit."""
        return subject(self.verb, plan.added + plan.changed + plan.removed or plan.unchanged)

    def _plan(self, editor: Editor) -> Plan:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Put(Wish):
    """Add or replace metrics and tables.

    Args:
        strict: refuse what names a table or metric that is not there. To who may not see all of
            them, it would tell which there are.
    """

    pack: Pack
    strict: bool = False

    def _plan(self, editor: Editor) -> Plan:
        return editor.put(self.pack, strict=self.strict)


@dataclass(frozen=True, kw_only=True)
class Update(Wish):
    """Change some fields of a metric.

    Args:
        fields: named as the columns of `metric_definitions`; None empties one.
    """

    metric_id: str
    fields: Fields
    verb: str = "change"

    def _plan(self, editor: Editor) -> Plan:
        before = editor.metric(self.metric_id)
        kept = {name: getattr(before, name) for name in Metric.model_fields}
        kept["certified"] = before.certified and before.certified.model_dump()
        kept["tests"] = before.to_yaml().get("tests")
        changed = metric_from_fields(kept | dict(self.fields) | {"id": self.metric_id})
        return editor.put(Pack(metrics={changed.id: changed}), strict=True)


@dataclass(frozen=True, kw_only=True)
class Remove(Wish):
    """Delete a metric."""

    metric_id: str
    verb: str = "remove"

    def _plan(self, editor: Editor) -> Plan:
        return editor.remove([self.metric_id])


@dataclass(frozen=True, kw_only=True)
class Describe(Wish):
    """Say what is known of columns; what is not said of one of them is kept.

    Args:
        columns: by table and column, the fields as a table's file has them; None forgets one.
    """

    columns: Mapping[str, Mapping[str, Fields | None]]
    verb: str = "describe"

    def _plan(self, editor: Editor) -> Plan:
        tables = {
            table_id: with_columns(editor.table(table_id), columns)
            for table_id, columns in self.columns.items()
        }
        return editor.put(Pack(tables=tables))
