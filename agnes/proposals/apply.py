"""Applying a proposal: what was accepted goes into the tables' files, as one commit."""

from __future__ import annotations

import difflib
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

from agnes.edit import Editor, Plan
from agnes.load.pack import Pack, with_columns
from agnes.model.layout import printable
from agnes.model.proposal import Proposal
from agnes.proposals.known import Data, check_columns, check_tables
from agnes.proposals.review import Item, items_of
from agnes.proposals.store import APPLIED, Stored
from agnes.sync.reconcile import reconcile

SOURCE = "ai_enrichment"
"""How applied metadata got in, for the commit's trailer."""


@dataclass
class Application:
    """A proposal that is ready to be applied.

    Args:
        items: the columns that are taken, changed by it or not.
        changed: those of them of which something new is said.
        conflicts: columns that are not taken, since a person wrote something else meanwhile, or
            nobody decided on them.
        undecided: how many columns are left, since others were decided on and they were not.
        moved_to: where in the catalog the proposal is then; None if it stays where it is.
        was_applied: it is there already, so there is nothing to do.
    """

    plan: Plan
    items: list[Item] = field(default_factory=list)
    changed: list[Item] = field(default_factory=list)
    conflicts: list[Item] = field(default_factory=list)
    undecided: int = 0
    moved_to: str | None = None
    was_applied: bool = False

    @property
    def tables(self) -> list[str]:
        """The ids of the tables whose columns are taken."""
        return list(dict.fromkeys(item.table_id for item in self.items))

    @property
    def subject(self) -> str:
        """The commit's first line."""
        if not self.changed:
            return "chore(metadata): put an applied proposal away"
        tables = list(dict.fromkeys(item.table_id for item in self.changed))
        where = f"tables/{tables[0]}" if len(tables) == 1 else f"{len(tables)} tables"
        columns = f"{len(self.changed)} column{'s' * (len(self.changed) != 1)}"
        return f"feat(metadata): describe {columns} of {where}"


def plan_columns(editor: Editor, proposal: Proposal, data: Data | None = None) -> Application:
    """Plan to say in the tables' files what a proposal says of their columns.

    Taken is what was accepted or edited; everything, where nothing was decided at all. What a
    proposal does not say of a column is kept, and so is what a person wrote, unless a reviewer
    saw it and gave it up.

    Args:
        data: where the data are; None to take it on trust which tables and columns there are.

    Raises:
        NotFoundError: a table is not registered, while others are, or a column is not in its
            table; the hint names the nearest.
        InvalidError: a table's file does not validate.
    """
    wanted = _wanted_tables(proposal)
    if data is not None:
        check_tables(editor, wanted)
    tables = {table_id: editor.table(table_id) for table_id in wanted}
    items = items_of(proposal, {id_: table.columns for id_, table in tables.items()})
    nothing_decided = all(item.verdict is None for item in items)
    taken = items if nothing_decided else [item for item in items if item.is_taken]
    if data is not None:
        check_columns(taken, proposal, tables, data)
    application = Application(Plan(editor.base, editor.branch))
    if not nothing_decided:
        application.undecided = sum(item.verdict is None for item in items)
    columns: dict[str, dict[str, dict[str, object]]] = {}
    for item in taken:
        if item.open_conflict:
            application.conflicts.append(item)
            continue
        application.items.append(item)
        kept = item.current.model_dump(exclude_none=True) if item.current else {}
        kept.pop("pii", None)  # which nobody can take away
        columns.setdefault(item.table_id, {})[item.name] = kept | item.proposed.metadata()
    fresh = {id_: with_columns(tables[id_], columns[id_]) for id_ in columns}
    application.plan = editor.put(Pack(tables=fresh))
    application.changed = [
        item
        for item in application.items
        if fresh[item.table_id].columns[item.name] != item.current
    ]
    return application


def plan_proposal(editor: Editor, stored: Stored, data: Data) -> Application:
    """Plan to apply a proposal and to put it into `proposals/applied/`.

    It stays where it is while a conflict is open. One from elsewhere is copied. One that is in
    `proposals/applied/` already is not applied again.

    Raises:
        NotFoundError, InvalidError: as `plan_columns`.
    """
    tree = editor.repository.catalog_tree(editor.repository.root_tree(editor.base))
    target, there = _target(editor, tree, stored)
    if there:
        return Application(Plan(editor.base, editor.branch), moved_to=target, was_applied=True)
    application = plan_columns(editor, stored.proposal, data)
    if application.conflicts:
        return application
    application.moved_to = target
    application.plan.files[target] = stored.content
    if stored.path and editor.repository.entry(tree, stored.path) is not None:
        application.plan.files[stored.path] = None
    return application


def apply(editor: Editor, application: Application, stored: Stored) -> str | None:
    """Make a planned application as one commit, and put it in force.

    Returns:
        The commit's id; None where there is nothing to change.

    Raises:
        ConflictError: a file was changed meanwhile, or has uncommitted changes; nothing was done.
    """
    files = application.plan.files
    commit = editor.apply(application.plan, application.subject, SOURCE)
    if commit is None:
        return None
    is_here = stored.path is not None and stored.branch == editor.branch
    if application.moved_to and is_here and stored.path not in files and stored.file:
        with suppress(OSError):  # it never was committed, so no commit takes it away
            stored.file.unlink()
    reconcile(editor.location)
    return commit


def _target(editor: Editor, tree: str | None, stored: Stored) -> tuple[str, bool]:
    """Where an applied proposal goes, and whether it is there."""
    if stored.is_applied and stored.path:
        return stored.path, True
    name = PurePosixPath(stored.path or Path(stored.shown).name)
    for number in count(1):
        path = f"{APPLIED}/{name.stem}{f'-{number}' if number > 1 else ''}{name.suffix}"
        entry = editor.repository.entry(tree, path)
        if entry is None:
            return path, False
        if editor.repository.read(entry) == stored.content:
            return path, True
    raise AssertionError("unreachable")


def unified_diff(editor: Editor, plan: Plan) -> list[str]:
    """What a plan changes in the tables' files, as lines of a unified diff."""
    lines: list[str] = []
    for path, content in sorted(plan.files.items()):
        if not path.startswith("tables/"):
            continue
        entry = editor.entries.get(path)
        before = editor.repository.read(entry) if entry else b""
        sides = [text.decode().splitlines() for text in (before, content or b"")]
        old = f"a/{path}" if entry else "/dev/null"
        lines += difflib.unified_diff(sides[0], sides[1], old, f"b/{path}", lineterm="")
    return [printable(line) for line in lines]


def _wanted_tables(proposal: Proposal) -> list[str]:
    decided = any(c.decision for table in proposal.tables.values() for c in table.columns.values())
    return [
        table_id
        for table_id, table in proposal.tables.items()
        if not decided
        or any(c.decision and c.decision.verdict != "rejected" for c in table.columns.values())
    ]
