"""Kinds of text that are recognized by their form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from agnes.values.checksums import is_iban

_SHARE = 0.9
_FORMS = {
    "UUIDs": re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?"),
    "e-mail addresses": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "URLs": re.compile(r"[a-z][a-z+.-]*://\S+|www\.\S+"),
    "hashes": re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}"),
    "IP addresses": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d+)?"),
    "versions": re.compile(r"v?\d+\.\d+(\.\d+)+([-+.]\w+)*"),
    "times of day": re.compile(r"[0-2]?\d:[0-5]\d(:[0-5]\d(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?"),
    "durations": re.compile(r"-?\d+:[0-5]\d(:[0-5]\d(\.\d+)?)?|P(?=.)\d*[\dYMWDTHS.]*"),
    "weeks": re.compile(r"\d{4}-?W\d\d?(-\d)?"),
    "quarters": re.compile(r"\d{4}[- ]?Q[1-4]|Q[1-4][- /]?\d{4}"),
    "months": re.compile(r"\d{4}[-/](0[1-9]|1[0-2])|(0[1-9]|1[0-2])/\d{4}"),
    "codes of two or three capitals": re.compile(r"[A-Z]{2,3}"),
}


def _is_json(text: str) -> bool:
    if text[0] not in "{[":
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_TESTS: dict[str, Callable[[str], object]] = {
    **{kind: form.fullmatch for kind, form in _FORMS.items()},
    "JSON": _is_json,
    "account numbers (IBAN)": is_iban,
}


_QUANTITY = re.compile(r"[-+]?\d[\d., ]*\s?[A-Za-z°µΩ%/²³]{1,6}")


def is_quantity(text: str) -> bool:
    """Whether a text is a number with a unit: `1.5 kg`, `900K`."""
    return _QUANTITY.fullmatch(text) is not None


def kind_of(texts: Sequence[str]) -> str | None:
    """What texts are, in words, if nearly all are of one kind.

    Args:
        texts: none of them empty.
    """
    first = texts[:10]
    for kind, test in _TESTS.items():
        if sum(bool(test(text)) for text in first) * 2 < len(first):
            continue
        if sum(bool(test(text)) for text in texts) >= _SHARE * len(texts):
            return kind
    return None
