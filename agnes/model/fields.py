"""The base of the models, and the kinds of fields they share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from agnes.model.names import NAME, TABLE_ID
from agnes.model.scalar import Plain, core

Basetype = Literal["STRING", "INTEGER", "NUMERIC", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"]
Confidence = Literal["high", "medium", "low", "manual"]
MetadataSource = Literal["manual", "ai_enrichment", "keboola_import"]
MetricType = Literal[
    "sum",
    "count",
    "count_distinct",
    "avg",
    "min",
    "max",
    "median",
    "ratio",
    "comparison",
    "derived",
    "cumulative",
]
Status = Literal["draft", "active", "deprecated", "removed"]

_DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, Plain) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


_MOMENT = _DAY.removesuffix("$") + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"

Text = Annotated[str, BeforeValidator(_text)]
RequiredText = Annotated[Text, AfterValidator(_not_blank)]
Name = Annotated[str, StringConstraints(pattern=rf"^{NAME}$")]
TableId = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=rf"^{TABLE_ID}$")]
MetricId = Annotated[str, StringConstraints(pattern=rf"^{NAME}/{NAME}$")]
Email = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
Day = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=_DAY)]
Moment = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=_MOMENT)]
Hash = Annotated[
    str, BeforeValidator(_text), StringConstraints(pattern=r"^[0-9a-f]{16}-[0-9a-f]{16}$")
]
RuleCode = Annotated[str, StringConstraints(pattern=r"^AG\d{3}$")]
Bool = Annotated[bool, BeforeValidator(core), Field(strict=True)]
Free = Annotated[dict[str, Any], BeforeValidator(core)]
Texts = list[RequiredText]


class Model(BaseModel):
    """A mapping of the catalog: unknown keys are refused, a key without a value is left out."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, defer_build=True)

    @classmethod
    def without_nulls(cls, data: Any) -> Any:
        """A mapping without the keys that it gives no value, which means the default.

        Unknown keys stay: they are mistakes with or without a value.
        """
        if not isinstance(data, dict):
            return data
        return {
            key: value for key, value in data.items() if value is not None or not cls.knows(key)
        }

    @classmethod
    def knows(cls, key: str) -> bool:
        """Whether a file may have the key."""
        fields = cls.model_fields
        return key in fields or any(key == field.alias for field in fields.values())
