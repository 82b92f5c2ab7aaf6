"""What a commit does with certificates: to be seen only where both of its sides are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from agnes.git.entry import Entry
from agnes.git.repository import Repository
from agnes.lint.facts import MetricFacts
from agnes.lint.rule import Finding
from agnes.lint.rules.certification import CertifiedInPassing
from agnes.lint.run import Run
from agnes.load.catalog import read_entry
from agnes.model.layout import SETTINGS, Slot, survey
from agnes.model.metric import Certificate, Metric

Tree = dict[str, Entry]


@dataclass(frozen=True)
class Made:
    """A commit that was made, or is about to be.

    Args:
        parents: the commits that it comes from.
        author: their e-mail, None where that is not known.
    """

    repository: Repository
    parents: list[str]
    author: str | None

    def check(self, run: Run) -> Iterator[Finding]:
        """Certificates that were given as none may be.

        A file that one of several parents has too is not the merge's.

        Args:
            run: over the commit's files; it has found what there is to find.
        """
        certified = [
            path
            for path, item in run.examined.items()
            if isinstance(item.facts, MetricFacts) and item.facts.certified_by is not None
        ]
        if not certified or not run.request.reaches("references"):
            return
        if not any(SETTINGS in tree for tree in self._trees):
            return  # nothing was a catalog before
        for path in certified:
            entry = run.entries[path]
            before = [tree[path] for tree in self._trees if path in tree]
            if entry.blob in {it.blob for it in before}:
                continue
            slot = run.layout.slots[path]
            after = self._read(slot, entry)
            if after is None or (not before and after.certified in self._gone(run)):
                continue
            earlier = [metric for it in before if (metric := self._read(slot, it))]
            anybody = not run.settings.certifiers
            wrong = CertifiedInPassing.objection(after, earlier, self.author, anybody=anybody)
            if wrong is not None:
                yield CertifiedInPassing.find(path, ("certified",), *wrong, at_key=True)

    @cached_property
    def _trees(self) -> list[Tree]:
        return [
            {
                entry.path: entry
                for entry in self.repository.entries(
                    self.repository.catalog_tree(self.repository.root_tree(parent))
                )
            }
            for parent in self.parents
        ]

    def _gone(self, run: Run) -> list[Certificate]:
        """The certificates of files that the commit takes away, or moves."""
        gone = {
            path: entry
            for tree in self._trees
            for path, entry in tree.items()
            if path not in run.entries
        }
        slots = survey((path, entry.kind) for path, entry in gone.items()).slots
        metrics = (self._read(slot, gone[path]) for path, slot in slots.items())
        return [metric.certified for metric in metrics if metric and metric.certified]

    def _read(self, slot: Slot, entry: Entry) -> Metric | None:
        document = read_entry(self.repository, slot, entry)
        value = document.value or document.rest
        return value if isinstance(value, Metric) else None
