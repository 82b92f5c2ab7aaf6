"""What somebody else says of columns: read strictly, for it comes from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agnes.describe.facts import Said, TableFacts

if TYPE_CHECKING:
    from agnes.model.fields import Confidence

LONGEST = 500
"""Characters of a description."""
_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
_CONFIDENCES: Mapping[Any, Confidence] = {"high": "high", "medium": "medium", "low": "low"}


def read_json(text: str) -> Any:
    """Data of a JSON text, which may be in a fence as models write it.

    Raises:
        ValueError: it is none.
    """
    fenced = _FENCE.fullmatch(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def read_answers(data: Any, table: TableFacts) -> dict[str, Said]:
    """What is said of the columns that were asked for; all else is dropped.

    Args:
        data: `{column: {"description": ..., "confidence": ...}}`, or the description alone.

    Raises:
        ValueError: it has another form.
    """
    if not isinstance(data, dict):
        raise ValueError("not an object of columns")  # noqa: TRY004  (as for JSON that is broken)
    found = {}
    for name in table.wanted & data.keys():
        value = data[name]
        said = value if isinstance(value, dict) else {"description": value}
        description = clean(said.get("description"))
        if description:
            confidence = said.get("confidence")
            hashable = confidence if isinstance(confidence, str) else None
            found[name] = Said(description, _CONFIDENCES.get(hashable, "medium"))
    return found


def clean(text: Any) -> str:
    """A description as one line of bounded length, without what moves a cursor or turns text."""
    if not isinstance(text, str):
        return ""
    plain = "".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST])
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
