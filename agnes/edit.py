"""Changes of the catalog: planned as data, applied as one commit. The only way to write to git."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agnes.errors import ConflictError, GitError, InvalidError, NotFoundError, UsageError
from agnes.git.entry import Entry
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.git.writer import Edit, commit, identity
from agnes.load.catalog import load_catalog, read_entry, serve
from agnes.load.document import read_document
from agnes.load.older import complete
from agnes.load.pack import Pack, table_from_fields
from agnes.model.catalog import Index, Settings, approvers
from agnes.model.diagnostic import Diagnostic
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
from agnes.model.metric import YAML_KEYS, Metric
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.sync.reconcile import followed_ref
from agnes.yaml.dump import dump
from agnes.yaml.edit import patch
from agnes.yaml.loader import load


@dataclass
class Plan:
    """A change that is not made yet.

    Args:
        base: the commit that it was made from.
        branch: full name of the branch that it is for.
        files: path to new content, None to delete.
        added, changed, unchanged, removed: ids of metrics, and of tables as `tables/<id>`.
    """

    base: str
    branch: str
    files: dict[str, bytes | None] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


class Editor:
    """Plans and makes changes on the branch that a catalog's cache follows.

    Raises:
        GitError: HEAD is detached, so that a commit would belong to no branch.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.repository = Repository(location, PARTS)
        tip = self.repository.tip(followed_ref(self.repository, self.repository.tip()))
        if tip.branch is None:
            raise GitError(
                "HEAD is detached: a commit here would belong to no branch",
                "check out a branch first: git switch main",
            )
        self.base, self.branch = tip.commit, tip.branch
        tree = self.repository.catalog_tree(self.repository.root_tree(self.base))
        self.entries = {entry.path: entry for entry in self.repository.entries(tree)}
        self.layout: Layout = survey((entry.path, entry.kind) for entry in self.entries.values())
        self._paths = {(slot.kind, slot.id): path for path, slot in self.layout.slots.items()}

    def put(self, pack: Pack) -> Plan:
        """Plan to add or change the metrics and tables of a pack.

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
        self._check_queries(plan)
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
            content = patch(original, _with_key(original, key, value))
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
        self._keep_index(plan, None)
        return plan

    def apply(self, plan: Plan, subject: str, source: str) -> str | None:
        """Make a planned change as one commit.

        Args:
            subject: the commit message's first line.
            source: what goes into the trailer `Agnes-Source`.

        Returns:
            The new commit's id; None when there is nothing to change.

        Raises:
            ConflictError: somebody else changed one of the files; nothing was done.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", source):
            raise UsageError(f"{source!r} is no source", "use manual, api or yaml_import")
        if not plan.files:
            return None
        details = [
            *(f"Add {name}" for name in plan.added),
            *(f"Change {name}" for name in plan.changed),
            *(f"Remove {name}" for name in plan.removed),
        ]
        body = "\n".join(details) + "\n\n" if len(details) > 1 else ""
        message = f"{subject}\n\n{body}Agnes-Source: {source}\n"
        edit = Edit(plan.base, plan.files, message)
        return commit(self.location, plan.branch, edit, identity(self.location))

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
            self._check_new(slot)
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
        self._check_certificate(slot, value, [there] if isinstance(there, Metric) else [])
        data = core(value.to_yaml())
        if document.value == value:
            plan.unchanged.append(name)
            return
        if document.value is None:
            plan.files[slot.path] = dump(data)
        else:
            plan.files[slot.path] = patch(original, _like(original, data))
        plan.changed.append(name)

    def _check_queries(self, plan: Plan) -> None:
        """What comes in by a command meets the same gate as what comes in by a pull request."""
        from agnes.lint.examine import examine
        from agnes.lint.facts import CatalogFacts
        from agnes.lint.locate import Locator
        from agnes.lint.rules.references import files_read

        written = {path: content for path, content in plan.files.items() if content is not None}
        slots = survey((path, "file") for path in sorted(written)).slots
        examined = [examine(slot, written[path], "references") for path, slot in slots.items()]
        tables = {id_: path for (kind, id_), path in self._paths.items() if kind == "table"}
        tables |= {slot.id: path for path, slot in slots.items() if slot.kind == "table"}
        catalog = CatalogFacts([item.facts for item in examined if item.facts], {}, tables)
        found = [finding for item in examined for finding in item.diagnostics]
        for metric in catalog.metrics.values():
            locator = Locator(written[metric.path])
            found += [locator.diagnose(read, "error") for read in files_read(catalog, metric)]
        found = [finding for finding in found if finding.severity == "error"]
        if found:
            raise InvalidError(f"{len(found)} error(s); nothing was changed", sorted(found))

    def _check_certificate(self, slot: Slot, value: Metric | Table, before: list[Metric]) -> None:
        """A certificate that comes with a definition meets the same rules as in a commit."""
        if not isinstance(value, Metric) or value.certified is None:
            return
        if value.certified in [metric.certified for metric in before]:
            return
        from agnes.lint.rules.certification import CertifiedInPassing, MayNotCertify

        settings = self.settings()
        may = approvers(settings.certifiers, settings.groups)
        author = identity(self.location).email
        code = CertifiedInPassing.code
        wrong = CertifiedInPassing.objection(value, before, author, anybody=may is None)
        if wrong is None and may is not None and value.certified.by.casefold() not in may:
            code = MayNotCertify.code
            wrong = f"{value.certified.by} may not certify", "agnes.yml says who may"
        if wrong is not None:
            path = printable(slot.path)
            finding = Diagnostic(path, 0, 0, code, "error", *wrong)
            raise InvalidError("1 error(s); nothing was changed", [finding])

    def _check_new(self, slot: Slot) -> None:
        known = next((other for kind, other in self._paths if _same(slot, kind, other)), None)
        if known is not None:
            raise InvalidError(
                f"{slot.id} differs from {known} in case only", [], f"use {known}, or another id"
            )

    def _keep_index(self, plan: Plan, theirs: Index | None) -> None:
        """List what comes and unlist what goes, if the catalog has an index."""
        path = self._paths.get(("index", ""), INDEX)
        entry = self.entries.get(path)
        if entry is None:
            return
        original = self.repository.read(entry)
        document = read_document(Slot(path, "index"), original)
        if not isinstance(document.value, Index):
            return
        data: dict[str, Any] = core(load(original)) or {}
        categories: list[dict[str, Any]] = data.get("categories") or []
        data["categories"] = categories
        their_categories = {item.category: item for item in theirs.categories} if theirs else {}
        for metric_id in plan.added:
            folder, _, name = metric_id.partition("/")
            if folder == "tables":
                continue
            category = next((item for item in categories if _folder(item) == folder), None)
            if category is None:
                other = their_categories.get(folder)
                category = {"name": other.name if other else folder, "folder": folder}
                categories.append(category)
            listed = category.get("metrics") or []
            category["metrics"] = listed if name in listed else [*listed, name]
        for metric_id in plan.removed:
            folder, _, name = metric_id.partition("/")
            for category in categories:
                if _folder(category) == folder and name in (category.get("metrics") or []):
                    category["metrics"].remove(name)
        content = patch(original, data)
        if content != original:
            plan.files[path] = content


def _same(slot: Slot, kind: str, other: str) -> bool:
    return slot.kind == kind and slot.id.casefold() == other.casefold()


def _folder(category: Mapping[str, Any]) -> str:
    return str(category.get("folder") or category["name"]).rstrip("/")


def _with_key(original: bytes, key: str, value: Any) -> dict[str, Any]:
    """What a metric's file says, with one key more, at its place, or less."""
    data = core(load(original))
    said: dict[str, Any] = data[0] if isinstance(data, list) else data
    if value is None or key in said:
        changed = said | {key: value}
        return {name: it for name, it in changed.items() if name != key or it is not None}
    earlier = YAML_KEYS[: YAML_KEYS.index(key)]
    at = max((number for number, name in enumerate(said, 1) if name in earlier), default=0)
    items = list(said.items())
    return dict([*items[:at], (key, value), *items[at:]])


def _like(original: bytes, data: dict[str, Any]) -> dict[str, Any]:
    """`data` with the spellings that the file has: defaults written out, `table_name`, one list."""
    before = core(load(original))
    if isinstance(before, list):
        before = before[0]
    if not isinstance(before, dict):
        return data
    spelled = dict(data)
    if "table_name" in before and "table" in spelled and "table" not in before:
        spelled = {"table_name" if key == "table" else key: value for key, value in spelled.items()}
    for key, value in before.items():
        if key not in spelled and _is_default(key, value):
            spelled[key] = value
    return spelled


def _is_default(key: str, value: Any) -> bool:
    return value in (None, [], {}) or (key == "status" and value == "active")


def subject(verb: str, names: list[str]) -> str:
    """A conventional commit's subject: one id, or how many."""
    what = names[0] if len(names) == 1 else f"{len(names)} definitions"
    return f"feat(metrics): {verb} {what}"
