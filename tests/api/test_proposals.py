from __future__ import annotations

import pytest

from tests.api.conftest import Running
from tests.api.test_changes import MRR, count
from tests.conftest import metric_yaml

PATH = "/api/proposals/metrics"


def test_an_analyst_proposes_where_they_may_not_write(server: Running):
    found = server.as_("analyst").post(PATH, json=MRR)

    assert found.status_code == 202
    said = found.json()
    assert said["branch"].startswith("agnes/analyst/define-finance-mrr-")
    assert said["changes"] == [
        {"id": "finance/mrr", "kind": "added", "class": "compatible", "what": "added"}
    ]
    assert server.repository.git("log", "-1", "--format=%ae|%ce", said["branch"]) == (
        "analyst@example.com|agnes@localhost"
    )
    assert count(server) == 1


def test_a_changed_metric_is_told_in_words(server: Running):
    row = server.as_("analyst").get("/api/metrics/revenue/mrr").json()

    found = server.as_("analyst").post(PATH, json=row | {"unit": "EUR"}).json()

    assert found["diff"] == "revenue/mrr: unit changed (USD → EUR)"


def test_what_changes_nothing_is_no_branch(server: Running):
    row = server.as_("analyst").get("/api/metrics/revenue/mrr").json()

    found = server.as_("analyst").post(PATH, json=row)

    assert (found.status_code, found.json()) == (
        200,
        {"status": "unchanged", "id": "revenue/mrr"},
    )


def test_a_viewer_may_not(server: Running):
    assert server.as_("viewer").post(PATH, json=MRR).status_code == 403
    assert server.client().post(PATH, json=MRR).status_code == 401


def test_a_proposal_that_does_not_validate_is_refused_with_its_findings(server: Running):
    found = server.as_("analyst").post(PATH, json=MRR | {"sql": "DELETE FROM orders"})

    assert (found.status_code, found.json()["diagnostics"][0]["code"]) == (422, "AG402")


def test_a_proposal_that_is_sent_again_is_one_branch(server: Running):
    key = {"Idempotency-Key": "x"}

    answers = [server.as_("analyst").post(PATH, json=MRR, headers=key).json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(server.repository.git("branch", "--list", "agnes/*").splitlines()) == 1


SECRET = "id: salaries\naccess: {groups: [hr]}\ncolumns:\n  amount: {basetype: NUMERIC}\n"


@pytest.mark.parametrize("same", [True, False])
def test_a_proposal_for_a_hidden_metric_is_answered_as_for_a_new_one(server: Running, same):
    hidden = metric_yaml("pay", "Pay", table="salaries").replace("orders", "salaries")
    server.commit({"tables/salaries.yml": SECRET, "metrics/revenue/pay.yml": hidden})
    row = server.as_("admin").get("/api/metrics/revenue/pay").json()
    assert server.as_("analyst").get("/api/metrics/revenue/pay").status_code == 404
    assert server.as_("analyst", "hr").get("/api/metrics/revenue/pay").status_code == 200

    body = row if same else row | {"unit": "EUR"}
    found = server.as_("analyst").post(PATH, json=body)
    new = server.as_("analyst").post(PATH, json=body | {"id": "revenue/new", "name": "new"})

    assert found.status_code == new.status_code == 202
    assert found.json()["diff"] == "revenue/pay: added"
    assert new.json()["diff"] == "revenue/new: added"
    assert found.json().keys() == new.json().keys()


def test_what_waits_is_listed_until_it_is_merged(server: Running):
    branch = server.as_("analyst").post(PATH, json=MRR).json()["branch"]
    client = server.as_("admin")

    found = client.get("/api/proposals").json()

    assert (found["count"], found["proposals"][0]["branch"]) == (1, branch)
    assert found["proposals"][0]["title"] == "feat(metrics): define finance/mrr"
    assert found["proposals"][0]["email"] == "analyst@example.com"
    assert server.as_("analyst").get("/api/proposals").status_code == 403
    server.repository.git("merge", "--quiet", branch)
    server.wait_for(server.repository.git("rev-parse", "HEAD"))
    assert client.get("/api/proposals").json() == {"proposals": [], "count": 0}


def test_metadata_that_is_proposed_is_listed_beside_it(server: Running):
    server.as_("analyst").post(PATH, json=MRR)
    server.repository.git("switch", "--quiet", "--create", "proposals/acme_metadata")
    server.repository.write("proposals/acme_metadata.yml", "tables: {}\n")
    server.repository.commit("feat(metadata): propose", at=1_600_000_000)
    server.repository.git("switch", "--quiet", "main")

    found = server.as_("admin").get("/api/proposals").json()["proposals"]

    assert [it["branch"].split("/")[0] for it in found] == ["agnes", "proposals"]
    assert found[1]["title"] == "feat(metadata): propose"
