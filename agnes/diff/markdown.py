"""A review comment in Markdown: the verdict, what changed, whom it hits, what is wrong."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence

from agnes.diff.change import CLASSES, Change, Class, Diff, FieldChange, Verdict
from agnes.diff.visible import visible
from agnes.diff.words import in_words
from agnes.lineage.impact import Impact
from agnes.model.diagnostic import Diagnostic

MARKER = "<!-- agnes: review -->"
"""The comment's first line, by which the next one finds it."""
MAX_CHARACTERS = 60_000
_LONGEST_FRAGMENT = 2_000
_LONGEST_WORDS = 500
_LONGEST_DETAILS = 12_000
"""Of one definition, so that the others are shown too."""
_MOST_FINDINGS = 50
_MOST_NAMES = 20
ICONS: dict[Class, str] = {
    "cosmetic": "⚪",
    "documentation": "🔵",
    "compatible": "🟢",
    "breaking": "🟠",
    "result-changing": "🔴",
}
EFFECTS: dict[Class, str] = {
    "cosmetic": "nothing but how they are written",
    "documentation": "what is said about them",
    "compatible": "what they offer; nothing that is relied on",
    "breaking": "what others rely on",
    "result-changing": "the numbers that come out",
}
_SUMMARIES: dict[Verdict, str] = {
    "none": "No definition changes its meaning.",
    "patch": "Only what is said about the numbers changes.",
    "minor": "There is more than before; nothing that is relied on changes.",
    "major": "Whoever relies on these definitions must look.",
}
_SPECIAL = re.compile(r"[\\`*_\[\]<>&|#~$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_MENTION = re.compile(r"@|&#35;|(?<![a-z])gh-(?=\d)", re.IGNORECASE)
"""What notifies somebody, or links to an issue, however its characters are written."""


def comment(
    diff: Diff,
    impact: Impact,
    findings: Sequence[Diagnostic] = (),
    values: Sequence[str] = (),
) -> str:
    """Render a whole review comment.

    Args:
        impact: what is built on what changes, or reads it.
        findings: of validation, in the files that change.
        values: sections on the numbers before and after.

    Returns:
        At most `MAX_CHARACTERS`; what does not fit is left out, and said to be.
    """
    grave = sorted(diff.changes, key=lambda it: (-CLASSES.index(it.class_), it.id))
    sections = ["\n".join(_head(diff, grave))]
    sections += values
    hit = list(_impact(impact))
    sections += ["\n".join(["### Whom it hits", "", *hit])] if hit else []
    sections += ["\n".join(_findings(findings))] if findings else []
    sections += ["\n".join(_details(change)) for change in grave if _has_details(change)]
    return _cut(sections)


def code(text: str) -> str:
    """A text of somebody's as inline code, in which nothing is markup."""
    plain = _printable(text)
    if "`" in plain or "|" in plain or not plain:
        return f"<code>{escape(plain)}</code>"
    return f"`{plain}`"


def escape(text: str) -> str:
    """A text of somebody's as plain text: no markup, no link, nobody is notified."""
    plain = _printable(text)
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", plain)
    return _MENTION.sub(lambda found: f"{found.group()}\N{ZERO WIDTH SPACE}", escaped)


def _printable(text: str) -> str:
    """A text in one line that is not too long, without what is not seen."""
    return visible(_shorten(" ".join(text.split()), _LONGEST_WORDS))


def _head(diff: Diff, changes: Sequence[Change]) -> Iterator[str]:
    yield MARKER
    yield f"## Metrics: {diff.verdict}"
    yield ""
    yield _SUMMARIES[diff.verdict] if changes else "No definition changes."
    for class_ in reversed(CLASSES):
        count = sum(change.class_ == class_ for change in changes)
        if count:
            what = "definition changes" if count == 1 else "definitions change"
            yield f"- {ICONS[class_]} **{class_}**: {count} {what} {EFFECTS[class_]}"
    for trouble in diff.troubles:
        side = "before" if trouble.side == "base" else "after"
        where = f"{trouble.path}:{trouble.line}" if trouble.line else trouble.path
        yield f"- ❌ {code(where)} cannot be read {side} the change: {code(trouble.message)}"
    if changes:
        yield ""
        yield "| | definition | what changes | class |"
        yield "|---|---|---|---|"
        for change in changes:
            said = in_words(change, code, escape)
            cells = ICONS[change.class_], code(change.id), said, change.class_
            yield f"| {' | '.join(cells)} |"
    yield ""
    shown = diff.head if diff.head == "worktree" else diff.head[:10]
    yield f"<sub>{escape(diff.base[:10])} → {escape(shown)}</sub>"


def _has_details(change: Change) -> bool:
    return change.kind in ("changed", "renamed") and any(
        field.class_ != "cosmetic" and field.field not in ("id", "file") for field in change.fields
    )


def _details(change: Change) -> Iterator[str]:
    yield f"<details{' open' if CLASSES.index(change.class_) >= 3 else ''}>"
    # Within HTML, Markdown is not read.
    name = f"<code>{html.escape(_printable(change.id))}</code>"
    yield f"<summary>{ICONS[change.class_]} {name}: {change.class_}</summary>"
    yield ""
    blocks = list(_blocks(change))
    length = 0
    for at, block in enumerate(blocks):
        length += sum(map(len, block))
        if at and length > _LONGEST_DETAILS:
            yield f"and {len(blocks) - at} more: `da metrics diff`"
            yield ""
            break
        yield from block
    yield "</details>"


def _blocks(change: Change) -> Iterator[list[str]]:
    """What moved in a definition, the gravest first."""
    seen: dict[tuple[tuple[str, str | None, str | None], ...], str] = {}
    for field in sorted(change.fields, key=lambda it: -CLASSES.index(it.class_)):
        if field.class_ == "cosmetic" or field.field in ("id", "file"):
            continue
        fragments = tuple(_fragments(field))
        if fragments in seen:
            yield [f"{code(field.field)}: the same as in {code(seen[fragments])}", ""]
            continue
        seen[fragments] = field.field
        for what, old, new in fragments:
            yield [f"{code(field.field)}: **{escape(what)}**", "", *_fenced(old, new), ""]


def _fragments(field: FieldChange) -> Iterator[tuple[str, str | None, str | None]]:
    for part in field.parts:
        if part.class_ == "cosmetic":
            continue
        yield part.what, part.old, part.new
    if not field.parts:
        yield field.what, _shown(field.old), _shown(field.new)


def _shown(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _fenced(old: str | None, new: str | None) -> Iterator[str]:
    lines = [
        f"{mark} {visible(line)}"
        for mark, text in (("-", old), ("+", new))
        if text is not None
        for line in (_shorten(text).splitlines() or [""])
    ]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}diff"
    yield from lines
    yield fence


def _shorten(text: str, longest: int = _LONGEST_FRAGMENT) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} more characters)"


def _impact(impact: Impact) -> Iterator[str]:
    for effect in impact.effects:
        said = []
        for names, how in ((effect.read_by, "read by"), (effect.built_on, "built on by")):
            if names:
                more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
                said.append(f"{how} {', '.join(map(code, names[:_MOST_NAMES]))}{more}")
        uses = list(dict.fromkeys(use.by for use in effect.used_by))
        if uses:
            more = f" and {len(uses) - _MOST_NAMES} more" if len(uses) > _MOST_NAMES else ""
            said.append(f"used by {', '.join(map(escape, uses[:_MOST_NAMES]))}{more}")
        if said:
            yield f"- {code(effect.id)}: {'; '.join(said)}"


def _findings(findings: Sequence[Diagnostic]) -> Iterator[str]:
    yield "### Findings of validation"
    yield ""
    icons = {"error": "❌", "warning": "⚠️"}
    for item in findings[:_MOST_FINDINGS]:
        where = f"{item.path}:{item.line}" if item.line else item.path
        hint = f" — {escape(item.hint)}" if item.hint else ""
        icon = icons.get(item.severity, "💡")
        yield f"- {icon} {code(where)} {item.code}: {escape(item.message)}{hint}"
    if len(findings) > _MOST_FINDINGS:
        yield f"- and {len(findings) - _MOST_FINDINGS} more: `da metrics validate`"


def _cut(sections: Sequence[str]) -> str:
    """As many sections as fit, in their order."""
    last = "\n\n**{count} more section(s) do not fit here.** All of it: `da metrics diff`"
    room = MAX_CHARACTERS - len(last) - 10
    kept: list[str] = []
    for section in sections:
        if sum(len(it) + 2 for it in [*kept, section]) > room:
            break
        kept.append(section)
    if not kept:  # a table of thousands of rows
        whole = sections[0][:room]
        kept = [whole[: whole.rfind("\n")]]
    left = len(sections) - len(kept)
    text = "\n\n".join(kept)
    cut_head = kept[0] != sections[0]
    return text + (last.format(count=left + cut_head) if left or cut_head else "") + "\n"
