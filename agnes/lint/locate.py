"""From a finding to a diagnostic: looking up where it stands in the file."""

from __future__ import annotations

from agnes.errors import YamlError
from agnes.lint.rule import Finding
from agnes.model.diagnostic import Diagnostic, Severity
from agnes.model.layout import printable
from agnes.yaml.loader import Path, Positions, Span, load, locate
from agnes.yaml.places import within


class Locator:
    """Finds places in one file; it is read for the first finding only.

    Args:
        data: the file's content.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._positions: Positions | None = None

    def diagnose(self, finding: Finding, severity: Severity) -> Diagnostic:
        """The finding with its place."""
        hint = finding.hint() if callable(finding.hint) else finding.hint
        line, column, end_line, end_column = self._span(finding)
        return Diagnostic(
            printable(finding.path),
            line,
            column,
            finding.code,
            finding.severity or severity,
            printable(finding.message),
            hint and printable(hint),
            end_line,
            end_column,
        )

    def _span(self, finding: Finding) -> Span:
        try:
            positions = self._positions or locate(self.data)
        except YamlError:
            return (0, 0, 0, 0)
        self._positions = positions
        node = finding.node
        if (0,) in positions.values:  # a list of one metric, as older files have it
            node = (0, *node)
        if finding.node == ("table",) and node not in positions.values:
            node = (*node[:-1], "table_name")
        span = positions.of(node, key=finding.at_key)
        if finding.start is None:
            return span
        text = _text(load(self.data), node)
        if text is None:
            return span
        source = self.data.decode("utf-8-sig")
        return within(source, span, text, finding.start, finding.length)


def _text(data: object, node: Path) -> str | None:
    for part in node:
        try:
            data = data[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return data if isinstance(data, str) else None
