"""Lineage as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from agnes.lineage.definition import ALL
from agnes.lineage.graph import Kind
from agnes.lineage.lineage import Lineage

_SHAPES: dict[Kind, tuple[str, str]] = {
    "metric": ("[", "]"),
    "table": ("[(", ")]"),
    "column": ("([", "])"),
    "use": (">", "]"),
}
_SHOWN = 5
"""Columns beside an arrow."""


def mermaid(found: Lineage) -> str:
    """A flowchart from left to right: what it is made of, it, what is made of it."""
    return "\n".join(["flowchart LR", *(f"  {line}" for line in _lines(found))])


def _lines(found: Lineage) -> Iterator[str]:
    names: dict[tuple[Kind, str], str] = {(found.kind, found.id): "it"}
    yield f"it{_shaped(found.kind, found.id)}"
    steps = [step for step in (*found.upstream, *found.downstream) if step.kind != "column"]
    for at, step in enumerate(steps, 1):
        if (step.kind, step.id) not in names:
            names[step.kind, step.id] = f"n{at}"
            yield f"n{at}{_shaped(step.kind, step.id)}"
    columns: dict[tuple[str, str], list[str]] = defaultdict(list)
    for step in found.upstream:
        for nearer in step.via if step.kind == "column" else ():
            columns[nearer, step.table_id].append(step.column or "")
    for upward, way in ((True, found.upstream), (False, found.downstream)):
        for step in way:
            for nearer in step.via if step.kind != "column" else ():
                kind: Kind = "metric" if ("metric", nearer) in names else found.kind
                ends = [names[step.kind, step.id], names[kind, nearer]]
                read = _label(sorted(columns[nearer, step.id])) if step.kind == "table" else ""
                source, target = ends if upward else reversed(ends)
                yield f"{source} -->{read} {target}"
    yield "style it stroke-width:3px"


def _shaped(kind: Kind, label: str) -> str:
    left, right = _SHAPES[kind]
    return f'{left}"{_escaped(label)}"{right}'


def _label(columns: list[str]) -> str:
    if not columns:
        return ""
    columns = ["every column" if name == ALL else name for name in columns]
    more = [f"{len(columns) - _SHOWN} more"] if len(columns) > _SHOWN else []
    return f'|"{_escaped(", ".join([*columns[:_SHOWN], *more]))}"|'


def _escaped(text: str) -> str:
    """Text within quotes: everything that Mermaid or HTML might take for its own, as an entity."""
    return "".join(
        char if char.isalnum() or char in " _-/.,:()" else f"#{ord(char)};"
        for char in " ".join(text.split())
    )
