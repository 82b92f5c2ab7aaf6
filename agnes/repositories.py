"""The catalog for programs: reads come from the snapshot, writes are commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from agnes.cache.query import Row, Snapshot
from agnes.git.refs import locate
from agnes.sync.reading import Reading, open_snapshot

if TYPE_CHECKING:
    from agnes.edit import Editor, Plan

Rows: TypeAlias = list[Row]
Names: TypeAlias = list[str]


class _Repository:
    """A catalog, for reading and writing.

    Args:
        catalog: the catalog's folder.
        revision: a revision to read instead of the branch's tip; anything git can resolve.
    """

    def __init__(self, catalog: str | Path, *, revision: str | None = None) -> None:
        self.path = Path(catalog)
        self._reading = Reading(revision=revision)

    @contextmanager
    def _snapshot(self) -> Iterator[Snapshot]:
        with open_snapshot(self.path, self._reading) as snapshot:
            yield snapshot

    def _commit(self, plan: Callable[[Editor], Plan], verb: str, source: str) -> Plan:
        from agnes.edit import Editor, subject
        from agnes.errors import UsageError
        from agnes.sync.reconcile import reconcile

        if self._reading.revision is not None:
            raise UsageError(
                f"this catalog was opened at {self._reading.revision} and can only be read",
                "open it without a revision to change it",
            )
        editor = Editor(locate(self.path))
        planned = plan(editor)
        names = planned.added + planned.changed + planned.removed
        if editor.apply(planned, subject(verb, names), source):
            reconcile(editor.location)
        return planned


class MetricRepository(_Repository):
    """The metrics of a catalog. A metric is a mapping, with the columns of `metric_definitions`.

    Example:
        >>> metrics = MetricRepository("path/to/catalog")  # doctest: +SKIP
        >>> metrics.get("revenue/mrr")["unit"]  # doctest: +SKIP
        'USD'
    """

    def list(self, category: str | None = None) -> Rows:
        """All metrics, or those of one category, ordered by name."""
        with self._snapshot() as snapshot:
            return sorted(snapshot.metrics(category), key=lambda row: (row["name"], row["id"]))

    def get(self, metric_id: str) -> Row | None:
        """One metric; None if there is none of that id."""
        with self._snapshot() as snapshot:
            return snapshot.metric(metric_id)

    def create(self, **fields: Any) -> Row:
        """Add a metric, or replace the one of the same id.

        Args:
            fields: as columns of `metric_definitions`; `name`, `category` and `sql` are required,
                `id` may be given and must agree. `source` says how it got in, default `manual`.

        Raises:
            InvalidError: a field is missing, unknown or of the wrong kind.
        """
        source = str(fields.pop("source", None) or "manual")
        return self._put(fields, source)

    def update(self, metric_id: str, **fields: Any) -> Row | None:
        """Change some fields of a metric; None if there is none of that id.

        Fields that a metric does not have are passed over.
        """
        from agnes.model.metric import Metric

        row = self.get(metric_id)
        if row is None:
            return None
        source = str(fields.pop("source", None) or "manual")
        known = {key: value for key, value in fields.items() if key in Metric.model_fields}
        before = {key: row[key] for key in Metric.model_fields if key in row}  # not its tests
        return self._put(before | known | {"id": metric_id}, source, read=row)

    def delete(self, metric_id: str) -> bool:
        """Delete a metric; False if there is none of that id."""
        from agnes.errors import NotFoundError

        try:
            self._commit(lambda editor: editor.remove([metric_id]), "remove", "manual")
        except NotFoundError:
            return False
        return True

    def find_by_table(self, table_name: str) -> Rows:
        """The metrics that read a table, ordered by name."""
        return [row for row in self.list() if table_name in (row["table_name"], *row["tables"])]

    def find_by_synonym(self, term: str) -> Rows:
        """The metrics that are called `term`: by name, display name or synonym, in any case."""
        wanted = term.casefold()
        return [
            row
            for row in self.list()
            if wanted
            in {text.casefold() for text in (row["name"], row["display_name"], *row["synonyms"])}
        ]

    def get_table_map(self) -> dict[str, Names]:
        """Each table to the names of the metrics that read it."""
        found: dict[str, Names] = {}
        for row in self.list():
            for table in dict.fromkeys((row["table_name"], *row["tables"])):
                if table:
                    found.setdefault(table, []).append(row["name"])
        return found

    def import_from_yaml(self, path: str | Path) -> int:
        """Import a file or a folder of metrics; all or nothing.

        Returns:
            How many metrics it holds, changed or not.
        """
        from agnes.load.pack import read_pack

        pack = read_pack(Path(path))
        self._commit(lambda editor: editor.put(pack), "import", "yaml_import")
        return len(pack.metrics)

    def export_to_yaml(self, output_dir: str | Path) -> int:
        """Write every metric to `<output_dir>/<category>/<name>.yml` in the canonical form.

        Returns:
            How many files were written.
        """
        from agnes.load.export import export_metrics

        with self._snapshot() as snapshot:
            return export_metrics(snapshot.metrics(), Path(output_dir))

    def _put(self, fields: dict[str, Any], source: str, read: Row | None = None) -> Row:
        from agnes.errors import InvalidError
        from agnes.load.pack import Pack, metric_from_fields

        metric = metric_from_fields(fields)
        pack = Pack(metrics={metric.id: metric})

        def plan(editor: Editor) -> Plan:
            if read is not None:
                editor.expect(read["path"], read["blob"])
            return editor.put(pack)

        self._commit(plan, "define", source)
        row = self.get(metric.id)
        if row is None:
            raise InvalidError(
                f"{metric.id} was committed but is not served", [], "da catalog status"
            )
        return row


class ColumnMetadataRepository(_Repository):
    """The column metadata of a catalog, with the columns of `column_metadata`."""

    def get(self, table_id: str, column_name: str) -> Row | None:
        """One column; None if nothing is known of it."""
        return next(
            (row for row in self.list_for_table(table_id) if row["column_name"] == column_name),
            None,
        )

    def list_for_table(self, table_id: str) -> Rows:
        """The columns of a table, ordered by name."""
        with self._snapshot() as snapshot:
            return snapshot.columns(table_id)

    def save(
        self,
        table_id: str,
        column_name: str,
        basetype: str | None = None,
        description: str | None = None,
        confidence: str = "manual",
        source: str = "manual",
    ) -> Row:
        """Say what is known of a column; what was known before is replaced, `pii` is kept.

        Raises:
            InvalidError: a value that the model does not know.
        """
        fields = {"basetype": basetype, "description": description}
        fields |= {"confidence": confidence, "source": source}
        self._save({table_id: {column_name: fields}}, source)
        row = self.get(table_id, column_name)
        assert row is not None
        return row

    def delete(self, table_id: str, column_name: str) -> bool:
        """Forget a column; False if nothing is known of it."""
        if self.get(table_id, column_name) is None:
            return False
        self._save({table_id: {column_name: None}}, "manual")
        return True

    def import_proposal(self, path: str | Path) -> int:
        """Apply a proposal, YAML or JSON, as `da admin metadata apply` does; it stays where it is.

        Columns get `source: ai_enrichment` and `confidence: high` where it does not say otherwise.
        What a person wrote of one is not overwritten, unless a reviewer accepted that. A table
        that is not registered is registered by it.

        Returns:
            How many columns are as it says then.

        Raises:
            InvalidError: it is no proposal.
            NotFoundError: there is no such file.
        """
        from agnes.load.proposal import read_proposal
        from agnes.proposals.apply import SOURCE, plan_columns

        proposal = read_proposal(Path(path))
        taken = 0

        def plan(editor: Editor) -> Plan:
            nonlocal taken
            application = plan_columns(editor, proposal)
            taken = len(application.items)
            return application.plan

        self._commit(plan, "describe", SOURCE)
        return taken

    def _save(self, tables: dict[str, dict[str, Row | None]], source: str) -> None:
        def plan(editor: Editor) -> Plan:
            from agnes.load.pack import Pack, with_columns

            changed = {
                table_id: with_columns(editor.table(table_id), columns)
                for table_id, columns in tables.items()
            }
            return editor.put(Pack(tables=changed))

        self._commit(plan, "describe", source)
