"""One snapshot, open and rendered, and how each audience sees it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import finalize

from agnes.access import Access, Audience, Hidden, Rules, read_access
from agnes.cache.excerpt import write_excerpt
from agnes.cache.query import Row, Snapshot
from agnes.model.names import nearest
from agnes.serving.document import Document
from agnes.serving.listing import Wanted, find_page, read_rows

if TYPE_CHECKING:
    from collections.abc import Hashable

    from agnes.auth.principal import Principal

CACHE_BYTES = 64 * 2**20
"""Of lists and other answers, for all audiences of a snapshot together."""


class Edition:
    """A snapshot that is being served.

    Its file stays open as long as somebody reads it; nothing has to be closed.

    Args:
        path: the snapshot's file.
        earlier: the edition before, whose documents are used again where nothing changed.
        also: access rules that hold besides the snapshot's own.

    Raises:
        CacheError: the file is not there, or is damaged.
    """

    def __init__(
        self, path: Path, earlier: Edition | None = None, *, also: Rules | None = None
    ) -> None:
        self.path = path
        self._snapshot = Snapshot(path)
        self.info = self._snapshot.info()
        self.commit = str(self.info["commit_id"])
        self.access: Access = read_access(
            self._snapshot, earlier.access if earlier else None, also=also
        )
        self._versions = {row["id"]: row["version"] for row in self._snapshot.rows(_VERSIONS)}
        self.documents = self._render(earlier)
        self._replaced = {row["id"]: row["replaced_by"] for row in self._snapshot.rows(_REPLACED)}
        self.answers = _Answers(CACHE_BYTES)
        self._lock = Lock()
        # Whoever was here will be again, and should not wait for it.
        audiences = list(earlier._views) if earlier else []  # noqa: SLF001
        self._views: dict[Audience, View] = {it: View(self, it) for it in audiences}

    def view(self, principal: Principal) -> View:
        """What a user sees."""
        audience = self.access.audience(principal)
        found = self._views.get(audience)
        if found is None:
            with self._lock:
                found = self._views.setdefault(audience, View(self, audience))
        return found

    def retire(self) -> None:
        """Forget what only new requests would need; those under way go on."""
        self._views.clear()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The snapshot, for the use of one thread."""
        with self._snapshot.beside() as snapshot:
            yield snapshot

    def document_for(self, metric_id: str, hidden: Hidden) -> Document | None:
        """A metric as an audience sees it; None where it does not."""
        if metric_id in hidden.metrics:
            return None
        if self._replaced.get(metric_id) not in hidden.metrics:
            return self.documents.get(metric_id)
        with self.reading() as snapshot:
            row = snapshot.metric(metric_id)
        return None if row is None else Document.of(row | {"replaced_by": None})

    def _render(self, earlier: Edition | None) -> dict[str, Document]:
        kept = (
            {
                id_: document
                for id_, document in earlier.documents.items()
                if self._versions.get(id_) == earlier._versions[id_]  # noqa: SLF001
            }
            if earlier
            else {}
        )
        missing = [id_ for id_ in self._versions if id_ not in kept]
        sql = "SELECT * FROM metric_definitions WHERE id IN (SELECT unnest($1))"
        for at in range(0, len(missing), _BATCH):
            for row in self._snapshot.rows(sql, [missing[at : at + _BATCH]]):
                kept[row["id"]] = Document.of(row)
        return {id_: kept[id_] for id_ in self._versions}


_BATCH = 500
_VERSIONS = (
    "SELECT m.id, hash(m) AS version "
    "FROM metric_definitions m LEFT JOIN categories c ON c.name = m.category "
    "ORDER BY c.position, m.category, m.name"
)
_REPLACED = "SELECT id, replaced_by FROM metric_definitions WHERE replaced_by IS NOT NULL"


class View:
    """What an audience sees of an edition."""

    def __init__(self, edition: Edition, audience: Audience) -> None:
        self.edition = edition
        self.audience = audience
        self.hidden = edition.access.hidden_from(audience)
        self._lock = Lock()
        self._listing = Lock()
        with edition.reading() as snapshot:
            self._tables = {
                row["id"]: row for row in snapshot.tables() if row["id"] not in self.hidden.tables
            }

    @cached_property
    def version(self) -> str:
        """The same for two views that have the same to show."""
        with self.edition.reading() as snapshot:
            columns = snapshot.all_columns()
            categories = snapshot.categories()
        said = (
            [self.metric_etag(id_) for id_ in self.edition.documents if self.sees_metric(id_)],
            [list(row.values()) for row in self._tables.values()],
            [list(row.values()) for row in columns if self.sees_table(row["table_id"])],
            [list(row.values()) for row in categories],
            self.edition.info["name"],
        )
        return blake2b(repr(said).encode(), digest_size=12).hexdigest()

    @property
    def commit(self) -> str:
        """The commit that it is of."""
        return self.edition.commit

    @property
    def path(self) -> Path:
        """A snapshot with all that they see and nothing else, to be read as a file.

        The cache's own must not be: closing it again would drop DuckDB's lock on it.
        """
        with self._lock:
            return self._excerpt.path

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """That snapshot, for the use of one thread."""
        if not self.hidden:
            with self.edition.reading() as snapshot:
                yield snapshot
            return
        with self._lock:  # written by whoever needs it first
            whole = self._excerpt
        with whole.beside() as snapshot:
            yield snapshot

    @cached_property
    def _excerpt(self) -> Snapshot:
        folder = mkdtemp(prefix="agnes-")
        finalize(self, rmtree, folder, ignore_errors=True)
        path = Path(folder) / self.edition.path.name
        with self.edition.reading() as snapshot:
            write_excerpt(
                snapshot,
                path,
                metrics=self.hidden.metrics,
                tables=self.hidden.tables,
                texts=self.hidden.words,
            )
        return Snapshot(path)

    def sees_metric(self, metric_id: str) -> bool:
        """Whether there is such a metric, for them."""
        return metric_id in self.edition.documents and metric_id not in self.hidden.metrics

    def sees_table(self, table_id: str) -> bool:
        """Whether there is such a registered table, for them."""
        return table_id in self._tables

    @property
    def tables(self) -> list[Row]:
        """The registered tables, by id."""
        return list(self._tables.values())

    def table(self, table_id: str) -> Row | None:
        """A registered table."""
        return self._tables.get(table_id)

    def metric(self, metric_id: str) -> Document | None:
        """A metric, rendered."""
        return self.edition.document_for(metric_id, self.hidden)

    def metric_etag(self, metric_id: str) -> str | None:
        """What tells the versions of a metric apart."""
        found = self.metric(metric_id)
        return found.etag if found else None

    def nearest_ids(self, metric_id: str) -> list[str]:
        """Ids that somebody may have meant, of those that they may see."""
        ids = [id_ for id_ in self.edition.documents if id_ not in self.hidden.metrics]
        return nearest(metric_id, ids, 3)

    def answered(self, path: str, query: bytes) -> Document | None:
        """What was answered before to a request of this audience."""
        return self.edition.answers.get((self.audience, path, query))

    def keep_answer(self, path: str, query: bytes, document: Document) -> None:
        """Remember what was answered."""
        _ = document.gzipped
        self.edition.answers.put((self.audience, path, query), document)

    def list_metrics(self, wanted: Wanted) -> Document:
        """A list of metrics, rendered, and compressed; who asks for the same meanwhile waits.

        Raises:
            UsageError: there is no such field, or the cursor is none.
        """
        with self._listing:
            found = self.edition.answers.get((self.audience, wanted))
            if found is None:
                found = self._list(wanted)
                self.edition.answers.put((self.audience, wanted), found)
        return found

    def _list(self, wanted: Wanted) -> Document:
        # What others have must not move the ranking.
        source = self.edition if wanted.q is None else self
        with source.reading() as snapshot:
            page = find_page(snapshot, wanted, self.hidden)
            if wanted.fields is None:
                documents = [self.metric(id_) for id_ in page.ids]
                bodies = [document.body for document in documents if document]
            else:
                rows = read_rows(snapshot, page.ids, wanted.fields)
                bodies = [Document.of(self._without_hidden(row)).body for row in rows]
        more: dict[str, Any] = {"count": len(bodies)}
        if not wanted.is_whole:
            more |= {"total": page.total, "next_cursor": page.cursor}
        tail = Document.of(more).body
        found = Document.of_bytes(b'{"metrics":[' + b",".join(bodies) + b"]," + tail[1:])
        _ = found.gzipped  # here, where nobody else waits
        return found

    def _without_hidden(self, row: Row) -> Row:
        if row.get("replaced_by") in self.hidden.metrics:
            return row | {"replaced_by": None}
        return row


class _Answers:
    """The answers that were given last, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, Document] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Document | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: Hashable, document: Document) -> None:
        with self._lock:
            before = self._found.pop(key, None)
            self._found[key] = document
            self._size += document.size - (before.size if before else 0)
            while self._size > self._most and len(self._found) > 1:
                _, dropped = self._found.popitem(last=False)
                self._size -= dropped.size
