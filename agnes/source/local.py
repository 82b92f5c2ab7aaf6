"""A catalog's folder as a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import NotFoundError
from agnes.source import Row, Written

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot
    from agnes.diff.compare import Advance
    from agnes.diff.history import History
    from agnes.edit import Editor, Plan
    from agnes.lineage.lineage import Lineage
    from agnes.load.pack import Pack
    from agnes.review import Review


class Local:
    """What the snapshots and the history of a catalog answer. Close it.

    Args:
        path: the catalog's folder.
        opening: opens the snapshot that is read, when it is needed.
        revision: where the history begins; None for what is served.
    """

    def __init__(
        self, path: Path, opening: Callable[[], Snapshot], revision: str | None = None
    ) -> None:
        self._path = path
        self._opening = opening
        self._revision = revision

    @cached_property
    def snapshot(self) -> Snapshot:
        """The snapshot that is read."""
        return self._opening()

    def close(self) -> None:
        """Let the snapshot go."""
        if "snapshot" in self.__dict__:
            self.snapshot.close()

    def metrics(
        self,
        category: str | None = None,
        fields: Sequence[str] = (),  # noqa: ARG002  (a few more are no cost here)
    ) -> list[Row]:
        """See `Source`."""
        return self.snapshot.metrics(category)

    def metric(self, metric_id: str) -> Row:
        """See `Source`."""
        row = self.snapshot.metric(metric_id)
        if row is None:
            near = self.snapshot.nearest_ids(metric_id)
            hint = did_you_mean(near) or "find it: da metrics search WORDS"
            raise NotFoundError(f"Metric '{metric_id}' not found", hint)
        return row

    def findings(self, metric: Row) -> list[Row]:
        """See `Source`."""
        return self.snapshot.diagnostics(metric["path"])

    def errors(self) -> int:
        """See `Source`."""
        return self.snapshot.counts()["errors"]

    def search(self, query: str, limit: int) -> Row:
        """See `Source`."""
        from agnes.search.ranking import search

        found = search(self.snapshot, query, limit)
        hits = [hit.as_dict() for hit in found.hits]
        return {"query": query, "total": found.total, "hits": hits}

    def lineage(self, what: str) -> Lineage:
        """See `Source`."""
        from agnes.lineage.lineage import lineage

        return lineage(self.snapshot, what)

    def history(self, definition_id: str) -> History:
        """See `Source`."""
        from agnes.diff.history import history
        from agnes.git.refs import locate
        from agnes.git.repository import Repository
        from agnes.model.layout import PARTS
        from agnes.sync.point import find_commit

        repository = Repository(locate(self._path), PARTS)
        commit = find_commit(repository, self._revision)
        found = history(repository, commit, definition_id)
        if not found.events and found.cut is None:
            from agnes.diff.ids import never_there

            raise never_there(repository, commit, definition_id)
        return found

    def diff(
        self, base: str | None, head: str | None, *, findings: bool, advance: Advance
    ) -> Review:
        """See `Source`."""
        from agnes.review import review

        return review(self._path, base, head, findings=findings, advance=advance)

    def tables(self) -> list[Row]:
        """See `Source`."""
        return self.snapshot.tables()

    def columns(self, table_id: str) -> list[Row]:
        """See `Source`."""
        return self.snapshot.columns(table_id)

    def put(self, pack: Pack, verb: str, *, dry_run: bool) -> Written:
        """See `Source`."""
        editor = open_editor(self._path)
        plan = editor.put(pack)
        if verb == "add" and not plan.added:
            verb = "change"
        return apply(editor, plan, verb, "yaml_import", dry_run=dry_run)

    def remove(self, metric_ids: Sequence[str], *, dry_run: bool) -> Written:
        """See `Source`."""
        editor = open_editor(self._path)
        with self.nearest(metric_ids):
            plan = editor.remove(metric_ids)
        return apply(editor, plan, "remove", "yaml_import", dry_run=dry_run)

    @contextmanager
    def nearest(self, metric_ids: Sequence[str]) -> Iterator[None]:
        """Name the nearest ids where a metric is not found."""
        try:
            yield
        except NotFoundError as error:
            unknown = [name for name in metric_ids if self.snapshot.metric(name) is None]
            near = self.snapshot.nearest_ids((unknown or list(metric_ids))[0])
            raise NotFoundError(error.message, did_you_mean(near)) from None


def did_you_mean(near: Sequence[str]) -> str | None:
    """The hint that names some ids."""
    return f"did you mean: {', '.join(near)}" if near else None


def open_editor(path: Path) -> Editor:
    """What changes the catalog in a folder."""
    from agnes.edit import Editor
    from agnes.git.refs import locate

    return Editor(locate(path))


def apply(editor: Editor, plan: Plan, verb: str, source: str, *, dry_run: bool) -> Written:
    """Commit a plan, and follow with the cache.

    Args:
        verb: for the commit's subject.
        source: how the change got in, for the commit's trailer.
    """
    from agnes.edit import subject
    from agnes.sync.reconcile import reconcile

    commit = None
    if not dry_run:
        names = plan.added + plan.changed + plan.removed
        commit = editor.apply(plan, subject(verb, names), source)
        if commit:
            reconcile(editor.location)
    return Written(
        dry_run,
        commit,
        plan.branch.removeprefix("refs/heads/").removeprefix("refs/remotes/"),
        added=plan.added,
        changed=plan.changed,
        removed=plan.removed,
        unchanged=plan.unchanged,
    )
