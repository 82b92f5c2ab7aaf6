"""Rules about certificates; see docs/certification.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import ClassVar

from agnes.lint.facts import CatalogFacts, MetricFacts
from agnes.lint.rule import CatalogRule, Finding, Level, Rule
from agnes.load.certificate import meaning
from agnes.model.catalog import approvers, is_email
from agnes.model.diagnostic import Severity
from agnes.model.layout import SETTINGS
from agnes.model.metric import Metric


class CertificationRule(CatalogRule):
    """A rule about who approved of what."""

    level: ClassVar[Level] = "references"


class Lapsed(CertificationRule):
    """A metric means something else than what was certified.

    A certificate is bound to the queries, the expression, unit, grain, type, filters and inputs.
    Layout, comments and documentation may change. `da metrics certify` approves of it anew.

    Bad:

        name: revenue
        certified:
          by: ada@example.com
          on: 2026-07-29
          definition: fdc0455861296798-4e85b7fbdec25003
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders WHERE region = 'EU'

    Good:

        name: revenue
        certified:
          by: ada@example.com
          on: 2026-07-29
          definition: fdc0455861296798-4e85b7fbdec25003
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG701"
    severity: ClassVar[Severity] = "warning"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Tell those of which AG704 does not tell already."""
        required = catalog.settings.severities.get(Uncertified.code, "off") != "off"
        for metric in catalog.metrics.values():
            told = required and metric.status == "active"
            if metric.whole and metric.certification == "lapsed" and not told:
                yield self.find(metric.path, ("certified",), *_lapsed(metric), at_key=True)


class MayNotCertify(CertificationRule):
    """A metric is certified by somebody who is not among the `certifiers` of agnes.yml.

    Where agnes.yml names none, anybody may certify.

    Bad:

        # agnes.yml
        certifiers: [grace@example.com]

        # metrics/sales/revenue.yml
        name: revenue
        certified:
          by: ada@example.com
          on: 2026-07-29
          definition: fdc0455861296798-4e85b7fbdec25003
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # agnes.yml
        certifiers: [grace@example.com, finance]
        groups:
          finance: [ada@example.com]

        # metrics/sales/revenue.yml
        name: revenue
        certified:
          by: ada@example.com
          on: 2026-07-29
          definition: fdc0455861296798-4e85b7fbdec25003
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG702"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look up everybody who certified something."""
        known = approvers(catalog.settings.certifiers, catalog.settings.groups)
        for metric in catalog.metrics.values():
            who = metric.certified_by
            if who is not None and known is not None and who.casefold() not in known:
                message = f"{who} may not certify"
                hint = "let a certifier do it: da metrics certify; agnes.yml names them"
                yield self.find(metric.path, ("certified", "by"), message, hint)


class CertifiedInPassing(Rule):
    """A commit certifies what it changes itself, or in another's name.

    Who approves looks at what is there, and commits nothing but the certificate; its author is the
    approver. It is checked where a commit is: with `--staged` and `--rev`. A metric that moves
    keeps its certificate. A new one may bring a certificate along where anybody may certify.
    """

    code = "AG703"
    level: ClassVar[Level] = "references"

    @staticmethod
    def objection(
        after: Metric, before: Sequence[Metric], author: str | None, *, anybody: bool
    ) -> tuple[str, str] | None:
        """What is wrong with how a certificate came: message and hint; None if nothing is.

        Args:
            after: the metric as a commit leaves it.
            before: as it was in the commit's parents; empty for a new one.
            author: the e-mail of the commit's author, None where that is not known.
            anybody: whether anybody may certify.
        """
        given, later = (
            after.certified,
            f"commit the metric first, then: da metrics certify {after.id}",
        )
        if given is None or given in [metric.certified for metric in before]:
            return None
        if not before:
            return None if anybody else ("a new metric brings its certificate along", later)
        if author is not None and given.by.casefold() != author.casefold():
            message = f"{given.by} certifies in a commit by {author}"
            return message, f"who approves commits it: da metrics certify {after.id}"
        if meaning(after) not in map(meaning, before):
            return "it is certified by the commit that changes its meaning", later
        return None


class Uncertified(CertificationRule):
    """An active metric is not certified, or not any more. Off by default.

    `--require-certified` turns it on, and so does `lint: {severities: {AG704: error}}`.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        certified:
          by: ada@example.com
          on: 2026-07-29
          definition: fdc0455861296798-4e85b7fbdec25003
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG704"
    on = False

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look at those that are in use, and can be read."""
        for metric in catalog.metrics.values():
            if metric.status != "active" or not metric.whole:
                continue
            if metric.certification is None:
                hint = f"approve of it: da metrics certify {metric.id}"
                yield self.find(metric.path, (), "the metric is not certified", hint)
            elif metric.certification == "lapsed":
                yield self.find(metric.path, ("certified",), *_lapsed(metric), at_key=True)


class UnknownGroup(CertificationRule):
    """`certifiers` names a group that agnes.yml does not have.

    An entry with an @ is a person, any other a group. A group that is not there is of nobody.

    Bad:

        # agnes.yml
        certifiers: [finance]

    Good:

        # agnes.yml
        certifiers: [finance]
        groups:
          finance: [ada@example.com]
    """

    code = "AG705"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look every group up."""
        groups = catalog.settings.groups
        for number, entry in enumerate(catalog.settings.certifiers):
            if not is_email(entry) and entry not in groups:
                near = get_close_matches(entry, list(groups), 1, 0.6)
                hint = f"did you mean {near[0]}?" if near else f"add it: groups: {{{entry}: [...]}}"
                message = f"there is no group {entry}"
                yield self.find(SETTINGS, ("certifiers", number), message, hint)


def _lapsed(metric: MetricFacts) -> tuple[str, str]:
    message = f"the certificate lapsed: the metric means something else than {metric.certified_by}"
    return f"{message} certified", f"approve of it: da metrics certify {metric.id}"


RULES = (Lapsed, MayNotCertify, CertifiedInPassing, Uncertified, UnknownGroup)
