"""JSON Schemas of a catalog's files, for editors: the models, as their files may say it.

A schema and its model refuse the same files. What only Agnes can check: that names and ids are
those of the path, that an older `table_name` agrees with `table`, numbers for ids, which of two
numbers is greater, and SQL.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema

from agnes.model.catalog import Index, Settings
from agnes.model.example import EXAMPLES, illustrate
from agnes.model.fields import Model
from agnes.model.metric import VARIANT, Metric
from agnes.model.metric_test import KINDS
from agnes.model.names import NAME
from agnes.model.proposal import Proposal
from agnes.model.table import Table

_MODELS: dict[str, type[Model]] = {
    "agnes": Settings,
    "index": Index,
    "metric": Metric,
    "proposal": Proposal,
    "table": Table,
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = ("string", "number", "boolean")
_TITLES = {"Id": "ID", "Pii": "Personal data", "Sql": "SQL"}

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Each schema by its file's name: `metric.schema.json`."""
    return {f"{kind}.schema.json": _schema(kind) for kind in _MODELS}


def schema_files() -> dict[str, bytes]:
    """The content of each schema's file, by its name."""
    return {
        name: f"{json.dumps(schema, ensure_ascii=False, indent=2)}\n".encode()
        for name, schema in schemas().items()
    }


def _schema(kind: str) -> Schema:
    made = _MODELS[kind].model_json_schema(schema_generator=_AsFile)
    properties = made["properties"]
    if kind == "metric":
        _adapt_metric(made)
    elif kind == "table":
        properties["is_public"]["deprecated"] = True
        made |= _when("is_public", "boolean", then={"access": {"type": "null"}})
    elif kind == "index":
        category = properties["categories"]["items"]
        category["properties"]["folder"]["pattern"] = f"^{NAME}/*$"
        name = {"type": "string", "pattern": f"^{NAME}$"}
        category |= _when("folder", "string", otherwise={"name": name})
    illustrate(made, EXAMPLES[kind])
    return {
        "$schema": _DIALECT,
        "$id": f"urn:agnes:schema:{kind}:1",
        "title": "Agnes settings" if kind == "agnes" else f"Agnes {kind}",
        "description": made.pop("description"),
        "examples": EXAMPLES[kind],
    } | {key: made[key] for key in made if key != "title"}


def _adapt_metric(made: Schema) -> None:
    properties = made["properties"]
    made["required"].remove("category")
    properties["category"] = _or_null(properties["category"])
    properties["table_name"] = properties["table"] | {
        "title": "Table name",
        "description": "Older spelling of `table`.",
        "deprecated": True,
    }
    variants = properties.pop("sql_variants")
    made["patternProperties"] = {
        f"^{VARIANT}.+$": _or_null(variants["additionalProperties"])
        | {"title": "SQL by a dimension", "description": "The query, broken down by a dimension."}
    }
    properties["tests"]["items"] |= {
        "oneOf": [_given(kind) for kind in KINDS],
        "allOf": [
            {"not": {"allOf": [_given("sql"), {"anyOf": [_given("period"), _given("where")]}]}},
            {"if": _given("tolerance"), "then": _given("equals")},
            {"if": _given("change_within"), "then": _given("period")},
        ],
    }
    # Older files hold a list of one metric. What is said of mappings does not bind a list.
    made |= {"type": ["object", "array"], "minItems": 1, "maxItems": 1}
    made["items"] = {"type": "object", "$ref": "#"}


def _given(key: str) -> Schema:
    """That a key is there and has a value."""
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


def _when(
    key: str, kind: str, *, then: Schema | None = None, otherwise: Schema | None = None
) -> Schema:
    """Further schemas of properties: where `key` is there and of a kind, and where it is not."""
    branches = {"then": then, "else": otherwise}
    return {
        "if": {"required": [key], "properties": {key: {"type": kind}}},
        **{branch: {"properties": schemas} for branch, schemas in branches.items() if schemas},
    }


def _or_null(schema: Schema) -> Schema:
    """The schema, or nothing: a key without a value means its default."""
    if "oneOf" in schema:
        return schema | {"oneOf": [*schema["oneOf"], {"type": "null"}]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made = schema if "null" in kinds else schema | {"type": [*kinds, "null"]}
    return made | {"enum": [*made["enum"], None]} if "enum" in made else made


class _AsFile(GenerateJsonSchema):
    """Pydantic's generator, for what is written in a file; definitions are put in their places."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._definitions: dict[str, Any] = {}

    def generate_inner(self, schema: Any) -> Schema:
        """Pass `ref` over, so that the generator makes no `$defs` of it."""
        if schema["type"] == "definition-ref":
            schema = self._definitions[schema["schema_ref"]]
        return super().generate_inner({key: schema[key] for key in schema if key != "ref"})

    def definitions_schema(self, schema: Any) -> Schema:
        """Keep the definitions for where they are referred to."""
        self._definitions |= {found["ref"]: found for found in schema["definitions"]}
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: Any) -> Schema:
        """Allow nulls: for every key that has a default, and for a model that takes one."""
        made = super().model_schema(schema)
        made["title"] = re.sub("(?<=[a-z])(?=[A-Z])", " ", made["title"]).capitalize()
        optional = made["properties"].keys() - set(made.get("required", []))
        made["properties"] |= {key: _or_null(made["properties"][key]) for key in optional}
        with suppress(ValidationError):
            schema["cls"].model_validate(None)
            made = _or_null(made)
        return made

    def nullable_schema(self, schema: Any) -> Schema:
        """Leave the null to `model_schema`."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> Schema:
        """Keep a default that says something."""
        made = self.generate_inner(schema["schema"])
        default = schema.get("default", "")
        says = isinstance(default, bool | str) and default != ""
        return made | {"default": default} if says else made

    def function_before_schema(self, schema: Any) -> Schema:
        """Take numbers and booleans for text: the loader keeps them as they are written."""
        made = self.generate_inner(schema["schema"])
        return made | {"type": list(_TEXT)} if schema["schema"]["type"] == "str" else made

    def function_after_schema(self, schema: Any) -> Schema:
        """Refuse blank text: that is what the models check after text is read."""
        made = self.generate_inner(schema["schema"])
        return made | {"pattern": r"\S"} if made.get("type") == list(_TEXT) else made

    def chain_schema(self, schema: Any) -> Schema:
        """Join the steps: text that is read as any other, and a pattern for it."""
        first, second = map(self.generate_inner, schema["steps"])
        return second | first | {"minimum": 0}

    def dict_schema(self, schema: Any) -> Schema:
        """Check every key, not only the values of those that fit."""
        keys, values = (
            self.generate_inner(schema[f"{part}_schema"]) for part in ("keys", "values")
        )
        made: Schema = {"type": "object"}
        made |= {"propertyNames": {"pattern": keys["pattern"]}} if "pattern" in keys else {}
        return made | ({"additionalProperties": values} if values else {})

    def get_title_from_name(self, name: str) -> str:
        """Titles as people write them."""
        title = name.replace("_", " ").capitalize()
        return _TITLES.get(title, title)
