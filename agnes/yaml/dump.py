"""The canonical form of a file: keys in the model's order, block style, long text as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from agnes.model.scalar import Plain, core, is_ambiguous

WIDTH = 100
_LINE_SEPARATORS = re.compile("[\r\x85\u2028\u2029]")


def dump(data: Mapping[str, Any]) -> bytes:
    """Write a mapping as YAML.

    Args:
        data: text, numbers, booleans, lists and mappings.

    Returns:
        UTF-8 that `load` reads back as equal data.
    """
    text = yaml.dump(
        dict(data),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=WIDTH,
    )
    assert isinstance(text, str)
    return text.encode()


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper with indented lists, `|` for text of several lines, and no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style: str | None
    if _LINE_SEPARATORS.search(text):
        style = '"'  # other readers take them for line ends, so they are written as escapes
    else:
        style = "|" if "\n" in text else "'" if is_ambiguous(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(Plain, lambda dumper, value: dumper.represent_data(core(value)))
