"""A server as a source, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agnes.client import LARGEST_DOCUMENT, Answer, Client, quoted
from agnes.errors import NotFoundError, UnavailableError, UsageError
from agnes.source import Row, Written

if TYPE_CHECKING:
    from agnes.diff.compare import Advance
    from agnes.diff.history import History
    from agnes.lineage.lineage import Lineage
    from agnes.load.pack import Pack
    from agnes.review import Review

_UNDER_REVIEW = 202


class Remote:
    """What a server answers.

    Args:
        revision: a revision other than the one in force.
        as_of: the branch as it was when a day ended, in UTC: `2026-01-31`.
    """

    def __init__(
        self, client: Client, revision: str | None = None, as_of: str | None = None
    ) -> None:
        self._client = client
        self._at = {"rev": revision, "as_of": as_of}

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def metrics(self, category: str | None = None, fields: Sequence[str] = ()) -> list[Row]:
        """See `Source`."""
        asked = {"category": category, "fields": ",".join(fields) or None}
        answer = self._client.get("/api/metrics", params=asked | self._at, largest=LARGEST_DOCUMENT)
        return self._rows(answer, "metrics")

    def metric(self, metric_id: str) -> Row:
        """See `Source`."""
        path = f"/api/metrics/{_part(metric_id, 'Metric')}"
        return self._mapping(self._client.get(path, params=self._at))

    def findings(self, metric: Row) -> list[Row]:  # noqa: ARG002
        """See `Source`."""
        return []

    def errors(self) -> int:
        """See `Source`."""
        return 0

    def search(self, query: str, limit: int) -> Row:
        """See `Source`."""
        self._only_in_force()
        answer = self._client.get("/api/search", params={"q": query, "limit": limit})
        return self._mapping(answer)

    def lineage(self, what: str) -> Lineage:
        """See `Source`."""
        from agnes.source.decode import decode_lineage

        self._only_in_force()
        return decode_lineage(self._client.get(f"/api/lineage/{_part(what, 'Metric')}"))

    def history(self, definition_id: str) -> History:
        """See `Source`."""
        from agnes.source.decode import decode_history

        self._only_in_force()
        return decode_history(self._client.get(f"/api/history/{_part(definition_id, 'Metric')}"))

    def diff(
        self,
        base: str | None,
        head: str | None,
        *,
        findings: bool,  # noqa: ARG002
        advance: Advance,  # noqa: ARG002
    ) -> Review:
        """See `Source`."""
        from agnes.source.decode import decode_review

        if base is None:
            raise UsageError(
                "a server has no working tree to compare with", "name a revision: HEAD~5, v1.2"
            )
        return decode_review(self._client.get("/api/diff", params={"base": base, "head": head}))

    def tables(self) -> list[Row]:
        """See `Source`."""
        self._only_in_force()
        return self._rows(self._client.get("/api/catalog/tables"), "tables")

    def columns(self, table_id: str) -> list[Row]:
        """See `Source`."""
        path = f"/api/admin/metadata/{_part(table_id, 'Table')}"
        return self._rows(self._client.get(path), "columns")

    def put(self, pack: Pack, verb: str, *, dry_run: bool) -> Written:  # noqa: ARG002
        """See `Source`."""
        if pack.tables:
            raise UsageError(
                "tables and their columns are not imported over HTTP, only metrics",
                "import them into a clone of the catalog: da metrics import PATH --catalog FOLDER",
            )
        text = json.dumps([metric.to_yaml() for metric in pack.metrics.values()], default=str)
        planned = self._compare(pack)
        if dry_run:
            return planned
        answer = self._client.request(
            "POST",
            "/api/admin/metrics/import",
            files={"file": ("metrics.yml", text.encode())},
            once=True,
        )
        return _written(answer, planned)

    def remove(self, metric_ids: Sequence[str], *, dry_run: bool) -> Written:
        """See `Source`."""
        (metric_id,) = metric_ids
        planned = Written(True, None, "", removed=[metric_id])
        if dry_run:
            self.metric(metric_id)
            return planned
        path = f"/api/admin/metrics/{_part(metric_id, 'Metric')}"
        return _written(self._client.request("DELETE", path, once=True), planned)

    def _compare(self, pack: Pack) -> Written:
        """What importing a pack would do."""
        from agnes.load.export import as_metric

        there = {row["id"]: row for row in self.metrics() if row["id"] in pack.metrics}
        planned = Written(True, None, "")
        for metric_id, metric in sorted(pack.metrics.items()):
            if metric_id not in there:
                planned.added.append(metric_id)
            elif as_metric(there[metric_id]).to_yaml() == metric.to_yaml():
                planned.unchanged.append(metric_id)
            else:
                planned.changed.append(metric_id)
        return planned

    def _only_in_force(self) -> None:
        if any(self._at.values()):
            raise UsageError(
                "a server answers this at no other revision than the one in force",
                "ask a clone of the catalog: --catalog PATH",
            )

    def _rows(self, answer: Any, name: str) -> list[Row]:
        """The rows in an answer; older servers answer some without a mapping around them."""
        rows = answer.get(name) if isinstance(answer, dict) else answer
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _strange(self._client)
        return rows

    def _mapping(self, answer: Any) -> Row:
        if not isinstance(answer, dict):
            raise _strange(self._client)
        return answer


def _part(name: str, kind: str) -> str:
    """An id as a part of a path; one that would lead elsewhere is not asked for."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise NotFoundError(f"{kind} '{name}' not found", "find it: da metrics search WORDS")
    return quoted(name)


def _strange(client: Client) -> UnavailableError:
    return UnavailableError(
        f"{client.server} does not answer as Agnes does", "is the address right? da diagnose"
    )


def _written(answer: Answer, planned: Written) -> Written:
    """What a change did, from what it was to do and the server's answer."""
    if answer.status == _UNDER_REVIEW:
        branch, commit = answer.data["branch"], answer.data["commit"]
        return replace(planned, dry_run=False, commit=commit, branch=branch, under_review=True)
    commit = answer.headers.get("Agnes-Commit")
    return replace(planned, dry_run=False, commit=commit, branch="the server's branch")
