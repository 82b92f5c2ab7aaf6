"""A proposal: column metadata that somebody suggests, in proposals/<name>.yml or as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from agnes.model.fields import Confidence, MetadataSource, Model, RequiredText, TableId
from agnes.model.table import Column


class ProposedColumn(Column):
    """What is suggested for one column. It may be marked as personal data, never unmarked."""

    confidence: Confidence = Field("high", description="How sure the source is.")
    source: MetadataSource = Field("ai_enrichment", description="Who says so.")

    def to_yaml(self) -> dict[str, Any]:
        """What it says, the proposal's defaults filled in; what it does not say is left out."""
        said = self.model_dump(exclude_none=True)
        return said if self.pii else {key: said[key] for key in said if key != "pii"}


class ProposedTable(Model):
    """What is suggested for the columns of one table."""

    columns: dict[RequiredText, ProposedColumn] = Field(
        description="Column name to what is suggested for it."
    )


class Proposal(Model):
    """Column metadata that waits for review. It changes nothing until it is applied."""

    tables: dict[TableId, ProposedTable] = Field(description="Table id to its columns.")
