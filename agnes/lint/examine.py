"""Checking one file on its own. What comes of it depends on its place and its bytes alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha1
from itertools import islice
from typing import Any

from agnes.lint.examined import Examined
from agnes.lint.facts import (
    EXPRESSION,
    Facts,
    IndexFacts,
    MetricFacts,
    QueryFacts,
    SettingsFacts,
    TableFacts,
)
from agnes.lint.fix import rank, tidy
from agnes.lint.locate import Locator
from agnes.lint.metric import ReadMetric, read_metric, texts
from agnes.lint.rule import Finding, Level, MetricRule
from agnes.lint.rules import RULES
from agnes.lint.rules.ignores import UnknownRule, UnusedIgnore
from agnes.lint.rules.layout import BlockStyle, KeyOrder, UntidySynonyms
from agnes.lint.rules.schema import WrongValue
from agnes.lint.settings import Ignore
from agnes.load.certificate import certification
from agnes.load.document import read_document
from agnes.model.catalog import Index, Settings
from agnes.model.layout import Slot, printable
from agnes.model.metric import Metric
from agnes.model.scalar import number
from agnes.model.table import Table
from agnes.sql.expression import check_expression, is_made_of, names_alone
from agnes.sql.query import Query
from agnes.yaml.layout import is_block, keys
from agnes.yaml.loader import LINE_END

MAX_IGNORES = 100
"""In one file, and in one comment; nobody reviews more."""
_IGNORE = re.compile(r"(?:#|--)\s*agnes:\s*ignore\b(?:\[([^\]\n]*)\])?")


def examine(slot: Slot, data: bytes, level: Level) -> Examined:
    """Check one file.

    Args:
        slot: its place in the catalog.
        data: its content.
        level: up to where; queries are parsed from `references` on.
    """
    document = read_document(slot, data)
    diagnostics = list(document.diagnostics)
    locator = Locator(data)
    findings: list[Finding] = []
    facts: Facts | None = None
    match document.value or document.rest:
        case Metric() as metric:
            if document.value is not None:
                findings += _check_layout(slot, data.decode("utf-8-sig"), metric)
                findings += _check_validation(slot, metric)
            read = ReadMetric(slot.path, metric)
            if level not in ("syntax", "schema"):
                read = read_metric(slot.path, metric)
                findings += _check_sql(read)
            facts = _metric_facts(read, whole=document.value is not None)
        case Table() as table:
            facts = _table_facts(slot, table)
        case Index() as index:
            facts = _index_facts(slot, index)
        case Settings() as settings:
            lint = settings.lint
            may = list(settings.certifiers), dict(settings.groups)
            facts = SettingsFacts(dict(lint.severities), dict(lint.ignores), *may)
    diagnostics += [locator.diagnose(finding, RULES[finding.code].severity) for finding in findings]
    ignores = list(islice(_ignores(data), MAX_IGNORES + 1))
    for ignore in ignores:
        if not ignore.codes:
            message, hint = "the ignore names no rule", "say which rule: ignore[AG407]"
            diagnostics.append(ignore.diagnose(UnknownRule, printable(slot.path), message, hint))
    for ignore in ignores[MAX_IGNORES:]:
        message = f"the file has more than {MAX_IGNORES} ignores; from here on they do not count"
        path = printable(slot.path)
        diagnostics.append(ignore.diagnose(UnusedIgnore, path, message, "mend the file"))
    return Examined(diagnostics, ignores[:MAX_IGNORES], facts)


def _check_layout(slot: Slot, text: str, metric: Metric) -> Iterator[Finding]:
    order = keys(text)
    if order != sorted(order, key=rank):
        first = next(
            key
            for key, sorted_ in zip(order, sorted(order, key=rank), strict=True)
            if key != sorted_
        )
        message, hint = f"`{first}` is not in its place", "sort the keys: da metrics validate --fix"
        yield KeyOrder.find(slot.path, (first,), message, hint, at_key=True)
    values: dict[str, Any] = metric.to_yaml()
    for key in order:
        if not is_block(text, key, values.get(key, "")):
            hint = "write it in block style: da metrics validate --fix"
            yield BlockStyle.find(
                slot.path, (key,), f"`{key}` is not in block style", hint, at_key=True
            )
    if len(tidy(metric.synonyms)) != len(metric.synonyms) or any(
        word != word.strip() for word in metric.synonyms
    ):
        message = "a synonym is there twice, or has blanks around it"
        hint = "tidy them up: da metrics validate --fix"
        yield UntidySynonyms.find(slot.path, ("synonyms",), message, hint, at_key=True)


def _check_validation(slot: Slot, metric: Metric) -> Iterator[Finding]:
    given = metric.validation.get("tolerance")
    tolerance = number(given)
    if given is not None and (tolerance is None or tolerance < 0):
        message = f"the tolerance is {given!s}; it must be a number such as 0.001"
        yield WrongValue.find(slot.path, ("validation", "tolerance"), message)


def _check_sql(read: ReadMetric) -> Iterator[Finding]:
    for rule in RULES.values():
        if issubclass(rule, MetricRule):
            yield from rule().check(read)


def _metric_facts(read: ReadMetric, *, whole: bool) -> MetricFacts:
    metric = read.metric
    sql = texts(metric)
    queries = [
        QueryFacts(
            node,
            sha1(sql[node].encode(), usedforsecurity=False).hexdigest(),
            [(table.name, table.place.start, table.place.length) for table in query.reads],
            _names(query),
        )
        for node, query in read.queries.items()
    ]
    return MetricFacts(
        read.path,
        metric.id,
        metric.display_name,
        metric.status,
        metric.table_name,
        list(metric.tables),
        metric.time_column,
        list(metric.dimensions),
        list(metric.synonyms),
        list(metric.inputs),
        metric.replaced_by,
        queries,
        whole and not read.refused,
        len(read.refused),
        _expression_facts(metric),
        metric.certified.by if metric.certified else None,
        certification(metric),
        [
            (number, table.name, table.place.start, table.place.length)
            for number, query in read.tests.items()
            for table in query.reads
        ],
    )


def _expression_facts(metric: Metric) -> QueryFacts | None:
    """What is to be bound of an `expression`; what is wrong with it otherwise, AG405 says."""
    text = metric.expression
    if text is None or is_made_of(text, metric.inputs) or check_expression(text):
        return None
    columns = names_alone(text)
    digest = sha1(f"expression {text}".encode(), usedforsecurity=False).hexdigest()
    return None if columns is None else QueryFacts(EXPRESSION, digest, [], sorted(columns))


def _names(query: Query) -> list[str] | None:
    if query.outputs is None:
        return None
    return sorted(query.columns | {name.casefold() for name in query.outputs if name})


def _table_facts(slot: Slot, table: Table) -> TableFacts:
    columns: dict[str, str | None] = {
        name: column.basetype for name, column in table.columns.items()
    }
    key = table.primary_key or []
    return TableFacts(slot.path, table.id, columns, [key] if isinstance(key, str) else list(key))


def _index_facts(slot: Slot, index: Index) -> IndexFacts:
    facts = IndexFacts(slot.path, {}, {})
    for at, category in enumerate(index.categories):
        if facts.categories.setdefault(category.category, at) != at:
            facts.twice.append((category.category, ["categories", at, "name"]))
        for nth, name in enumerate(category.metrics):
            metric_id, place = f"{category.category}/{name}", [at, nth]
            if facts.listed.setdefault(metric_id, place) != place:
                facts.twice.append((metric_id, ["categories", at, "metrics", nth]))
    return facts


def _ignores(data: bytes) -> Iterator[Ignore]:
    if b"agnes:" not in data:
        return
    for at, line in enumerate(LINE_END.split(data.decode("utf-8-sig", "replace")), 1):
        if found := _IGNORE.search(line):
            named = (found.group(1) or "").split(",")
            codes = dict.fromkeys(filter(None, map(str.strip, named)))
            yield Ignore(at, found.start() + 1, found.end() + 1, list(codes)[:MAX_IGNORES])
