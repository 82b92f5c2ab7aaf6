"""What comes in by a command meets the same gates as what comes in by a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agnes.errors import InvalidError
from agnes.model.catalog import Settings, approvers
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import Slot, printable, survey
from agnes.model.metric import Metric


def check_queries(
    written: Mapping[str, bytes],
    tables: Mapping[str, str],
    metrics: Mapping[str, str] | None = None,
) -> None:
    """Insist that the queries of files are what queries may be.

    Args:
        written: path to new content.
        tables: id of a table to its file, for all that there are.
        metrics: the same of metrics; then what the files name must be there too.

    Raises:
        InvalidError: a query is not one SELECT of tables, an expression is no aggregate, or a
            table or metric that is named is not there.
    """
    from agnes.lint.examine import examine
    from agnes.lint.facts import CatalogFacts
    from agnes.lint.locate import Locator
    from agnes.lint.rules.references import UnregisteredTable, files_read
    from agnes.lint.rules.relations import UnknownMetric

    slots = survey((path, "file") for path in sorted(written)).slots
    examined = [examine(slot, written[path], "references") for path, slot in slots.items()]
    new_tables = {slot.id: path for path, slot in slots.items() if slot.kind == "table"}
    facts = [item.facts for item in examined if item.facts]
    new_metrics = {slot.id: path for path, slot in slots.items() if slot.kind == "metric"}
    catalog = CatalogFacts(facts, {**(metrics or {}), **new_metrics}, {**tables, **new_tables})
    found = [finding for item in examined for finding in item.diagnostics]
    for metric in catalog.metrics.values():
        locator = Locator(written[metric.path])
        found += [locator.diagnose(read, "error") for read in files_read(catalog, metric)]
    if metrics is not None:
        for rule in (UnregisteredTable(), UnknownMetric()):
            for finding in rule.check(catalog):
                severity = finding.severity or rule.severity
                found.append(Locator(written[finding.path]).diagnose(finding, severity))
    found = [finding for finding in found if finding.severity == "error"]
    if found:
        raise InvalidError(f"{len(found)} error(s); nothing was changed", sorted(found))


def check_certificate(
    path: str, metric: Metric, before: list[Metric], author: str, settings: Settings
) -> None:
    """Insist that a certificate that comes with a definition is given as in a commit.

    Args:
        before: the metric as it is, if there is one.
        author: the e-mail of who changes it.

    Raises:
        InvalidError: it is not for the author to give, or not in this way.
    """
    from agnes.lint.rules.certification import CertifiedInPassing, MayNotCertify

    if metric.certified is None or metric.certified in [it.certified for it in before]:
        return
    may = approvers(settings.certifiers, settings.groups)
    code = CertifiedInPassing.code
    wrong = CertifiedInPassing.objection(metric, before, author, anybody=may is None)
    if wrong is None and may is not None and metric.certified.by.casefold() not in may:
        code = MayNotCertify.code
        wrong = f"{metric.certified.by} may not certify", "agnes.yml says who may"
    if wrong is not None:
        finding = Diagnostic(printable(path), 0, 0, code, "error", *wrong)
        raise InvalidError("1 error(s); nothing was changed", [finding])


def check_new(slot: Slot, known: Iterable[tuple[str, str]]) -> None:
    """Insist that a new id is not an old one in another case.

    Args:
        known: kind and id of all that there is.

    Raises:
        InvalidError: it is.
    """
    for kind, other in known:
        if kind == slot.kind and other.casefold() == slot.id.casefold():
            raise InvalidError(
                f"{slot.id} differs from {other} in case only", [], f"use {other}, or another id"
            )
