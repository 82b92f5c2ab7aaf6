"""What requests that change something say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

Text = Annotated[str, Field(max_length=100_000)]
_SERVED = frozenset(
    "source created_at updated_at path blob commit_id author stale "
    "certified_by certified_on certification".split()
)
"""Fields of an answer that are no field of a definition: an answer may be sent back, changed."""
_EXAMPLE: JsonDict = {
    "id": "revenue/mrr",
    "name": "mrr",
    "category": "revenue",
    "display_name": "Monthly recurring revenue",
    "unit": "USD",
    "grain": "monthly",
    "table_name": "subscriptions",
    "sql": "SELECT month, SUM(mrr) AS mrr FROM subscriptions GROUP BY month",
}


class MetricChanges(BaseModel):
    """Fields of a metric; see schemas/metric.json for what each may be. Null empties one."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"examples": [{"unit": "EUR", "notes": ["Net of VAT."]}]}
    )

    id: Text | None = Field(None, description="`<category>/<name>`, if it is given.")
    name: Text | None = None
    category: Text | None = None
    display_name: Text | None = None
    description: Text | None = None
    type: Text | None = None
    unit: Text | None = None
    grain: Text | None = None
    table_name: Text | None = None
    tables: list[Text] | None = None
    expression: Text | None = None
    time_column: Text | None = None
    dimensions: list[Text] | None = None
    filters: list[Text] | None = None
    synonyms: list[Text] | None = None
    notes: list[Text] | None = None
    sql: Text | None = None
    sql_variants: dict[str, Text] | None = None
    validation: dict[str, Any] | None = None
    owner: Text | None = None
    status: Text | None = None
    tags: list[Text] | None = None
    meta: dict[str, Any] | None = None
    inputs: list[Text] | None = None
    replaced_by: Text | None = None

    def fields(self) -> dict[str, Any]:
        """The fields that were given."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if name not in _SERVED}


class MetricBody(MetricChanges):
    """A metric, whole: what is left out has its default."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_EXAMPLE]})

    name: Text
    category: Text
    sql: Text


class ColumnBody(BaseModel):
    """What is known of a column."""

    column_name: Annotated[str, Field(min_length=1, max_length=1_000)]
    basetype: Text | None = Field(
        None, description="STRING, INTEGER, NUMERIC, FLOAT, BOOLEAN, DATE or TIMESTAMP."
    )
    description: Text | None = None
    confidence: Text = Field("manual", description="high, medium, low or manual.")
    source: Text | None = Field(None, description="manual, ai_enrichment or keboola_import.")


class ColumnsBody(BaseModel):
    """Columns of a table."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"columns": [{"column_name": "amount", "basetype": "NUMERIC"}]},
            ]
        }
    )

    columns: Annotated[list[ColumnBody], Field(max_length=10_000)]
