"""What `as_dict` made of our dataclasses, back into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from agnes.diff.change import Change, Diff
from agnes.diff.history import Event, History
from agnes.errors import UnavailableError
from agnes.git.repository import Commit
from agnes.lineage.impact import Impact
from agnes.lineage.lineage import Lineage
from agnes.review import Review

_T = TypeVar("_T")


def decode_lineage(data: Any) -> Lineage:
    """The lineage that a server tells.

    Raises:
        UnavailableError: it is none.
    """
    return _decode(Lineage, data)


def decode_history(data: Any) -> History:
    """The history that a server tells.

    Raises:
        UnavailableError: it is none.
    """
    events = [
        Event(_decode(Commit, _commit(entry)), _decode(Change, entry))
        for entry in _mapping(data).get("events", ())
    ]
    return History(str(data.get("id")), tuple(events))


def decode_review(data: Any) -> Review:
    """The difference that a server tells.

    Raises:
        UnavailableError: it is none.
    """
    found = _mapping(data)
    diff = _decode(Diff, found | {"troubles": found.get("diagnostics", [])})
    return Review(diff, _decode(Impact, found.get("impact")))


def _commit(entry: Any) -> dict[str, Any]:
    known = _mapping(entry)
    return known | {"id": known.get("commit"), "message": known.get("subject")}


def _decode(kind: type[_T], data: Any) -> _T:
    """A dataclass from its plain data; keys that it does not know are left out."""
    known, hints = _mapping(data), get_type_hints(kind)
    given = {}
    for field in fields(kind):  # type: ignore[arg-type]
        key = field.name.removesuffix("_")
        if key in known:
            given[field.name] = _value(hints[field.name], known[key])
    try:
        return kind(**given)
    except TypeError as error:
        raise UnavailableError(f"the server does not answer as Agnes does: {error}") from None


def _value(kind: Any, data: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        options = [option for option in get_args(kind) if option is not NoneType]
        return None if data is None else _value(options[0], data)
    if get_origin(kind) is tuple and isinstance(data, list):
        return tuple(_value(get_args(kind)[0], item) for item in data)
    if kind is datetime and isinstance(data, str):
        return datetime.fromisoformat(data)
    return _decode(kind, data) if is_dataclass(kind) and isinstance(kind, type) else data


def _mapping(data: Any) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise UnavailableError("the server does not answer as Agnes does", "is it a newer version?")
    return dict(data)
