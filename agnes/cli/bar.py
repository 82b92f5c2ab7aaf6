"""A progress bar for downloads, and a line for each table that is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from agnes.cli.output import echo, is_terminal
from agnes.workspace.download import size_text

if TYPE_CHECKING:
    from agnes.errors import AgnesError
    from agnes.workspace.manifest import Table


class Bar:
    """How far downloads are, on a terminal; silent elsewhere. Use it in a `with` block."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, total: int) -> None:
        """See `Watch`."""
        if not is_terminal(sys.stderr):
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._bar = Progress(
                TextColumn("Downloading"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._bar.add_task("Downloading", total=total)
        else:
            self._bar.update(0, total=self._bar.tasks[0].total + total)

    def advance(self, count: int) -> None:
        """See `Watch`."""
        if self._bar is not None:
            self._bar.advance(0, count)

    def done(self, table: Table, error: AgnesError | None) -> None:
        """See `Watch`."""
        if self._bar is not None:
            said = f"{table.rows:,} rows, {size_text(table.size)}" if error is None else "failed"
            # The id is one by our own rule, and Rich is told that there is no markup in it.
            self._bar.console.print(f"  {table.id}: {said}", markup=False, highlight=False)

    def say(self, line: str) -> None:
        """Print a line of the answer, above the bar if there is one."""
        if self._bar is None or not sys.stdout.isatty():
            echo(line)
            sys.stdout.flush()  # for whoever reads along
            return
        from rich.text import Text

        self._bar.console.print(Text.from_ansi(line), soft_wrap=True)
