"""The local copy of a catalog as a source: it answers without the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import CacheError, UsageError
from agnes.source import Written
from agnes.source.local import Local

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.diff.compare import Advance
    from agnes.diff.history import History
    from agnes.load.pack import Pack
    from agnes.review import Review
    from agnes.source.remote import Remote
    from agnes.workspace.layout import Workspace

_COMMIT = re.compile("[0-9a-f]{40}")


def copy_of(workspace: Workspace) -> Path | None:
    """The local copy of the catalog that the last sync noted, if it is there."""
    commit = workspace.state().get("commit")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        return None
    path = workspace.snapshot(commit)
    return path if path.is_file() else None


@contextmanager
def offline(copy: Path, connect: Callable[[], Client | None]) -> Iterator[Offline]:
    """A local copy, open.

    Args:
        copy, connect: see `Offline`.

    Raises:
        CacheError: it is damaged; the remedy is another one than for a clone's own.
    """
    with closing(Offline(copy, connect)) as found:
        try:
            yield found
        except CacheError as error:
            raise CacheError(error.message, "get it anew: da sync") from error


class Offline(Local):
    """What the copy answers. What needs history, or changes something, goes to the server.

    Args:
        copy: a snapshot.
        connect: a client of the configured server, if one is configured.
    """

    def __init__(self, copy: Path, connect: Callable[[], Client | None]) -> None:
        from agnes.cache.query import Snapshot

        super().__init__(copy.parent, lambda: Snapshot(copy))
        self._connect = connect

    @cached_property
    def _server(self) -> Remote:
        client = self._connect()
        if client is None:
            raise UsageError(
                "the local copy of the catalog has no history and cannot be changed",
                "ask the server, after da auth login --server URL, or a clone: --catalog PATH",
            )
        from agnes.source.remote import Remote

        return Remote(client)

    def close(self) -> None:
        """Let the copy go, and the server."""
        super().close()
        if "_server" in self.__dict__:
            self._server.close()

    def errors(self) -> int:
        """See `Source`. Whoever reads a copy can do nothing about them."""
        return 0

    def history(self, definition_id: str) -> History:
        """See `Source`."""
        return self._server.history(definition_id)

    def diff(
        self, base: str | None, head: str | None, *, findings: bool, advance: Advance
    ) -> Review:
        """See `Source`."""
        return self._server.diff(base, head, findings=findings, advance=advance)

    def put(self, pack: Pack, verb: str, *, dry_run: bool) -> Written:
        """See `Source`."""
        return self._server.put(pack, verb, dry_run=dry_run)

    def remove(self, metric_ids: Sequence[str], *, dry_run: bool) -> Written:
        """See `Source`."""
        return self._server.remove(metric_ids, dry_run=dry_run)
