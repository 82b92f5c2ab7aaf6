"""One file of a catalog: bytes to a model, or to diagnostics that say where the mistake is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agnes.errors import YamlError
from agnes.model.catalog import Index, IndexCategory, Lint, Settings
from agnes.model.diagnostic import MAX_FINDINGS, Diagnostic, has_errors
from agnes.model.fields import Model
from agnes.model.layout import Kind, Slot, printable
from agnes.model.metric import VARIANT, YAML_KEYS, Certificate, Metric
from agnes.model.metric_test import MetricTest
from agnes.model.proposal import Decision, Proposal, ProposedColumn, ProposedTable
from agnes.model.table import Column, Table
from agnes.yaml.loader import Path, Positions, load, locate

_MODELS: dict[Kind, type[Model]] = {
    "settings": Settings,
    "index": Index,
    "metric": Metric,
    "table": Table,
    "proposal": Proposal,
}
_INNER: dict[Kind, type[Model]] = {
    "settings": Lint,
    "index": IndexCategory,
    "metric": Certificate,
    "table": Column,
    "proposal": Decision,
}
_PROPOSED: dict[int, type[Model]] = {3: ProposedTable, 5: ProposedColumn}
"""What has keys that deep in a proposal."""
MAX_MESSAGE = 500
_RULE = re.compile(r"AG\d{3}")
_NAMES = "lower-case letters, digits and underscores, a letter first, at most 64"


@dataclass(frozen=True)
class Document:
    """A file that was read.

    Args:
        value: the model; None when there is an error among the diagnostics.
        rest: of a metric with errors, what it says without the keys that are wrong, if that is
            enough to go on checking.
    """

    slot: Slot
    value: Settings | Index | Metric | Table | None
    diagnostics: tuple[Diagnostic, ...]
    rest: Metric | None = None


def read_document(slot: Slot, data: bytes) -> Document:
    """Read one file.

    Args:
        slot: its place, which says what it should be and under which id.
        data: its content.
    """
    try:
        content = load(data)
    except YamlError as error:
        return Document(slot, None, (diagnose_yaml(slot, error),))
    findings = Findings(slot, data)
    if slot.kind == "metric" and isinstance(content, list):
        if len(content) != 1:
            findings.add((), "AG210", f"a list of {len(content)} metrics", _ONE_METRIC)
            return Document(slot, None, tuple(findings.found))
        findings.prefix, content = (0,), content[0]
    return _read(slot, content, findings)


def read_metrics(path: str, data: bytes, category: str | None) -> list[Document]:
    """Read a file that may hold several metrics, whatever it is called; for imports.

    Args:
        path: for the diagnostics.
        category: the category of metrics that do not name one; None when they must.

    Returns:
        A document for each metric; one with a diagnostic when the file as a whole is no good.
    """
    whole = Slot(path, "metric")
    try:
        content = load(data)
    except YamlError as error:
        return [Document(whole, None, (diagnose_yaml(whole, error),))]
    items = content if isinstance(content, list) else [content]
    if not items:
        findings = Findings(whole, data)
        findings.add((), "AG210", "the file holds no metric", "write `name: ...` and `sql: ...`")
        return [Document(whole, None, tuple(findings.found))]
    documents = []
    for at, item in enumerate(items):
        names = item if isinstance(item, dict) else {}
        slot = Slot(
            path, "metric", f"{names.get('category') or category or ''}/{names.get('name')}"
        )
        findings = Findings(slot, data)
        findings.prefix = (at,) if isinstance(content, list) else ()
        documents.append(_read(slot, item, findings))
    return documents


def _read(slot: Slot, content: Any, findings: Findings) -> Document:
    if slot.kind == "metric" and isinstance(content, dict):
        content = _check_metric_keys(slot, content, findings)
    value, wrong = validate(content, findings)
    if value is not None:
        _check_identity(slot, value, findings)
    diagnostics = tuple(sorted(set(findings.found)))
    if not has_errors(diagnostics):
        return Document(slot, value, diagnostics)
    rest = _rest(slot, content, wrong) if isinstance(content, dict) else None
    return Document(slot, None, diagnostics, rest)


def validate(content: Any, findings: Findings) -> tuple[Any, set[Any]]:
    """Make the model of a file from what it says.

    Returns:
        The model, None where there are mistakes, which are found then; the keys that they are in.
    """
    try:
        return _MODELS[findings.slot.kind].model_validate(content), set()
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details[:MAX_FINDINGS]:
        findings.add_pydantic(detail, content)
    if len(details) > MAX_FINDINGS:
        more = f"{len(details) - MAX_FINDINGS:,} more mistakes of this kind are not shown"
        findings.add((), "AG203", more, f"mend the first {MAX_FINDINGS}, then look again")
    return None, {part for detail in details for part in _without_variants(detail["loc"])[:1]}


def _rest(slot: Slot, content: dict[str, Any], wrong: set[Any]) -> Metric | None:
    if slot.kind != "metric":
        return None
    category, _, name = slot.id.partition("/")
    right = {key: value for key, value in content.items() if key not in wrong}
    try:
        return Metric.model_validate(right | {"name": name, "category": category})
    except ValidationError:
        return None


def _without_variants(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The key in the file: `sql_by_plan`, not `sql_variants.by_plan`."""
    if path and path[0] == "sql_variants" and len(path) > 1:
        return (f"sql_{path[1]}",)
    return path


def diagnose_yaml(slot: Slot, error: YamlError) -> Diagnostic:
    """What is wrong with a file that cannot be read."""
    return Diagnostic(
        printable(slot.path),
        error.line,
        error.column,
        error.code,
        "error",
        error.message,
        error.hint,
    )


def _check_metric_keys(slot: Slot, content: dict[str, Any], findings: Findings) -> dict[str, Any]:
    if "sql_variants" in content:
        findings.add(
            ("sql_variants",),
            "AG202",
            "unknown key `sql_variants`",
            "write sql_by_<dimension>",
            True,
        )
        content = {key: value for key, value in content.items() if key != "sql_variants"}
    if content.get("grain") is None:
        findings.add(
            (),
            "AG209",
            "no `grain`; monthly is assumed",
            "add `grain: monthly`",
            severity="warning",
        )
    folder = slot.id.partition("/")[0]
    if content.get("category") is None and folder:
        content = {**content, "category": folder}
    return content


def _check_identity(slot: Slot, value: Any, findings: Findings) -> None:
    if isinstance(value, Table):
        if value.id != slot.id:
            findings.add(
                ("id",), "AG204", f"the id is {value.id!r}, the file says {slot.id!r}", _RENAME
            )
    elif isinstance(value, Metric):
        category, _, name = slot.id.partition("/")
        if value.name != name:
            findings.add(
                ("name",), "AG204", f"the name is {value.name!r}, the file says {name!r}", _RENAME
            )
        if value.category != category:
            findings.add(
                ("category",),
                "AG205",
                f"the category is {value.category!r}, the folder says {category!r}",
                "make the two equal, or leave `category` out",
            )


_ONE_METRIC = "write one metric per file, from `name: ...` on; `da metrics import` splits a list"
_RENAME = "make the two equal: rename the file, or change the key"


class Findings:
    """Collects diagnostics of one file; looks positions up only if there are any."""

    def __init__(self, slot: Slot, data: bytes) -> None:
        self.slot = slot
        self.data = data
        self.prefix: Path = ()
        self.found: list[Diagnostic] = []
        self._positions: Positions | None = None

    def add(
        self,
        path: Path,
        code: str,
        message: str,
        hint: str | None = None,
        at_key: bool = False,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Note a mistake at the place of a value, or of its key."""
        if self._positions is None:
            self._positions = locate(self.data)
        line, column, *end = self._positions.of((*self.prefix, *path), key=at_key)
        where = (printable(self.slot.path), line, column)
        message, hint = _cut(printable(message)), hint and _cut(printable(hint))
        self.found.append(Diagnostic(*where, code, severity, message, hint, *end))

    def add_pydantic(self, detail: ErrorDetails, content: Any) -> None:
        """Say a pydantic error in the words of a YAML file."""
        path: Path = detail["loc"]
        hint: str | None
        if self.slot.kind == "metric" and path and path[0] == "sql_variants":
            path = _yaml_path(path, content)
        if path and path[-1] == "[key]":
            wanted = detail["msg"].removeprefix("Value error, ")
            if detail["type"] == "string_pattern_mismatch":
                wanted = _PATTERNS.get(str(path[0]), f"must be {_NAMES}")
            message = f"a key of `{_dotted(path[:-2])}` {wanted}"
            code = str(path[-2]).upper()
            hint = f"did you mean `{code}`?" if _RULE.fullmatch(code) else None
            self.add(path[:-1], "AG203", message, hint, at_key=True)
            return
        path = _without_tags(path)
        name = _dotted(path)
        given, context = detail["input"], detail.get("ctx", {})
        match detail["type"]:
            case "missing":
                self.add(path[:-1], "AG201", f"`{name}` is missing", f"add `{path[-1]}: ...`")
            case "extra_forbidden":
                known = _known_keys(self.slot.kind, path)
                near = get_close_matches(str(path[-1]).lower(), known, 1, 0.6)
                if self.slot.kind == "metric" and str(path[-1]).startswith("sql_"):
                    near = [f"{VARIANT}<dimension>"]
                hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
                self.add(path, "AG202", f"unknown key `{name}`", hint, at_key=True)
            case "literal_error":
                expected = str(context.get("expected", "")).replace("'", "")
                options = expected.replace(" or ", ", ").split(", ")
                near = get_close_matches(str(given).lower(), [o.lower() for o in options], 1, 0.6)
                found = [o for o in options if near and o.lower() == near[0]]
                hint = f"did you mean `{found[0]}`?" if found else None
                self.add(path, "AG203", f"`{name}` is {_kind(given)}; it must be {expected}", hint)
            case "model_type" | "dict_type" | "model_attributes_type" if not path:
                self.add(
                    path,
                    "AG210",
                    f"the file holds {_kind(given)}, not a mapping",
                    "write key: value",
                )
            case kind:
                wanted = _WANTED.get(kind, detail["msg"].removeprefix("Value error, "))
                if kind == "string_pattern_mismatch":
                    told = _PATTERNS.get(name) or _PATTERNS.get(str(path[0] if path else ""))
                    wanted = told or f"must be {_NAMES}"
                    wanted += f", not {_kind(given)}"
                elif kind != "value_error":
                    wanted += f", not {_kind(given)}"
                if kind == "value_error" and not path and wanted.split()[0] in (content or {}):
                    self.add((wanted.split()[0],), "AG203", wanted, at_key=True)
                    return
                hint = _QUOTE if kind == "string_type" and isinstance(given, dict) else None
                self.add(path, "AG203", f"`{name}` {wanted}" if name else wanted, hint)


def _cut(text: str) -> str:
    """Text that a person still reads; keys may be as long as the file."""
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"


_QUOTE = "text that contains ': ' needs quotes"
_WANTED = {
    "string_type": "must be text",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
}
_PATTERNS = {
    "inputs": "must be an id such as revenue/mrr",
    "replaced_by": "must be an id such as revenue/mrr",
    "sync_interval": "must be how often, such as 1 hour, 30 minutes or 6h",
    "groups": "must be e-mails such as ada@example.com",
    "certified.by": "must be an e-mail such as ada@example.com",
    "certified.on": "must be a day such as 2026-07-29",
    "certified.definition": "must be what `da metrics certify` writes",
    "lint": "must be a rule's code such as AG301",
    "tests": "must be a percentage such as 10%",
    **dict.fromkeys(
        ["id", "table", "tables", "table_name"],
        "must be letters, digits, dots, dashes and underscores, at most 128",
    ),
}


def _yaml_path(path: Path, content: dict[str, Any]) -> Path:
    """Where a variant stands in the file: `sql_by_plan`, not `sql_variants.by_plan`."""
    key = f"sql_{path[1]}" if len(path) > 1 else ""
    return (key, *path[2:]) if key in content else ()


def _without_tags(path: Path) -> Path:
    """The path without what pydantic puts in it to tell the members of a union apart."""
    return (path[0], *path[2:]) if path and path[0] in ("primary_key", "access") else path


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(kind: Kind, path: Path) -> list[str]:
    if kind == "metric" and len(path) == 1:
        return [*YAML_KEYS, "sql", f"{VARIANT}<dimension>"]
    model = _INNER[kind] if len(path) > 1 else _MODELS[kind]
    if kind == "proposal":
        model = _PROPOSED.get(len(path), model)
    elif path[0] == "tests":
        model = MetricTest
    return list(model.model_fields)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() if len(value) > 60:
            return "text"
        case _:
            return repr(str(value))
