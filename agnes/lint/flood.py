"""Many findings of one rule in one file: the first are told, the rest is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from agnes.lint.rule import Finding
from agnes.model.diagnostic import MAX_FINDINGS, Diagnostic


def stem(found: Iterable[Finding | Diagnostic]) -> Iterator[Finding | Diagnostic]:
    """Findings, at most `MAX_FINDINGS` of a rule in a file; then one that says how many more."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in found:
        counts[item.path, item.code] += 1
        if counts[item.path, item.code] <= MAX_FINDINGS:
            yield item
    for (path, code), count in counts.items():
        if count > MAX_FINDINGS:
            message = f"{count - MAX_FINDINGS:,} more mistakes of this kind are not shown"
            yield Finding(code, path, (), message, f"mend the first {MAX_FINDINGS}, look again")
