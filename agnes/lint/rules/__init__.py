"""The rules, by code. A code never changes its meaning, and is never used again."""

from __future__ import annotations

from agnes.lint.rule import Rule
from agnes.lint.rules import (
    certification,
    engine,
    ignores,
    layout,
    references,
    relations,
    schema,
    sql,
    syntax,
    tests,
)

_MODULES = (
    *(syntax, schema, layout, references, relations, sql, engine, certification, tests),
    ignores,
)

RULES: dict[str, type[Rule]] = dict(
    sorted((rule.code, rule) for module in _MODULES for rule in module.RULES)
)
