"""Pushing for commands: from the catalog at hand, or by the configured server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.errors import UnavailableError
from agnes.publishing.outcome import Outcome, Pushed
from agnes.publishing.three_way import Value

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.publishing.push import Advance
    from agnes.publishing.receipt import Record

_ATTEMPTS = 5


def push_here(
    path: Path,
    table_ids: Sequence[str] | None,
    *,
    force: bool = False,
    dry_run: bool = False,
    skip_others: bool = False,
    advance: Advance = lambda _done, _total: None,
) -> Pushed:
    """Push tables of a catalog's folder, as its branch has them; its user is the author.

    Args:
        table_ids: None for all that come from Keboola.
        skip_others: tables that come from elsewhere are left out, and no mistake.

    Raises:
        NotFoundError: one of them is not registered.
        UsageError: one does not come from Keboola; or the project's address is none.
        UnavailableError: no project is configured.
        GitError: nothing could be committed here. Nothing was pushed.
    """
    from agnes.config.instance import InstanceSettings
    from agnes.edit import Editor
    from agnes.errors import MovedError
    from agnes.git.refs import locate
    from agnes.publishing.columns import described, pushable
    from agnes.publishing.push import push_tables
    from agnes.sync.reading import Reading, open_snapshot
    from agnes.sync.reconcile import reconcile
    from agnes.tables.sources import open_keboola

    location = locate(path)
    with open_snapshot(path, Reading()) as snapshot:
        possible = pushable(snapshot)
        wanted = possible if table_ids is None else table_ids
        tables = described(snapshot, [it for it in wanted if it in possible or not skip_others])
        commit = str(snapshot.info()["commit_id"])
    if skip_others and not tables:
        return Pushed([], dry_run)
    if not dry_run:
        _ = Editor(location).author  # what cannot be recorded is not begun

    def keep(record: Record) -> tuple[str | None, str | None]:
        for left in reversed(range(_ATTEMPTS)):
            editor = Editor(location)
            plan = record.plan(editor)
            try:
                made = editor.apply(plan, record.subject(plan), "manual")
            except MovedError:
                if not left:
                    raise
            else:
                reconcile(location)
                return made, None
        raise AssertionError

    with open_keboola(InstanceSettings.load()) as storage:
        return push_tables(
            *(storage, location, commit, tables, keep),
            force=force,
            dry_run=dry_run,
            advance=advance,
        )


def push_there(
    client: Client,
    table_ids: Sequence[str] | None,
    *,
    force: bool = False,
    dry_run: bool = False,
    advance: Advance = lambda _done, _total: None,
) -> Pushed:
    """Let a server push tables; see `push_here`."""
    from agnes.client import quoted

    if table_ids is None:
        rows = client.get("/api/admin/registry")["tables"]
        table_ids = [row["id"] for row in rows if row["source_type"] == "keboola"]
    asked = {"force": "true" if force else None, "dry_run": "true" if dry_run else None}
    done = Pushed([], dry_run)
    for number, table_id in enumerate(dict.fromkeys(table_ids), 1):
        answer = client.post(f"/api/admin/metadata/{quoted(table_id)}/push", params=asked)
        done.tables.append(_outcome(table_id, answer))
        told = {key: answer.get(key) for key in ("commit", "branch", "unrecorded")}
        done = replace(done, **{key: value for key, value in told.items() if value})
        advance(number, len(table_ids))
    return done


def _outcome(table_id: str, answer: Any) -> Outcome:
    try:
        return Outcome(
            table_id,
            answer["address"],
            answer["sent"],
            answer["equal"],
            [Value(**value) for value in answer["conflicts"]],
            [Value(**value) for value in answer["theirs"]],
            answer.get("errors", []),
            message=answer.get("message"),
        )
    except (KeyError, TypeError, AttributeError):
        raise UnavailableError(
            "the server does not answer as Agnes does", "is it of the same version?"
        ) from None
