from __future__ import annotations

from datetime import date

import pytest

from agnes.errors import RevisionError
from agnes.serving.past import KEPT, Past
from tests.conftest import metric_yaml
from tests.serving.conftest import principal


def test_the_revision_in_force_is_what_is_served(serving):
    past = Past(serving)

    assert past.view(principal(), "HEAD") is serving.view(principal())


def test_an_earlier_revision_says_what_it_said(serving, change):
    past = Past(serving)
    first = serving.edition.commit
    change({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})

    assert b'"unit":"USD"' in past.view(principal(), first).metric("revenue/mrr").body
    assert past.view(principal(), as_of=date(2024, 1, 1)).commit == first


def test_a_revision_that_is_none_is_an_error(serving):
    with pytest.raises(RevisionError):
        Past(serving).view(principal(), "nowhere")


def test_only_some_revisions_stay_open(serving, change):
    past = Past(serving)
    units = [metric_yaml("mrr", unit=f"U{number}") for number in range(7)]
    commits = [change({"metrics/revenue/mrr.yml": text}) for text in units]

    for commit in commits:
        past.view(principal(), commit)

    assert len(past._open) == KEPT


def test_the_rules_of_today_hold_for_what_was(serving, change):
    past = Past(serving)
    first = serving.edition.commit
    assert past.view(principal(), first).sees_metric("revenue/mrr")

    change({"tables/orders.yml": "id: orders\naccess: {groups: [finance]}\n"})

    assert not past.view(principal(), first).sees_metric("revenue/mrr")
    assert past.view(principal("viewer", "finance"), first).sees_metric("revenue/mrr")


def test_a_table_that_is_gone_keeps_its_last_rule(serving, change, catalog):
    past = Past(serving)
    secret = metric_yaml("secret").replace("orders", "payroll")
    then = change(
        {
            "tables/payroll.yml": "id: payroll\naccess: {groups: [finance]}\n",
            "metrics/revenue/secret.yml": secret,
        }
    )
    (catalog.path / "tables/payroll.yml").unlink()
    (catalog.path / "metrics/revenue/secret.yml").unlink()
    change({})

    assert past.hidden_from(principal()).tables == {"payroll"}
    assert not past.hidden_from(principal("viewer", "finance"))
    assert not past.view(principal(), then).sees_metric("revenue/secret")
