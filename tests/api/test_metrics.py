from __future__ import annotations

import gzip
import json

import pytest

from tests.api.conftest import Running
from tests.conftest import metric_yaml


def test_a_metric_is_the_whole_row(server: Running):
    found = server.as_("viewer").get("/api/metrics/revenue/mrr")

    assert found.status_code == 200
    assert found.json()["display_name"] == "Monthly recurring revenue"
    assert found.json()["synonyms"] == ["mrr synonym"]
    assert found.json()["table_name"] == "orders"


@pytest.mark.parametrize("query", ["", "?rev=HEAD"])
def test_an_unknown_metric_is_404_with_the_nearest(server: Running, query):
    found = server.as_("viewer").get(f"/api/metrics/revenue/mmr{query}")

    assert found.status_code == 404
    assert found.json() == {
        "detail": "Metric 'revenue/mmr' not found",
        "hint": "did you mean: revenue/mrr, revenue/arr",
    }


def test_what_the_caller_has_is_not_sent_again(server: Running):
    client = server.as_("viewer")
    first = client.get("/api/metrics/revenue/mrr")

    again = client.get("/api/metrics/revenue/mrr", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_commit_changes_the_tag_of_what_it_changes_alone(server: Running):
    client = server.as_("viewer")
    before = {name: client.get(f"/api/metrics/revenue/{name}").headers["etag"] for name in NAMES}

    server.commit({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})
    after = {name: client.get(f"/api/metrics/revenue/{name}").headers["etag"] for name in NAMES}

    assert before["arr"] == after["arr"]
    assert before["mrr"] != after["mrr"]
    assert client.get("/api/metrics/revenue/mrr").json()["unit"] == "EUR"


NAMES = ("mrr", "arr")


def test_the_list_has_all_metrics_and_their_count(server: Running):
    found = server.as_("viewer").get("/api/metrics").json()

    assert [metric["id"] for metric in found["metrics"]] == ["revenue/arr", "revenue/mrr"]
    assert found["count"] == 2
    assert found.keys() == {"metrics", "count"}


def test_a_category_that_is_not_there_has_no_metrics(server: Running):
    found = server.as_("viewer").get("/api/metrics", params={"category": "finance"})

    assert found.json() == {"metrics": [], "count": 0}


def test_fields_are_given_in_the_order_in_which_they_are_asked_for(server: Running):
    found = server.as_("viewer").get("/api/metrics?fields=unit,id&category=revenue").json()

    assert found["metrics"][0] == {"unit": "USD", "id": "revenue/arr"}
    assert list(found["metrics"][0]) == ["unit", "id"]


def test_a_field_that_is_not_there_is_named_with_the_nearest(server: Running):
    found = server.as_("viewer").get("/api/metrics?fields=id,sqll")

    assert found.status_code == 400
    assert found.json()["detail"] == "there is no field 'sqll'"
    assert "sql" in found.json()["hint"]


def test_a_list_is_read_in_pages(server: Running):
    client = server.as_("viewer")
    first = client.get("/api/metrics?limit=1").json()

    second = client.get("/api/metrics", params={"limit": 1, "cursor": first["next_cursor"]}).json()

    assert [page["metrics"][0]["id"] for page in (first, second)] == ["revenue/arr", "revenue/mrr"]
    assert (first["total"], second["total"], second["next_cursor"]) == (2, 2, None)


def test_a_page_goes_on_behind_its_metric_though_one_came_before_it(server: Running):
    client = server.as_("viewer")
    first = client.get("/api/metrics?limit=1").json()

    server.commit({"metrics/revenue/aaa.yml": metric_yaml("aaa")})
    second = client.get("/api/metrics", params={"limit": 5, "cursor": first["next_cursor"]}).json()

    assert [metric["id"] for metric in second["metrics"]] == ["revenue/mrr"]


@pytest.mark.parametrize("cursor", ["x", "%00", "bm9uZQ", "ÿ"])
def test_a_cursor_that_is_none_is_refused(server: Running, cursor):
    found = server.as_("viewer").get("/api/metrics", params={"limit": 1, "cursor": cursor})

    assert found.status_code == 400


def test_a_question_puts_the_best_first(server: Running):
    found = server.as_("viewer").get("/api/metrics?q=annual+recurring+revenue&fields=id").json()

    assert found["metrics"][0] == {"id": "revenue/arr"}


def test_filters_are_of_table_status_and_tag(server: Running):
    client = server.as_("viewer")
    old = metric_yaml("old") + "status: deprecated\ntags: [x]\n"
    server.commit({"metrics/revenue/old.yml": old})

    def ids(query: str) -> list[str]:
        return [it["id"] for it in client.get(f"/api/metrics?{query}&fields=id").json()["metrics"]]

    assert ids("status=deprecated") == ["revenue/old"]
    assert ids("tag=x") == ["revenue/old"]
    assert len(ids("table=orders")) == 3
    assert ids("table=other") == []


def test_a_large_list_is_compressed_for_who_can_read_that(server: Running):
    client = server.as_("viewer")
    names = [f"m{number}" for number in range(5)]
    server.commit({f"metrics/more/{name}.yml": metric_yaml(name) for name in names})

    with client.stream("GET", "/api/metrics", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = client.get("/api/metrics", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw)) == plain.json()


def test_a_metric_is_read_as_it_was(server: Running):
    client = server.as_("viewer")
    server.commit({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})

    assert client.get("/api/metrics/revenue/mrr?rev=HEAD~1").json()["unit"] == "USD"
    assert client.get("/api/metrics/revenue/mrr?as_of=2023-12-31").json()["unit"] == "USD"
    assert client.get("/api/metrics?rev=HEAD~1&fields=unit").json()["metrics"][0]["unit"] == "USD"


@pytest.mark.parametrize("query", ["rev=nowhere", "as_of=1999-01-01", "rev=--help"])
def test_a_revision_that_is_not_there_is_404(server: Running, query):
    assert server.as_("viewer").get(f"/api/metrics/revenue/mrr?{query}").status_code == 404


def test_search_says_why_a_metric_fits(server: Running):
    found = server.as_("viewer").get("/api/search?q=mrr").json()

    assert (found["query"], found["hits"][0]["id"]) == ("mrr", "revenue/mrr")
    assert "mrr" in found["hits"][0]["why"]


def test_history_tells_who_changed_what(server: Running):
    server.commit({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")})

    found = server.as_("viewer").get("/api/history/revenue/mrr").json()

    assert [event["kind"] for event in found["events"]] == ["changed", "added"]
    assert found["events"][0]["author"] == "Ada Lovelace"


def test_a_diff_is_told_as_data_and_in_words(server: Running):
    client = server.as_("viewer")
    server.commit({"metrics/revenue/mrr.yml": metric_yaml("mrr", "Monthly", unit="EUR")})

    as_data = client.get("/api/diff?base=HEAD~1").json()
    in_words = client.get("/api/diff?base=HEAD~1&format=markdown")

    assert [change["id"] for change in as_data["changes"]] == ["revenue/mrr"]
    assert "revenue/mrr" in in_words.text
    assert in_words.headers["content-type"].startswith("text/markdown")


def test_lineage_goes_up_to_the_columns(server: Running):
    found = server.as_("viewer").get("/api/lineage/revenue/mrr").json()

    assert "tables/orders" in [step["id"] for step in found["upstream"]]
