"""Where a part of a text stands in the YAML file that says the text."""

from __future__ import annotations

import re

from agnes.yaml.loader import Span

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_BLANK = " \t\r\n"
_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}
_BLANK_ESCAPE = re.compile(r"\\(?:[ntr \n]|(?:x|u00|U000000)(?:20|09|0[aAdD]))")
_CONTINUED = re.compile(r"(?:\\\n[ \t]*)*")


def within(source: str, span: Span, text: str, start: int, length: int) -> Span:
    """Find characters of a scalar's text in the file.

    Args:
        source: the file, without a byte order mark.
        span: the scalar's, as `Positions` has it.
        text: what the scalar says; in any style: plain, quoted, literal or folded.
        start: offset in `text`.
        length: how many characters.

    Returns:
        The span of these characters; the scalar's own where they cannot be found.
    """
    start, end = min(start, len(text)), min(start + length, len(text))
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    source = "\n".join(lines)
    at = sum(len(line) + 1 for line in lines[: span[0] - 1]) + span[1] - 1
    at = _end(_PROPERTIES, source, at)
    opening = source[at : at + 1]
    if opening in ("|", ">"):
        at = source.find("\n", at) + 1
    elif opening in ("'", '"'):
        at += 1
    first = _advance(source, at, text, 0, start, opening)
    if first is None:
        return span
    if start < len(text) and text[start] not in _BLANK:
        first = _skip_blank(source, first, opening)
    last = _advance(source, first, text, start, end, opening)
    return (*_position(source, first), *_position(source, last or first + 1))


def _advance(source: str, at: int, text: str, begin: int, end: int, opening: str) -> int | None:
    """The offset in `source` after what says `text[begin:end]`; None if they do not agree.

    Line breaks and indentation differ between the two, so any blank matches any other.
    """
    done = begin
    while done < end:
        if text[done] in _BLANK:
            while done < end and text[done] in _BLANK:
                done += 1
            at = _skip_blank(source, at, opening)
            continue
        at = _skip_blank(source, at, opening) if source[at : at + 1] in _BLANK else at
        at = _end(_CONTINUED, source, at) if opening == '"' else at
        here = source[at : at + 1]
        if opening == '"' and here == "\\":
            at += _ESCAPE_LENGTH.get(source[at + 1 : at + 2], 2)
        elif here != text[done]:
            return None
        else:
            at += 2 if opening == "'" == here else 1
        done += 1
    return at


def _skip_blank(source: str, at: int, opening: str) -> int:
    while at < len(source):
        if source[at] in _BLANK:
            at += 1
        elif opening == '"' and (escape := _BLANK_ESCAPE.match(source, at)):
            at = escape.end()
        else:
            break
    return at


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    return found.end() if found else at


def _position(source: str, at: int) -> tuple[int, int]:
    line = source.count("\n", 0, at) + 1
    return line, at - (source.rfind("\n", 0, at) + 1) + 1
