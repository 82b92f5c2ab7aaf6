"""Certifying metrics: who may approves of what is on the branch, by a commit of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from agnes.edit import Editor, Plan
from agnes.errors import AgnesError, ConflictError, InvalidError
from agnes.lint.check import results_of
from agnes.lint.files import GitFiles
from agnes.lint.rules.certification import CertifiedInPassing, MayNotCertify
from agnes.lint.run import Request, lint
from agnes.load.certificate import definition, meaning
from agnes.load.document import read_document
from agnes.model.catalog import Settings, approvers, is_email
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import Slot, printable
from agnes.model.metric import Certificate, Metric

_RETIRED = ("deprecated", "removed")
_OWN = (MayNotCertify.code, CertifiedInPassing.code)
"""What is said of the certificate that there is; a new one takes its place."""


def certify(editor: Editor, metric_ids: Iterable[str]) -> Plan:
    """Plan to certify metrics, as they are on the branch, in the name of git's author, today.

    Raises:
        NotFoundError: there is no such metric.
        InvalidError: one does not validate, or is not to be used any more.
        ConflictError: one means something else where it is checked out, uncommitted.
        AgnesError: the author may not certify.
    """
    who = _approver(editor)
    metrics = [editor.metric(metric_id) for metric_id in dict.fromkeys(metric_ids)]
    _check_valid(editor, metrics)
    _check_checkout(editor, metrics)
    today = datetime.now(UTC).date().isoformat()
    given: dict[str, Any] = {}
    for metric in metrics:
        if metric.status in _RETIRED:
            hint = f"certify {metric.replaced_by}" if metric.replaced_by else None
            raise InvalidError(f"{metric.id} is {metric.status}", [], hint)
        certificate = Certificate(by=who, on=today, definition=definition(metric))
        given[metric.id] = certificate.model_dump()
    return editor.set_key("certified", given)


def revoke(editor: Editor, metric_ids: Iterable[str]) -> Plan:
    """Plan to take certificates back.

    Raises:
        NotFoundError: there is no such metric.
        AgnesError: the author may not certify.
    """
    _approver(editor)
    metrics = [editor.metric(metric_id) for metric_id in metric_ids]
    return editor.set_key("certified", {metric.id: None for metric in metrics})


def _approver(editor: Editor) -> str:
    """The e-mail of git's author, who may certify."""
    who = editor.author.email
    if not is_email(who):
        hint = "run: git config user.email you@example.com"
        raise AgnesError(f"git's user.email is {who!r}, which is no e-mail", hint)
    settings = editor.settings
    may = approvers(settings.certifiers, settings.groups)
    if may is not None and who.casefold() not in may:
        raise AgnesError(f"{who} may not certify", _who_may(settings, may))
    return who


def _who_may(settings: Settings, may: frozenset[str]) -> str:
    if not may:
        return "agnes.yml names certifiers, but nobody is in their groups"
    names = ", ".join(settings.certifiers)
    groups = "" if all(map(is_email, settings.certifiers)) else f": {', '.join(sorted(may))}"
    return f"agnes.yml says who may: {names}{groups}"


def _check_valid(editor: Editor, metrics: list[Metric]) -> None:
    """Nobody approves of what has a mistake, also one that only the other files show."""
    paths = {printable(editor.path("metric", metric.id)) for metric in metrics}
    request = Request("references", results=results_of(editor.location.path))
    report = lint(GitFiles(editor.repository, list(editor.entries.values())), request)
    wrong: list[Diagnostic] = [
        found
        for found in report.diagnostics
        if found.path in paths and found.severity == "error" and found.code not in _OWN
    ]
    if wrong:
        raise InvalidError(f"{len(wrong)} error(s); nothing was certified", wrong)


def _check_checkout(editor: Editor, metrics: list[Metric]) -> None:
    """Who sees another definition than the branch's does not know what they approve of."""
    if editor.location.worktree is None or editor.repository.tip().branch != editor.branch:
        return
    for metric in metrics:
        path = editor.path("metric", metric.id)
        file = editor.location.path / path
        content = file.read_bytes() if file.is_file() else b""
        seen = read_document(Slot(path, "metric", metric.id), content).value
        if not isinstance(seen, Metric) or meaning(seen) != meaning(metric):
            message = f"{path} has uncommitted changes of its meaning"
            raise ConflictError(message, "commit them first, or put them aside: git stash")
