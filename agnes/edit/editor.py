"""Planning changes of the catalog on its branch, and making them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from agnes.config import Author
from agnes.edit.checks import check_certificate, check_new, check_queries
from agnes.edit.index import keep_index
from agnes.edit.plan import Plan
from agnes.edit.spelling import like, with_key
from agnes.errors import ConflictError, GitError, InvalidError, NotFoundError
from agnes.git.building import Edit
from agnes.git.entry import Entry
from agnes.git.publish import propose, publish
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.git.upstream import follows, stands_for
from agnes.git.writer import commit, identity
from agnes.load.catalog import load_catalog, read_entry, serve
from agnes.load.document import read_document
from agnes.load.older import complete
from agnes.load.pack import Pack, table_from_fields
from agnes.model.catalog import Index, Settings
from agnes.model.layout import (
    ENDINGS,
    INDEX,
    PARTS,
    SETTINGS,
    Kind,
    Layout,
    Slot,
    printable,
    survey,
)
from agnes.model.metric import Metric
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.sync.reconcile import followed_ref
from agnes.yaml.dump import dump
from agnes.yaml.edit import patch


class Editor:
    """Plans and makes changes on the branch that a catalog's cache follows.

    Args:
        author: whose changes they are; by default git's own author.
        push: the remote's branch that a local one follows gets them first.
        branch: another branch, by its full name, or HEAD for the one that is checked out.

    Raises:
        GitError: HEAD is detached, so that a commit would belong to no branch.
    """

    def __init__(
        self,
        location: Location,
        author: Author | None = None,
        *,
        push: bool = False,
        branch: str | None = None,
    ) -> None:
        self.location = location
        self._author = author
        self.repository = Repository(location, PARTS)
        ref = branch or followed_ref(self.repository, self.repository.tip())
        tip = self.repository.tip(ref)
        if tip.branch is None:
            raise GitError(
                "HEAD is detached: a commit here would belong to no branch",
                "check out a branch first: git switch main",
            )
        self.base, self.branch = tip.commit, tip.branch
        # A commit that is made on what a fetch sets, and not pushed, is lost with the next fetch.
        followed = follows(location, tip.branch) if push else None
        self.upstream = stands_for(location, tip.branch) or followed
        tree = self.repository.catalog_tree(self.repository.root_tree(self.base))
        self.entries = {entry.path: entry for entry in self.repository.entries(tree)}
        self.layout: Layout = survey((entry.path, entry.kind) for entry in self.entries.values())
        self._paths = {(slot.kind, slot.id): path for path, slot in self.layout.slots.items()}

    @property
    def author(self) -> Author:
        """Whose changes they are.

        Raises:
            GitError: nobody was named, and git does not know who we are.
        """
        return self._author or identity(self.location)

    def put(self, pack: Pack, *, strict: bool = False) -> Plan:
        """Plan to add or change the metrics and tables of a pack.

        Args:
            strict: refuse too what names a table or metric that is not there.

        Raises:
            InvalidError: a query is not one SELECT of tables, or an expression no aggregate.
        """
        plan = Plan(self.base, self.branch)
        for metric_id, metric in sorted(pack.metrics.items()):
            path = self._paths.get(("metric", metric_id), f"metrics/{metric_id}.yml")
            self._put(plan, metric_id, Slot(path, "metric", metric_id), metric, pack.older)
        for table_id, table in sorted(pack.tables.items()):
            path = self._paths.get(("table", table_id), f"tables/{table_id}.yml")
            self._put(plan, f"tables/{table_id}", Slot(path, "table", table_id), table, pack.older)
        written = {path: content for path, content in plan.files.items() if content is not None}
        tables = {id_: path for (kind, id_), path in self._paths.items() if kind == "table"}
        metrics = {id_: path for (kind, id_), path in self._paths.items() if kind == "metric"}
        check_queries(written, tables, metrics if strict else None)
        self._keep_index(plan, pack.index)
        return plan

    def set_key(self, key: str, values: Mapping[str, Any]) -> Plan:
        """Plan to give one key of metrics another value; nothing else in their files changes.

        Args:
            values: id of a metric to the key's new value, None to take it out.
        """
        plan = Plan(self.base, self.branch)
        for metric_id, value in values.items():
            path = self.path("metric", metric_id)
            original = self.repository.read(self.entries[path])
            content = patch(original, with_key(original, key, value))
            if content == original:
                plan.unchanged.append(metric_id)
                continue
            plan.files[path] = content
            plan.changed.append(metric_id)
        return plan

    def expect(self, path: str, blob: str) -> None:
        """Insist that a file is what was read of it.

        Raises:
            ConflictError: a newer commit changed it, or it is broken.
        """
        entry = self.entries.get(path)
        if entry is None or entry.blob != blob:
            raise ConflictError(
                f"{path} is not what was read: it was changed since, or is broken",
                "read it again; repair it first if `da catalog status` says so",
            )

    def remove(self, metric_ids: Iterable[str]) -> Plan:
        """Plan to delete metrics.

        Raises:
            NotFoundError: there is no such metric.
        """
        plan = Plan(self.base, self.branch)
        for metric_id in metric_ids:
            # Both, if there are two: the other would take the place of the first.
            paths = [f"metrics/{metric_id}{ending}" for ending in ENDINGS]
            found = [path for path in paths if path in self.entries]
            if not found:
                raise NotFoundError(f"Metric '{printable(metric_id)}' not found")
            plan.files |= dict.fromkeys(found)
            plan.removed.append(metric_id)
        self._keep_index(plan)
        return plan

    def apply(self, plan: Plan, subject: str, source: str) -> str | None:
        """Make a planned change as one commit.

        Args:
            subject: the commit message's first line.
            source: what goes into the trailer `Agnes-Source`.

        Returns:
            The new commit's id; None when there is nothing to change.

        Raises:
            MovedError: somebody else changed one of the files; nothing was done.
            ConflictError: one has uncommitted changes, or a remote refuses the change.
            UnavailableError: the remote does not answer.
        """
        message = plan.message(subject, source)
        if not plan.files:
            return None
        edit = Edit(plan.base, plan.files, message)
        if self.upstream is None:
            return commit(self.location, plan.branch, edit, self.author)
        return publish(self.location, plan.branch, self.upstream, edit, self.author)

    def propose(
        self, plan: Plan, branch: str, subject: str, source: str, *, even_empty: bool = False
    ) -> str | None:
        """Make a planned change as one commit on a new branch, which somebody is to review.

        Args:
            branch: its full name; it is the remote's if changes go to a remote.
            even_empty: also where there is nothing to change.

        Returns:
            The new commit's id; None when there is nothing to change.

        Raises:
            MovedError: there is such a branch.
        """
        message = plan.message(subject, source)
        if not plan.files and not even_empty:
            return None
        edit = Edit(plan.base, plan.files, message)
        return propose(self.location, branch, self.upstream, edit, self.author)

    def table(self, table_id: str) -> Table:
        """A table as it is on the branch; an empty one of that id when it is not registered."""
        path = self._paths.get(("table", table_id))
        if path is None:
            return table_from_fields({"id": table_id})
        value = self._read(self.entries[path]).get(table_id)
        if value is None:
            raise InvalidError(f"{path} does not validate", [], "repair it first")
        return value

    def metric(self, metric_id: str) -> Metric:
        """A metric as it is on the branch.

        Raises:
            NotFoundError: there is no such metric.
            InvalidError: its file does not validate.
        """
        path = self.path("metric", metric_id)
        document = read_entry(self.repository, self.layout.slots[path], self.entries[path])
        if not isinstance(document.value, Metric):
            message = f"{path} does not validate"
            raise InvalidError(message, document.diagnostics, "repair it first")
        return document.value

    def path(self, kind: Kind, id_: str) -> str:
        """The file of a metric or table on the branch.

        Raises:
            NotFoundError: there is none.
        """
        found = self._paths.get((kind, id_))
        if found is None:
            raise NotFoundError(f"{kind.capitalize()} '{printable(id_)}' not found")
        return found

    @cached_property
    def settings(self) -> Settings:
        """What agnes.yml says on the branch; if it is broken, what it said last."""
        entries = [entry for entry in self.entries.values() if entry.path == SETTINGS]
        for item in serve(self.repository, self.base, self.layout.slots, entries):
            if not isinstance(item.value, Settings):
                raise InvalidError(f"{SETTINGS} does not validate", item.document.diagnostics)
            return item.value
        return Settings()

    def _read(self, entry: Entry) -> dict[str, Table]:
        return load_catalog(self.repository, [entry]).tables

    def _put(self, plan: Plan, name: str, slot: Slot, value: Metric | Table, older: bool) -> None:
        entry = self.entries.get(slot.path)
        if entry is None:
            check_new(slot, self._paths)
            self._check_certificate(slot, value, [])
            plan.files[slot.path] = dump(core(value.to_yaml()))
            plan.added.append(name)
            return
        original = self.repository.read(entry)
        document = read_document(slot, original)
        if older and isinstance(document.value, Metric | Table):
            value = complete(value, document.value)
        there = document.value or document.rest
        if isinstance(value, Metric) and isinstance(there, Metric) and value.certified is None:
            # Who does not know of certificates must not delete one: it lapses, and says so.
            value = value.model_copy(update={"certified": there.certified})
        if isinstance(value, Metric) and isinstance(there, Metric):
            value = _with_tests(value, there)
        self._check_certificate(slot, value, [there] if isinstance(there, Metric) else [])
        data = core(value.to_yaml())
        if document.value == value:
            plan.unchanged.append(name)
            return
        if document.value is None:
            plan.files[slot.path] = dump(data)
        else:
            full = value.model_dump() if isinstance(value, Table) else None
            plan.files[slot.path] = patch(original, like(original, data, full))
        plan.changed.append(name)

    def _check_certificate(self, slot: Slot, value: Metric | Table, before: list[Metric]) -> None:
        if isinstance(value, Metric) and value.certified is not None:
            check_certificate(slot.path, value, before, self.author.email, self.settings)

    def _keep_index(self, plan: Plan, theirs: Index | None = None) -> None:
        path = self._paths.get(("index", ""), INDEX)
        entry = self.entries.get(path)
        if entry is not None:
            keep_index(path, self.repository.read(entry), plan, theirs)


def _with_tests(value: Metric, there: Metric) -> Metric:
    """Keep the tests where nothing is said of them: neither an export nor an answer has them."""
    if "tests" in value.model_fields_set or not there.tests:
        return value
    return value.model_copy(update={"tests": there.tests})
