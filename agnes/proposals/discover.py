"""A proposal from data: base types and descriptions of the columns that have none yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from agnes.describe import ColumnFacts, Describer, Rules, Said, TableFacts
from agnes.errors import NotFoundError, UnavailableError
from agnes.model.names import nearest
from agnes.model.proposal import Proposal, ProposedColumn, ProposedTable
from agnes.proposals.relations import Row, key_of, reference_of, uses_of
from agnes.proposals.sampling import Sampler, Schema
from agnes.values.basetype import guess
from agnes.values.personal import sensitive
from agnes.values.words import present

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot
    from agnes.model.fields import Basetype, Confidence
    from agnes.values.guess import Guess

Files = Mapping[str, Sequence[Path]]
_LEVELS: tuple[Confidence, ...] = ("low", "medium", "high")
_SURE = 0.95
_SHOWN = 12


@dataclass
class Discovery:
    """What was found.

    Args:
        proposal: of the columns that something new is said of; it may have none.
        problems: ids of tables that were left out, and why.
        notes: what else did not go as it should.
    """

    proposal: Proposal
    problems: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[ProposedColumn]:
        """All that are proposed."""
        return columns_of(self.proposal)


def columns_of(proposal: Proposal) -> list[ProposedColumn]:
    """All columns that are proposed."""
    tables = proposal.tables.values()
    return [column for table in tables for column in table.columns.values()]


def extent(proposal: Proposal) -> str:
    """How much is proposed: `7 columns of 1 table`."""
    counts = {"column": len(columns_of(proposal)), "table": len(proposal.tables)}
    return " of ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items())


def discover(
    snapshot: Snapshot,
    data: Files,
    describer: Describer,
    table_ids: Sequence[str] = (),
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Discovery:
    """Look at the data of tables, and propose what their columns are.

    Args:
        snapshot: of the catalog.
        data: table id to its parquet files.
        describer: what it leaves open, rules may still describe.
        table_ids: the tables; by default all.

    Raises:
        NotFoundError: a table is not registered.
    """
    registered = {row["id"]: row for row in snapshot.tables()}
    unknown = sorted(data.keys() - registered.keys())
    wanted = _wanted(registered, table_ids)
    metrics, columns = snapshot.metrics(), snapshot.all_columns()
    tables: dict[str, ProposedTable] = {}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = Discovery(Proposal(created_at=now, describer=describer.name, tables=tables))
    if unknown and not table_ids:
        remedy = "register them: da admin register-table --from FOLDER"
        found.notes.append(f"data of no registered table: {_named(unknown)}; {remedy}")
    with Sampler() as sampler:
        finder = _Finder(sampler, registered, data, describer)
        for done, table_id in enumerate(wanted):
            advance(done, len(wanted))
            known = {it["column_name"]: it for it in columns if it["table_id"] == table_id}
            try:
                proposed = finder.propose(table_id, known, metrics)
            except UnavailableError as error:
                found.problems[table_id] = error.message
                continue
            if proposed is not None and proposed.columns:
                tables[table_id] = proposed
        advance(len(wanted), len(wanted))
    found.notes += [
        f"described by rules only: {_named(them)}: {why}"
        for why, them in finder.undescribed.items()
    ]
    found.proposal = found.proposal.model_copy(update={"tables": tables})
    return found


def _named(table_ids: Sequence[str]) -> str:
    return ", ".join(table_ids[:5]) + (", ..." if len(table_ids) > 5 else "")


def _wanted(registered: Mapping[str, Row], table_ids: Sequence[str]) -> list[str]:
    for table_id in table_ids:
        if table_id not in registered:
            near = nearest(table_id, list(registered))
            hint = f"the nearest: {', '.join(near)}" if near else "da admin list-tables"
            raise NotFoundError(f"table '{table_id}' is not registered", hint)
    return list(dict.fromkeys(table_ids)) or list(registered)


class _Finder:
    """Looks at one table after the other.

    Attributes:
        undescribed: why the describer failed, and for which tables.
    """

    def __init__(
        self,
        sampler: Sampler,
        registered: Mapping[str, Row],
        data: Files,
        describer: Describer,
    ) -> None:
        self._sampler = sampler
        self._registered = registered
        self._data = data
        self._describer = describer
        self._rules = Rules()
        self.undescribed: dict[str, list[str]] = {}
        self._keys: dict[str, str] | None = None

    def propose(
        self, table_id: str, known: Mapping[str, Row], metrics: Sequence[Row]
    ) -> ProposedTable | None:
        """What is proposed for a table; None where nothing is wanted.

        Raises:
            UnavailableError: its data are not there or cannot be read.
        """
        if table_id not in self._data:
            raise UnavailableError("no data at hand")
        files = self._data[table_id]
        schema = self._sampler.schema(files)
        names = [name for name in schema.types if name.strip() and _is_open(known.get(name))]
        if not names:
            return None
        sampled = self._sampler.sample(files, schema, names)
        uses = uses_of(metrics, table_id)
        looks = {}
        for name in names:
            look = _look(name, schema.types[name], sampled[name], known.get(name))
            related = self._related(table_id, look, uses.get(name.lower(), []))
            looks[name] = _Look(related, look.guess, look.known)
        table = TableFacts(
            table_id,
            self._registered[table_id]["description"],
            [
                looks[name].facts if name in looks else _neighbor(name, kind, known.get(name))
                for name, kind in schema.types.items()
            ],
            frozenset(name for name in names if not _described(known.get(name))),
        )
        said = self._describe(table)
        columns = {name: look.propose(said.get(name)) for name, look in looks.items()}
        return ProposedTable(
            sampled=max(map(len, sampled.values())),
            columns={name: column for name, column in columns.items() if column is not None},
        )

    def _describe(self, table: TableFacts) -> dict[str, Said]:
        said = dict(self._rules.describe(table))
        if isinstance(self._describer, Rules) or not table.wanted:
            return said
        try:
            return said | dict(self._describer.describe(table))
        except (UnavailableError, ValueError) as error:
            self.undescribed.setdefault(str(error), []).append(table.id)
            return said

    def _related(self, table_id: str, look: _Look, uses: Sequence[Any]) -> ColumnFacts:
        facts = look.facts
        own = self._all_keys().get(table_id) == facts.name
        is_key = own and not facts.empty and facts.distinct == facts.rows
        reference = None if own else reference_of(table_id, facts.name, self._all_keys())
        more: dict[str, Any] = {"is_key": is_key, "uses": uses}
        if reference and not facts.sensitive:
            share = self._share(facts.values, *reference)
            if share is None or share >= _SURE:
                more |= {"refers_to": ".".join(reference), "refers_surely": share is not None}
        return ColumnFacts(**(vars(facts) | more))

    def _share(self, values: Sequence[str], other: str, key: str) -> float | None:
        """The share of the values that the other table has; None where it cannot be told."""
        if other not in self._data or not values:
            return None
        try:
            return self._sampler.share_in(values, self._data[other], key)
        except UnavailableError:
            return None

    def _all_keys(self) -> dict[str, str]:
        if self._keys is None:
            self._keys = {}
            for table_id, row in self._registered.items():
                schema = self._schema(table_id)
                key = key_of(row, schema.types if schema else ())
                if key:
                    self._keys[table_id] = key
        return self._keys

    def _schema(self, table_id: str) -> Schema | None:
        try:
            return self._sampler.schema(self._data[table_id])
        except (KeyError, UnavailableError):
            return None


@dataclass(frozen=True)
class _Look:
    """What a look at a column showed.

    Args:
        known: what the catalog says of it.
    """

    facts: ColumnFacts
    guess: Guess
    known: Row | None

    def propose(self, said: Said | None) -> ProposedColumn | None:
        """What is proposed for it; None where that is nothing new."""
        facts, known = self.facts, self.known or {}
        theirs = cast("Basetype | None", known.get("basetype"))
        keep = theirs if theirs and self.guess.confidence != "high" else None
        basetype = keep or self.guess.basetype
        description = said.description if said and not known.get("description") else None
        news_of_pii = facts.sensitive is not None and not known.get("pii")
        if basetype == theirs and description is None and not news_of_pii:
            return None
        sure: list[Confidence] = ["high" if basetype == theirs else self.guess.confidence]
        if said and description:
            sure.append(said.confidence)
        return ProposedColumn(
            basetype=basetype,
            description=description,
            confidence=min(sure, key=_LEVELS.index),
            pii=facts.sensitive is not None,
            evidence=self._evidence(theirs),
        )

    def _evidence(self, theirs: str | None) -> list[str]:
        facts = self.facts
        found = list(self.guess.evidence)
        if theirs and theirs != self.guess.basetype:
            found.append(f"the catalog says {theirs}, the values look like {self.guess.basetype}")
        if facts.distinct:
            found.append(f"{facts.distinct} distinct in {facts.rows} rows")
        if facts.empty:
            found.append(f"{facts.empty} of {facts.rows} are empty")
        if facts.is_key:
            found.append("no two rows have the same")
        if facts.refers_to:
            how = "all of its values are there" if facts.refers_surely else "by its name"
            found.append(f"refers to {facts.refers_to}: {how}")
        if facts.sensitive:
            found.append(f"sensitive: {facts.sensitive}")
        found += [f"metric {use.metric} uses it as its {use.role}" for use in facts.uses[:_SHOWN]]
        return found


def _look(name: str, type_: str, values: Sequence[str | None], known: Row | None) -> _Look:
    there = present(values)
    kind = sensitive(name, values)
    if kind is None and known and known["pii"]:
        kind = "personal"
    counts = Counter(there)
    guessed = guess(name, type_, values)
    facts = ColumnFacts(
        name,
        type_,
        guessed.basetype,
        sensitive=kind,
        values=[] if kind else [value for value, _ in counts.most_common()],
        distinct=len(counts),
        empty=len(values) - len(there),
        rows=len(values),
    )
    return _Look(facts, guessed, known)


def _neighbor(name: str, type_: str, known: Row | None) -> ColumnFacts:
    said = known or {}
    basetype: Basetype = said.get("basetype") or "STRING"
    return ColumnFacts(name, type_, basetype, said.get("description"))


def _described(known: Row | None) -> bool:
    return bool(known and known["description"])


def _is_open(known: Row | None) -> bool:
    """Whether something is not known yet of a column."""
    return not (known and known["description"] and known["basetype"])
