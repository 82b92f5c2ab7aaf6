"""The strict loader: one YAML document to plain data, safe on hostile input.

It builds the data from the events of PyYAML's C parser. Events come one at a time, so depth and
aliases are checked before anything unfolds, and nothing recurses; composing with the C loader
crashes the process on deep nesting and hangs on merge keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from yaml import MarkedYAMLError, YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from agnes.errors import YamlError
from agnes.model.layout import MAX_BYTES
from agnes.model.scalar import plain
from agnes.yaml.syntax import SYNTAX, syntax_error

MAX_DEPTH = 32
MAX_ALIASED = 16_384
"""Characters (and one per node) that all aliases of a document may add."""
MAX_EVENTS = 100_000
"""Texts, and ends of lists and mappings: a table of 10,000 columns has 80,000."""

UNSAFE, DUPLICATE, ENCODING = "AG102", "AG103", "AG104"

_STR_TAG = "tag:yaml.org,2002:str"
# Everything that YAML does not call printable, and the marks that reorder text on a screen.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\u202a-\u202e\u2066-\u2069]"
)
# The parser ends lines at these, as YAML 1.1 says; editors, reviewers and YAML 1.2 do not.
_LINE_SEPARATOR = re.compile("[\x85\u2028\u2029]")
LINE_END = re.compile(r"\r\n?|\n")
"""What ends a line of a file, to editors and to the parser."""
_SHORT = 60
_DIRECTIVE = re.compile(r"^%(?!YAML 1\.)", re.MULTILINE)

Path = tuple[str | int, ...]
Span = tuple[int, int, int, int]
"""Line and column of the first character and of the one behind the last; 1-based."""


@dataclass
class Positions:
    """Where things stand in a document. A list's or a mapping's span is its first character."""

    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)

    def of(self, path: Path, *, key: bool = False) -> Span:
        """The span of the value at `path`, or of its key; the nearest parent's if unknown."""
        places = self.keys if key else self.values
        while path:
            if path in places:
                return places[path]
            path, places = path[:-1], self.values
        return self.values.get((), (1, 1, 1, 1))


def load(data: bytes) -> Any:
    """Read one document.

    Args:
        data: a file's content; UTF-8, with or without a byte order mark, any line ends.

    Returns:
        Mappings (with text keys), lists, text, None, and `Plain` for unquoted booleans and
        numbers. None for an empty document.

    Raises:
        YamlError: with line and column, for broken YAML and for all that the catalog does not
            take: duplicate and merge keys, recursive or unfolding aliases, tags, more than
            `MAX_BYTES`, `MAX_DEPTH` or `MAX_EVENTS`, unprintable characters, several documents.
    """
    return _build(_decode(data), None)


def locate(data: bytes) -> Positions:
    """Find the positions of everything in a document that `load` accepts."""
    positions = Positions()
    _build(_decode(data), positions)
    return positions


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise YamlError(
            f"the file has {len(data):,} bytes; the limit is {MAX_BYTES:,}", 0, 0, UNSAFE
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        message = "the file is UTF-16, not UTF-8" if utf16 else "the file is not valid UTF-8"
        raise YamlError(message, line, column, ENCODING, "save it as UTF-8") from None
    if found := _UNPRINTABLE.search(text):
        raise _unprintable(found.group(), *_line_column(text, found.start()))
    if found := _LINE_SEPARATOR.search(text):
        where = _line_column(text, found.start())
        message = f"the character U+{ord(found.group()):04X} is not allowed"
        raise YamlError(message, *where, ENCODING, "end the line, or delete it")
    if found := _DIRECTIVE.search(text):
        line, column = _line_column(text, found.start())
        raise YamlError("directives are not used here", line, column, UNSAFE, "delete the line")
    return text


def _line_column(text: str, offset: int) -> tuple[int, int]:
    ends = [end.end() for end in LINE_END.finditer(text, 0, offset)]
    return len(ends) + 1, offset - (ends[-1] if ends else 0) + 1


def _short(text: str) -> str:
    """Text for a message: one line, not too long."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return shown if len(shown) <= _SHORT else f"{shown[:_SHORT]}…"


def _unprintable(character: str, line: int, column: int) -> YamlError:
    return YamlError(
        f"the character U+{ord(character):04X} is not allowed", line, column, ENCODING, "delete it"
    )


def _at(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _span(event: Any) -> Span:
    return (*_at(event), event.end_mark.line + 1, event.end_mark.column + 1)


def _build(text: str, positions: Positions | None) -> Any:
    """Build the document from the parser's events; with `positions`, note where each node is."""
    try:
        return _Builder(text, positions).run()
    except MarkedYAMLError as error:
        found = syntax_error(error, text)
        # The parser puts the end of a file without a last line end on a line of its own.
        line, column = min((found.line, found.column), _line_column(text, len(text)))
        raise YamlError(found.message, line, column, found.code, found.hint) from None
    except YAMLError as error:
        raise YamlError(str(error), 0, 0, SYNTAX) from None


class _Builder:
    """A stack machine over the events of one document."""

    def __init__(self, text: str, positions: Positions | None) -> None:
        self.next_event = CParser(text).get_event
        self.positions = positions
        self.check_escapes = "\\" in text
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.size = 0
        self.aliased = 0

    def run(self) -> Any:  # noqa: PLR0912, PLR0915
        """Read all events; return the one document's data."""
        # Long because it is hot: every node of every file passes here.
        next_event, positions = self.next_event, self.positions
        stack: list[tuple[Any, str | None, str | None, int]] = []
        container: Any = None
        key: str | None = None
        root: Any = None
        documents = events = 0
        while True:
            event: Any = next_event()
            kind = event.__class__
            events += 1
            if events > MAX_EVENTS:
                message = f"the file holds more than {MAX_EVENTS:,} keys and values"
                raise YamlError(message, *_at(event), UNSAFE, "split it up")
            if kind is ScalarEvent:
                text = event.value
                value: Any = text
                if event.tag is not None or event.anchor is not None or self.check_escapes:
                    self._check_scalar(event)
                if event.implicit[0]:
                    value = plain(text)
                self.size += len(text) + 1
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._check_collection(event, stack, container, key)
                if positions is not None:
                    positions.values[_path(stack, container, key)] = (*_at(event), *_at(event))
                self.size += 1
                stack.append((container, key, event.anchor, self.size))
                container = {} if kind is MappingStartEvent else []
                key = None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                container, key, anchor, start = stack.pop()
                if anchor is not None:
                    self.anchors[anchor] = (value, self.size - start + 1)
            elif kind is AliasEvent:
                value = self._alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise YamlError(
                        "the file has several documents", *_at(event), UNSAFE, "one file each"
                    )
                continue
            elif kind is StreamEndEvent:
                return root
            else:
                continue

            if container.__class__ is dict and key is None:
                if kind is not ScalarEvent or value is None or text in container or text == "<<":
                    raise self._bad_key(event)
                key = text
                if positions is not None:
                    positions.keys[_path(stack, container, key)] = _span(event)
                continue
            if positions is not None and kind in (ScalarEvent, AliasEvent):
                positions.values[_path(stack, container, key)] = _span(event)
            if container is None:
                root = value
            elif key is None:
                container.append(value)
            else:
                container[key] = value
                key = None

    def _check_scalar(self, event: ScalarEvent) -> None:
        if event.tag is not None and event.tag != _STR_TAG:
            raise _tag(event)
        if event.anchor is not None:
            value = plain(event.value) if event.implicit[0] else event.value
            self.anchors[event.anchor] = (value, len(event.value) + 1)
        if found := _UNPRINTABLE.search(event.value):  # written as an escape: "\0"
            raise _unprintable(found.group(), *_at(event))

    def _bad_key(self, event: Any) -> YamlError:
        where = _at(event)
        if not isinstance(event, ScalarEvent):
            return YamlError("a key must be text", *where, SYNTAX, "quote it")
        if event.value == "<<":
            return YamlError("merge keys (<<) are not used here", *where, UNSAFE, "write them out")
        if event.implicit[0] and plain(event.value) is None:
            return YamlError("a key must not be empty", *where, SYNTAX)
        return YamlError(
            f"the key {_short(event.value)!r} is there twice", *where, DUPLICATE, "keep one of them"
        )

    def _check_collection(
        self, event: Any, stack: list[Any], container: Any, key: str | None
    ) -> None:
        if event.tag is not None:
            raise _tag(event)
        if len(stack) >= MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", *_at(event), UNSAFE)
        if container.__class__ is dict and key is None:
            raise YamlError("a key must be text", *_at(event), SYNTAX, "quote it")
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def _alias(self, event: AliasEvent) -> Any:
        name = event.anchor or ""
        if name not in self.anchors:
            raise YamlError(f"no anchor &{_short(name)} comes before", *_at(event), SYNTAX)
        anchored = self.anchors[name]
        if anchored is None:
            raise YamlError(f"the alias {_short(name)!r} contains itself", *_at(event), UNSAFE)
        value, size = anchored
        self.size += size
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise YamlError(
                "the aliases unfold to too much", *_at(event), UNSAFE, "write the text out"
            )
        return value


def _path(stack: list[Any], container: Any, key: str | None) -> Path:
    """The path of the node that is being read; for a mapping without `key`, of the mapping."""
    path: list[str | int] = []
    for outer, outer_key, _, _ in stack[1:]:
        path.append(len(outer) if outer.__class__ is list else outer_key)
    if container.__class__ is list:
        path.append(len(container))
    elif key is not None:
        path.append(key)
    return tuple(path)


def _tag(event: Any) -> YamlError:
    return YamlError(
        f"the tag {_short(event.tag)} is not used here",
        *_at(event),
        UNSAFE,
        "delete it, or quote the text",
    )
