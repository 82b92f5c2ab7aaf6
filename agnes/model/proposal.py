"""A proposal: column metadata that somebody suggests, in proposals/<name>.yml or as JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from agnes.model.fields import (
    Basetype,
    Confidence,
    MetadataSource,
    Model,
    Moment,
    RequiredText,
    TableId,
    Text,
    Texts,
)
from agnes.model.table import Column

Verdict = Literal["accepted", "edited", "rejected"]
_OF_THE_PROPOSAL = {"evidence", "decision"}


class Replaced(Model):
    """What the catalog said of a column, and the reviewer saw."""

    basetype: Basetype | None = Field(None, description="Its type.")
    description: Text | None = Field(None, description="What a value means.")


class Decision(Model):
    """What a reviewer said of one column."""

    verdict: Verdict = Field(description="`edited` is accepted, in the reviewer's words.")
    by: RequiredText = Field(description="Who: `Ada Lovelace <ada@example.com>`.")
    at: Moment = Field(description="When, in UTC: `2026-01-31T12:00:00Z`.")
    replaces: Replaced | None = Field(
        None, description="What the catalog said otherwise, and the reviewer gave up for this."
    )


class ProposedColumn(Column):
    """What is suggested for one column. It may be marked as personal data, never unmarked."""

    confidence: Confidence = Field("high", description="How sure the source is.")
    source: MetadataSource = Field("ai_enrichment", description="Who says so.")
    evidence: Texts = Field([], description="What was seen that speaks for it.")
    decision: Decision | None = Field(None, description="What the reviewer said, if one did.")

    def metadata(self) -> dict[str, Any]:
        """What it says of the column, as a table's file has it, a proposal's defaults filled in.

        What it does not say is left out. What a reviewer edited, a person says.
        """
        edited = self.decision is not None and self.decision.verdict == "edited"
        person = {"confidence": "manual", "source": "manual"} if edited else {}
        return _suggested(self) | person


class ProposedTable(Model):
    """What is suggested for the columns of one table."""

    sampled: int | None = Field(None, ge=0, description="How many of its rows were looked at.")
    columns: dict[RequiredText, ProposedColumn] = Field(
        description="Column name to what is suggested for it."
    )


class Proposal(Model):
    """Column metadata that waits for review. It changes nothing until it is applied."""

    project: Text | None = Field(None, description="Of whose tables it is.")
    created_at: Moment | None = Field(None, description="When it was made, in UTC.")
    describer: Text | None = Field(None, description="Who wrote the descriptions.")
    tables: dict[TableId, ProposedTable] = Field(description="Table id to its columns.")

    def to_yaml(self) -> dict[str, Any]:
        """The proposal under its YAML keys, defaults left out, except for how sure it is."""
        said = self.model_dump(exclude_defaults=True)
        for table_id, table in self.tables.items():
            for name, column in table.columns.items():
                said["tables"][table_id]["columns"][name] = _spelled(column)
        return said


def _suggested(column: ProposedColumn) -> dict[str, Any]:
    said = column.model_dump(exclude_none=True, exclude=_OF_THE_PROPOSAL)
    return said if column.pii else {key: said[key] for key in said if key != "pii"}


def _spelled(column: ProposedColumn) -> dict[str, Any]:
    said = _suggested(column)
    if column.source == ProposedColumn.model_fields["source"].default:
        del said["source"]
    return said | column.model_dump(exclude_defaults=True, include=_OF_THE_PROPOSAL)
