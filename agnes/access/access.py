"""Who sees what of a snapshot.

A table has a rule in its file: it is public, or some groups see it. A metric is seen by who sees
every table that its SQL, its variants or the metrics under `inputs` read. A table that is not
registered has no rule and no data, and hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from agnes.lineage.definition import Definition, last_part
from agnes.lineage.graph import Graph
from agnes.lineage.lineage import snapshot_graph

if TYPE_CHECKING:
    from agnes.auth.principal import Principal
    from agnes.cache.query import Snapshot

Audience: TypeAlias = "frozenset[str] | None"
"""The groups of a user that a rule names; None for who sees all."""
Rules: TypeAlias = "Mapping[str, frozenset[str] | None]"
"""A table's id to the groups that see it; None for a public one."""


@dataclass(frozen=True)
class Hidden:
    """What an audience does not see.

    Args:
        tables: ids, registered ones.
        metrics: ids.
        words: what SQL and texts call the hidden tables at the least, in lower case.
    """

    tables: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def mentioned_in(self, text: str) -> bool:
        """Whether a text may tell of something hidden; rather once too often."""
        if not self:
            return False
        said = text.casefold()
        return any(id_ in said for id_ in self.metrics) or any(
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in self.words
        )

    def __bool__(self) -> bool:
        return bool(self.tables)


NOTHING = Hidden()


@dataclass
class Access:
    """The rules of one snapshot, and what they mean for its metrics.

    Args:
        rules: of the registered tables.
        readers: the metrics that read a table that is not public, by that table's id.
        reads: what was found out of SQL, for the next snapshot.
    """

    rules: Rules
    readers: Mapping[str, frozenset[str]]
    reads: Mapping[Definition, frozenset[str]] = field(default_factory=dict)

    def audience(self, principal: Principal) -> Audience:
        """The audience that a user belongs to."""
        if principal.sees_all:
            return None
        named = {group for groups in self.rules.values() if groups is not None for group in groups}
        return principal.groups & named

    def hidden_from(self, audience: Audience) -> Hidden:
        """What an audience does not see."""
        if audience is None:
            return NOTHING
        private = ((id_, groups) for id_, groups in self.rules.items() if groups is not None)
        tables = frozenset(id_ for id_, groups in private if not groups & audience)
        metrics = frozenset(id_ for table in tables for id_ in self.readers.get(table, ()))
        return Hidden(tables, metrics, frozenset(map(last_part, tables)))


def read_access(
    snapshot: Snapshot, earlier: Access | None = None, *, also: Rules | None = None
) -> Access:
    """The access rules of a snapshot.

    SQL is parsed only of metrics that mention a table that is not public.

    Args:
        earlier: of a snapshot before; what it found out is used again.
        also: rules that hold besides, as those of today do for what was said long ago.
    """
    rules = _rules(snapshot, also or {})
    private = [id_ for id_, groups in rules.items() if groups is not None]
    if not private:
        return Access(rules, {})
    graph = snapshot_graph(snapshot)
    known = earlier.reads if earlier else {}
    reads: dict[Definition, frozenset[str]] = {}
    readers: dict[str, frozenset[str]] = {}
    registered = {id_.casefold() for id_ in rules}
    for table in private:
        found = []
        for definition in graph.metrics.values():
            if not definition.mentions(table):
                continue
            if definition not in reads:
                reads[definition] = known.get(definition) or _reads(graph, definition)
            if _is_among(table, reads[definition], registered):
                found.append(definition.id)
        readers[table] = frozenset([*found, *graph.built_on(found)])
    return Access(rules, readers, reads)


def _rules(snapshot: Snapshot, also: Rules) -> Rules:
    rules: dict[str, frozenset[str] | None] = {}
    for row in snapshot.tables():
        groups = frozenset(row["access_groups"] or ())
        rules[row["id"]] = None if row["is_public"] and not groups else groups
    for id_, theirs in also.items():
        if theirs is not None:
            mine = rules.get(id_)
            rules[id_] = theirs if mine is None else theirs & mine
    return rules


def _reads(graph: Graph, definition: Definition) -> frozenset[str]:
    return frozenset(graph.reading(definition.id).tables) | frozenset(definition.tables)


def _is_among(table: str, names: Iterable[str], registered: set[str]) -> bool:
    wanted = table.casefold()
    for name in map(str.casefold, names):
        # A name that is no table's own may be a longer or shorter spelling of this one's.
        if name == wanted or (name not in registered and last_part(name) == last_part(wanted)):
            return True
    return False
