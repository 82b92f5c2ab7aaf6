"""`da catalog watch`: the cache follows the branch, and the remote, until it is stopped."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, FollowOption, JsonOption, catalog_path, parse_duration
from agnes.cli.output import is_interrupt

if TYPE_CHECKING:
    from agnes.errors import AgnesError
    from agnes.sync.outcome import Outcome


class LogFormat(StrEnum):
    """Who reads the logs."""

    text = "text"
    json = "json"


def watch(
    fetch_every: Annotated[
        str | None,
        typer.Option(
            "--fetch-every", help="Fetch from the remote so often: 30s, 5m, 1h.", show_default=False
        ),
    ] = None,
    follow: FollowOption = None,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="How to log to stderr.")
    ] = LogFormat.text,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Follow the branch: sync after each commit, until Ctrl-C.

    With --json, one line per sync on stdout. With --fetch-every, what is served is the remote's
    branch that the one checked out follows, unless --follow names another.

    \b
    Examples:
      da catalog watch
      da catalog watch --fetch-every 30s --follow origin/main --log-format json
    """
    import json as json_module
    import logging
    import threading

    from agnes.git.refs import locate
    from agnes.log import configure
    from agnes.sync.follow import follow_branch, follow_upstream
    from agnes.sync.watch import watch as keep_watching

    seconds = None if fetch_every is None else parse_duration(fetch_every)
    location = locate(catalog_path(catalog))
    configure(log_format.value)
    log = logging.getLogger("agnes.sync")
    followed = None
    if follow is not None:
        followed = follow_branch(location, follow)
    elif seconds is not None:
        followed = follow_upstream(location)
    stop = threading.Event()

    def on_sync(outcome: Outcome) -> None:
        if json:
            typer.echo(json_module.dumps(outcome.as_dict()))
        facts = {"commit": outcome.commit, "previous": outcome.previous, "reason": outcome.reason}
        changes = {
            name: len(getattr(outcome, name)) or None for name in ("added", "changed", "removed")
        }
        log.info("synced", extra={"facts": facts | changes | outcome.counts})

    def on_error(error: AgnesError) -> None:
        log.error("failed", extra={"facts": {"error": error.message, "hint": error.hint}})

    log.info("watching", extra={"facts": {"catalog": str(location.path), "follows": followed}})
    try:
        keep_watching(
            location, on_sync=on_sync, on_error=on_error, stop=stop, fetch_seconds=seconds
        )
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        stop.set()
