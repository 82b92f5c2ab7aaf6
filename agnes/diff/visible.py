"""Texts of other people, before they are shown."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(line: str) -> str:
    """A line without what moves the cursor, turns the text around, or is not seen at all."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", line)
