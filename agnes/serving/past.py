"""Revisions that are not in force, seen by who may see them today as well as then."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from agnes.access import Rules
from agnes.access.access import Hidden
from agnes.git.repository import Repository
from agnes.lineage.definition import last_part
from agnes.load.catalog import serve
from agnes.model.layout import PARTS, survey
from agnes.model.table import Table
from agnes.serving.edition import Edition
from agnes.sync.point import find_commit
from agnes.sync.reconcile import materialize

if TYPE_CHECKING:
    from agnes.auth.principal import Principal
    from agnes.serving.edition import View
    from agnes.serving.serving import Serving

KEPT = 4
"""Editions of other revisions that stay open."""


class Past:
    """The history of what is served.

    Args:
        serving: what is in force, whose rules hold for what was said before too.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._lock = Lock()
        self._open: OrderedDict[tuple[str, str], Edition] = OrderedDict()
        self._gone: tuple[str, Rules] | None = None

    def repository(self) -> Repository:
        """The repository, for the use of one thread."""
        return Repository(self._serving.location, PARTS)

    def commit(self, revision: str | None = None, as_of: date | None = None) -> str:
        """The commit that is meant; by default the one in force.

        Raises:
            RevisionError: there is no such revision, or no commit that old.
        """
        if revision is None and as_of is None:
            return self._serving.edition.commit
        return find_commit(self.repository(), revision, as_of)

    def view(
        self, principal: Principal, revision: str | None = None, as_of: date | None = None
    ) -> View:
        """What a user sees of a revision.

        Raises:
            RevisionError: there is no such revision, or no commit that old.
        """
        now = self._serving.edition
        commit = self.commit(revision, as_of)
        return (now if commit == now.commit else self._edition(commit)).view(principal)

    def hidden_from(self, principal: Principal) -> Hidden:
        """What a user does not see today, and did not while it was there."""
        now = self._serving.edition
        hidden = now.view(principal).hidden
        if principal.sees_all:
            return hidden
        gone = {
            id_
            for id_, groups in self._gone_rules(now).items()
            if groups is not None and not groups & principal.groups
        }
        words = hidden.words | frozenset(map(last_part, gone))
        return Hidden(hidden.tables | gone, hidden.metrics, words)

    def _edition(self, commit: str) -> Edition:
        now = self._serving.edition
        key = (commit, now.commit)
        with self._lock:
            found = self._open.get(key)
            if found is None:
                path = materialize(self._serving.location, commit)
                rules = self._gone_rules(now) | dict(now.access.rules)
                found = self._open[key] = Edition(path, now, also=rules)
            self._open.move_to_end(key)
            while len(self._open) > KEPT:
                self._open.popitem(last=False)[1].retire()
        return found

    def _gone_rules(self, now: Edition) -> dict[str, frozenset[str] | None]:
        """The last rules of tables that are not registered any more."""
        if self._gone is None or self._gone[0] != now.commit:
            self._gone = (now.commit, _gone_rules(self.repository(), now))
        return dict(self._gone[1])


def _gone_rules(repository: Repository, now: Edition) -> Rules:
    with now.reading() as snapshot:
        rows = snapshot.rows(
            "SELECT path, updated_commit FROM file_history WHERE path LIKE 'tables/%' "
            "AND path NOT IN (SELECT path FROM table_registry) ORDER BY path"
        )
    rules: dict[str, frozenset[str] | None] = {}
    for row in rows:
        slots = survey([(row["path"], "file")]).slots
        for parent in repository.parents(row["updated_commit"])[:1]:
            tree = repository.catalog_tree(repository.root_tree(parent))
            entry = repository.entry(tree, row["path"])
            if entry is None or not slots:
                continue
            for served in serve(repository, parent, slots, [entry]):
                table = served.value
                if isinstance(table, Table) and table.id not in now.access.rules:
                    rules[table.id] = None if table.public else frozenset(table.groups)
    return rules
