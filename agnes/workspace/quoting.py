"""What users wrote, as it may stand in a text that an agent reads: data, never more.

A name or a description comes from whoever may edit the catalog, or from a server that is not
trusted. It stays on its line, has an end, moves no cursor, turns no text around, and can neither
close the fence it stands in nor begin what looks like Markdown, a comment or an import.
"""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = str.maketrans(
    {"`": "'", "<": "‹", ">": "›", "{": "(", "}": ")", "@": "＠", '"': "'", "~": "∼"}  # noqa: RUF001
)
"""Signs that have a meaning in Markdown, templates or to Claude Code, and what is shown instead."""
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_LETTERS = re.compile("[A-Za-z]+")


def one_line(text: object, most: int) -> str:
    """A text as one line of at most `most` characters."""
    start = str(text or "")[: most * 8]
    seen = "".join(" " if _is_hidden(char) else char for char in start)
    words = " ".join(seen.translate(_LOOKALIKES).split())
    # Combining marks without end would cover the lines above.
    words = re.sub(r"([̀-ͯ᪰-᫿⃐-⃿︠-︯]{3})[̀-ͯ᪰-᫿⃐-⃿︠-︯]+", r"\1", words)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def in_prose(text: object, most: int) -> str:
    """The same where no fence is around it: no link, image, list or heading either."""
    line = one_line(text, most).translate(str.maketrans("[]|*_", "()/··"))
    return line.lstrip("#-+=!>.() ")


def quoted(text: object, most: int) -> str:
    """The same in quotation marks, for a line in a fence."""
    return f'"{one_line(text, most)}"'


def without_controls(text: str) -> str:
    """A text of several lines without what moves a cursor or turns text around."""
    return "".join(char for char in text if char in "\n\t" or not _is_hidden(char))


def tokens(text: str) -> int:
    """At most how many tokens a model counts: no tokenizer is at hand, so rather too many."""
    count = sum(-(-len(word) // 3) for word in _LETTERS.findall(text))
    rest = _LETTERS.sub("", text)
    return count + sum(len(char.encode("utf-8", "replace")) for char in rest if char != " ")


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN
