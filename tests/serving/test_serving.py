from __future__ import annotations

import gc
import threading
import weakref

import pytest

from agnes.errors import UnavailableError
from agnes.git.refs import locate
from agnes.serving.serving import Serving
from agnes.sync.reconcile import reconcile
from tests.conftest import metric_yaml
from tests.serving.conftest import principal


def test_before_anything_is_in_force_that_is_said(catalog):
    with pytest.raises(UnavailableError, match="not served yet"):
        _ = Serving(locate(catalog.path)).edition


def test_what_did_not_change_is_not_rendered_again(serving, change):
    before = serving.edition.documents

    change({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})
    after = serving.edition.documents

    assert after["revenue/arr"] is before["revenue/arr"]
    assert after["revenue/mrr"] != before["revenue/mrr"]


def test_a_metric_that_is_gone_is_gone(serving, change, catalog):
    (catalog.path / "metrics/revenue/mrr.yml").unlink()
    change({})

    assert list(serving.edition.documents) == ["revenue/arr"]


def test_who_listens_is_told_once_per_change(serving, change):
    told = []
    forget = serving.listen(lambda: told.append(serving.edition.commit))

    first = change({"metrics/revenue/a.yml": metric_yaml("a")})
    serving.refresh()
    forget()
    change({"metrics/revenue/b.yml": metric_yaml("b")})

    assert told == [first]


def test_who_is_reading_goes_on_reading_what_was(serving, change):
    view = serving.view(principal())

    with view.reading() as snapshot:
        change({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})
        assert snapshot.metric("revenue/mrr")["unit"] == "USD"
    assert b'"unit":"USD"' in view.metric("revenue/mrr").body


def test_what_nobody_reads_any_more_is_let_go(serving, change):
    before = weakref.ref(serving.edition)
    serving.view(principal())

    change({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})
    gc.collect()

    assert before() is None


def test_what_another_process_puts_in_force_is_followed(serving, catalog):
    stop, seen = threading.Event(), threading.Event()
    serving.listen(seen.set)
    thread = threading.Thread(target=serving.follow, args=[stop, print])
    thread.start()

    catalog.write("metrics/revenue/a.yml", metric_yaml("a"))
    commit = catalog.commit()
    reconcile(locate(catalog.path))

    assert seen.wait(10)
    stop.set()
    thread.join()
    assert serving.edition.commit == commit


def test_all_of_one_audience_share_a_view(serving, change):
    change({"tables/secret.yml": "id: secret\naccess: {groups: [finance]}\n"})

    def view(role, *groups):
        return serving.view(principal(role, *groups))

    assert view("viewer") is view("analyst", "sales")
    assert view("viewer") is not view("viewer", "finance")
    assert view("viewer").version != view("viewer", "finance").version
