"""One metric: a business number's name, meaning, rules and canonical SQL."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from agnes.model.fields import (
    Day,
    Email,
    Free,
    Hash,
    MetricId,
    MetricType,
    Model,
    Name,
    RequiredText,
    Status,
    TableId,
    Text,
    Texts,
)
from agnes.model.grain import Grain
from agnes.model.metric_test import MetricTest

VARIANT = "sql_by_"
MAX_VARIANTS = 100


class Certificate(Model):
    """Who approved of a metric's definition, when, and which definition that was."""

    by: Email = Field(description="E-mail of who approved, as git knows them.")
    on: Day = Field(description="The day, in UTC: `2026-07-29`.")
    definition: Hash = Field(
        description="What was approved; `da metrics certify` writes it. See docs/certification.md."
    )


class Metric(Model):
    """A metric as its YAML file says it. The id is `<category>/<name>`."""

    name: Name = Field(description="What SQL and programs call it; equals the file name.")
    category: Name = Field(description="The folder it is in; may be left out in the file.")
    display_name: Text = Field("", description="What people call it. Default: the name.")
    description: Text | None = Field(
        None, description="What the number means, in a sentence or two."
    )
    type: MetricType = Field("sum", description="How it aggregates.")
    unit: Text | None = Field(None, description="USD, percentage, count, hours ...")
    grain: Grain = Field("monthly", description="The period that one row of the SQL covers.")
    table_name: TableId | None = Field(
        None, alias="table", description="The primary table that it reads."
    )
    tables: list[TableId] = Field([], description="All tables, for a metric that joins.")
    expression: Text | None = Field(None, description="The aggregate alone: `SUM(amount)`.")
    time_column: Text | None = Field(None, description="The column that periods are cut from.")
    dimensions: Texts = Field([], description="Columns that it may be broken down by.")
    inputs: list[MetricId] = Field(
        [], description="Ids of the metrics that a ratio, comparison or derived metric is made of."
    )
    filters: Texts = Field([], description="Conditions that always hold, in words or SQL.")
    synonyms: Texts = Field([], description="What else people call it; search finds it by these.")
    notes: Texts = Field([], description="Business rules to know before using the number.")
    owner: Text | None = Field(None, description="Who answers questions about it.")
    certified: Certificate | None = Field(
        None, description="Who approved of the definition: written by `da metrics certify`."
    )
    status: Status = Field("active", description="Where it is in its life.")
    replaced_by: MetricId | None = Field(
        None, description="Id of the metric to use instead of a deprecated one."
    )
    tags: Texts = Field([], description="Free labels.")
    meta: Free = Field({}, description="A free mapping for programs.")
    sql: RequiredText = Field(description="The canonical query: exactly one SELECT.")
    sql_variants: dict[str, RequiredText] = Field(
        {}, description="In YAML one key each, `sql_by_<dimension>`: the query broken down."
    )
    validation: Free = Field({}, description="How to check it: `{method: ..., result: ...}`.")
    tests: list[MetricTest] = Field(
        [], description="What its numbers must be; see docs/metric-tests.md."
    )

    @property
    def id(self) -> str:
        """`<category>/<name>`."""
        return f"{self.category}/{self.name}"

    @model_validator(mode="before")
    @classmethod
    def _read_yaml_names(cls, data: Any) -> Any:
        """Take `table_name` for `table`, and collect every `sql_by_x` into `sql_variants`."""
        if not isinstance(data, dict):
            return data
        data = cls.without_nulls(data)
        if "table_name" in data and "table" in data:
            if data["table"] != data["table_name"]:
                raise ValueError("table and table_name differ; keep table")
            del data["table_name"]
        variants = [key for key in data if key.startswith(VARIANT) and len(key) > len(VARIANT)]
        given = data.get("sql_variants") or {}
        if variants and isinstance(given, dict):
            data["sql_variants"] = given | {key[4:]: data.pop(key) for key in variants}
        return data

    @classmethod
    def knows(cls, key: str) -> bool:
        """Whether a file may have the key."""
        return super().knows(key) or (key.startswith(VARIANT) and len(key) > len(VARIANT))

    @field_validator("sql_variants")
    @classmethod
    def _name_variants(cls, variants: dict[str, str]) -> dict[str, str]:
        if len(variants) > MAX_VARIANTS:
            raise ValueError(f"there are {len(variants):,} variants; {MAX_VARIANTS} are allowed")
        for key in variants:
            if not key.startswith("by_") or key == "by_":
                raise ValueError(f"the variant {key!r} must be called by_<dimension>")
        return variants

    @model_validator(mode="after")
    def _default_display_name(self) -> Self:
        if not self.display_name:
            object.__setattr__(self, "display_name", self.name)
        return self

    def to_yaml(self) -> dict[str, Any]:
        """The metric under its YAML keys in their canonical order; what is empty is left out."""
        data = self.model_dump(by_alias=True, exclude_none=True)
        variants = {f"sql_{key}": sql for key, sql in data.pop("sql_variants").items()}
        if self.status == "active":
            del data["status"]
        kept = {key: data[key] for key in YAML_KEYS if data.get(key) not in (None, [], {})}
        return kept | {"sql": self.sql} | variants


YAML_KEYS = (
    *("name", "display_name", "category", "status", "replaced_by", "owner", "certified"),
    *(
        "type",
        "unit",
        "grain",
        "time_column",
        "table",
        "tables",
        "expression",
        "inputs",
        "description",
    ),
    *("dimensions", "filters", "synonyms", "notes", "tags", "validation", "tests", "meta"),
)
"""The canonical order of a file's keys; `sql` and `sql_by_<x>` follow, since queries are long."""
