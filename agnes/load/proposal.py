"""Reading a proposal, YAML or the JSON of an older instance, with the mistakes at their places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agnes.errors import InvalidError, NotFoundError, YamlError
from agnes.load.document import Findings, diagnose_yaml, validate
from agnes.model.layout import MAX_BYTES, Slot, printable
from agnes.model.proposal import Proposal
from agnes.yaml.loader import load

_SHAPE = "it is: {tables: {<id>: {columns: {<name>: {...}}}}}"
_SMALLER = "make proposals of a table each: da admin metadata discover --table TABLE"
JSON = ".json"


def read_proposal(path: Path) -> Proposal:
    """Read a proposal of column metadata: `{tables: {<id>: {columns: {<name>: {...}}}}}`.

    Raises:
        NotFoundError, InvalidError: there is no such file, or it has another shape.
    """
    if not path.is_file():
        raise NotFoundError(f"{printable(str(path))} not found")
    with path.open("rb") as file:  # which may be endless
        return parse_proposal(str(path), file.read(MAX_BYTES + 1))


def parse_proposal(name: str, content: bytes) -> Proposal:
    """Read a proposal from its text.

    Args:
        name: of its file, for the findings; JSON ends in `.json`.

    Raises:
        InvalidError: it is none.
    """
    shown = printable(name)
    slot = Slot(name, "proposal")
    if len(content) > MAX_BYTES:
        raise InvalidError(f"{shown} has more than {MAX_BYTES:,} bytes", [], _SMALLER)
    try:
        text = _as_yaml(content) if is_json(name) else content
        data = load(text)
    except YamlError as error:
        raise InvalidError(f"{shown} cannot be read", [diagnose_yaml(slot, error)]) from None
    findings = Findings(slot, text)
    value, _ = validate(data, findings)
    if value is None:
        raise InvalidError(f"{shown} is no proposal", sorted(set(findings.found)), _SHAPE)
    proposal: Proposal = value
    return proposal


def is_json(name: str) -> bool:
    """Whether a proposal of that name is JSON."""
    return name.lower().endswith(JSON)


def _as_yaml(content: bytes) -> bytes:
    """JSON in a spelling that YAML knows too, so that the same rules hold.

    It writes emoji as two escapes, and may be indented by tabs.
    """
    try:
        load(content)
    except YamlError as error:
        try:
            data = json.loads(content, object_pairs_hook=_mapping)
            return json.dumps(data, ensure_ascii=False, indent=2).encode()
        except json.JSONDecodeError as broken:
            where = broken.lineno, broken.colno
            raise YamlError(f"no JSON: {broken.msg}", *where, "AG101", "mend it there") from None
        except (ValueError, RecursionError):
            raise error from None
    return content


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
