"""What a metric's numbers must be on known data: one item of `tests` in its file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from agnes.model.fields import Free, Model, RequiredText
from agnes.model.scalar import core

KINDS = ("equals", "between", "change_within", "sql")
"""The keys of which a test has exactly one."""


def _number(value: Any) -> Any:
    found = core(value)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or (isinstance(found, float) and not math.isfinite(found)):
        raise ValueError("must be a number")
    return found


def _not_negative(value: float) -> float:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _two(bounds: list[float]) -> list[float]:
    if len(bounds) != 2:
        raise ValueError("must be two numbers: [1000, 2000]")
    if bounds[0] > bounds[1]:
        raise ValueError("must have the smaller number first")
    return bounds


_NUMBER = {"type": "number"}
Number = Annotated[int | float, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
Tolerance = Annotated[
    int | float,
    BeforeValidator(_number),
    AfterValidator(_not_negative),
    WithJsonSchema(_NUMBER | {"minimum": 0}),
]
Bounds = Annotated[
    list[Number],
    AfterValidator(_two),
    WithJsonSchema({"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}),
]
Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?%$")]


class MetricTest(Model):
    """One test: a value in a period, how it moved, or a query that must find nothing."""

    name: RequiredText | None = Field(None, description="What people call it.")
    period: RequiredText | None = Field(
        None, description="The period that the value is of: 2025-03, 2025-Q1, 2025, 2025-03-14."
    )
    where: Free | None = Field(
        None, description="The part that the value is of: `{plan: enterprise}`."
    )
    equals: Number | None = Field(None, description="The value.")
    tolerance: Tolerance | None = Field(
        None, description="How far the value may be from `equals`, as a share of it: 0.001."
    )
    between: Bounds | None = Field(None, description="The least and the greatest value.")
    change_within: Percent | None = Field(
        None, description="How far the value may be from that of the period before: 10%."
    )
    sql: RequiredText | None = Field(
        None,
        description="A query that must give no rows; it may read the metric's own result by name.",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return cls.without_nulls(data)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(said) != 1:
            found = " and ".join(said) or "none"
            raise ValueError(f"must have one of {', '.join(KINDS)}; it has {found}")
        if self.sql is not None and (self.period, self.where) != (None, None):
            raise ValueError("has `sql`, which says itself which periods and parts it is about")
        if self.tolerance is not None and self.equals is None:
            raise ValueError("has a `tolerance`, which goes with `equals`")
        if self.change_within is not None and self.period is None:
            raise ValueError("has `change_within`, which needs a `period`")
        return self


def title(test: Mapping[str, Any]) -> str:
    """What a test is called: its name, else what it asserts."""
    return test.get("name") or in_words(test)


def in_words(test: Mapping[str, Any]) -> str:
    """What a test asserts, from its keys in the file: `2025-03, plan enterprise: equals 5`."""
    if test.get("sql"):
        return f"no rows: {' '.join(str(test['sql']).split())}"
    parts = [f"{name} {_plain(value)}" for name, value in (test.get("where") or {}).items()]
    where = ", ".join(filter(None, [test.get("period"), *parts]))
    return f"{where}: {_expectation(test)}" if where else _expectation(test)


def _expectation(test: Mapping[str, Any]) -> str:
    if test.get("change_within"):
        return f"changes by {test['change_within']} at most"
    if bounds := test.get("between"):
        return f"is between {bounds[0]} and {bounds[1]}"
    tolerance = f", within {test['tolerance']:.6g} of it" if test.get("tolerance") else ""
    return f"equals {test.get('equals')}{tolerance}"


def _plain(value: Any) -> str:
    return "null" if value is None else str(value)
