from __future__ import annotations

import pytest

from tests.api.conftest import Running, Start
from tests.api.test_changes import count
from tests.api.test_proposals import SECRET
from tests.conftest import GitRepository
from tests.keboola.stack import TOKEN, Stack, running

ORDERS = "/api/admin/metadata/orders"


def columns(server: Running, path: str = ORDERS, role: str = "viewer") -> dict[str, dict]:
    found = server.as_(role).get(path)
    assert found.status_code == 200
    return {row["column_name"]: row for row in found.json()["columns"]}


def test_what_is_known_of_columns_is_read_by_anybody_who_is_signed_in(server: Running):
    found = server.as_("viewer").get(ORDERS)

    assert found.status_code == 200
    assert found.json()["table_id"] == "orders"
    assert [row["column_name"] for row in found.json()["columns"]] == ["amount", "month"]
    assert columns(server)["month"]["description"] == "The month"
    assert server.client().get(ORDERS).status_code == 401


@pytest.mark.parametrize("table_id", ["none", "in.c-crm.company", "a%00b", "%ff", "..%2Fagnes"])
def test_nothing_is_known_of_a_table_that_is_not_there(server: Running, table_id):
    found = server.as_("viewer").get(f"/api/admin/metadata/{table_id}")

    if found.status_code == 200:
        assert found.json()["columns"] == []
    else:
        assert (found.status_code, table_id) == (404, "..%2Fagnes")


def test_of_a_table_that_is_hidden_nothing_is_known_either(server: Running):
    server.commit({"tables/salaries.yml": SECRET})
    path = "/api/admin/metadata/salaries"

    assert columns(server, path, "analyst") == {}
    assert list(columns(server, path, "admin")) == ["amount"]
    assert server.as_("analyst", "hr").get(path).json()["columns"][0]["basetype"] == "NUMERIC"


def test_what_is_said_of_columns_is_a_commit_and_the_others_stay(server: Running):
    body = {
        "columns": [
            {"column_name": "amount", "basetype": "FLOAT", "description": "In dollars"},
            {"column_name": "buyer", "confidence": "low", "source": "ai_enrichment"},
        ]
    }

    found = server.as_("admin").post(ORDERS, json=body)

    assert (found.status_code, found.json()) == (200, {"status": "ok", "count": 2})
    known = columns(server)
    assert known["amount"]["description"] == "In dollars"
    assert (known["amount"]["confidence"], known["amount"]["source"]) == ("manual", "manual")
    assert (known["buyer"]["confidence"], known["buyer"]["source"]) == ("low", "ai_enrichment")
    assert known["month"]["description"] == "The month"
    assert server.repository.git("log", "-1", "--format=%s|%ae") == (
        "feat(metrics): describe tables/orders|admin@example.com"
    )


def test_a_table_need_not_be_registered(server: Running):
    path = "/api/admin/metadata/in.c-crm.company"

    found = server.as_("admin").post(path, json={"columns": [{"column_name": "id"}]})

    assert (found.status_code, list(columns(server, path))) == (200, ["id"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"columns": [{"basetype": "STRING"}]}, 422),
        ({"columns": [{"column_name": "a", "basetype": "TEXT"}]}, 422),
        ({"columns": [{"column_name": "a", "confidence": "sure"}]}, 422),
        ({"columns": [{"column_name": "a"}, {"column_name": "a"}]}, 400),
        ({"columns": [{"column_name": ""}]}, 422),
    ],
)
def test_what_is_no_column_is_refused(server: Running, body, status):
    found = server.as_("admin").post(ORDERS, json=body)

    assert (found.status_code, bool(found.json()["detail"])) == (status, True)
    assert count(server) == 1


@pytest.mark.parametrize("table_id", ["a%00b", "%2e%2e", "a%2F..%2Fb", "x" * 300, "-rf", "a%0Ab"])
def test_a_table_that_could_not_be_a_file_is_refused(server: Running, table_id):
    found = server.as_("admin").post(
        f"/api/admin/metadata/{table_id}", json={"columns": [{"column_name": "id"}]}
    )

    assert found.status_code in (404, 405, 422), found.text
    assert count(server) == 1


def test_only_who_may_write_says_anything(server: Running):
    body = {"columns": [{"column_name": "a"}]}

    assert server.client().post(ORDERS, json=body).status_code == 401
    assert server.as_("analyst").post(ORDERS, json=body).status_code == 403


def test_nothing_said_is_nothing_done(server: Running):
    found = server.as_("admin").post(ORDERS, json={"columns": []})

    assert (found.status_code, found.json()["count"], count(server)) == (200, 0, 1)


# Telling the source


COMPANY = """\
id: company
source_type: keboola
bucket: in.c-crm
columns:
  id: {basetype: STRING, description: The number}
  name: {}
"""
PUSH = "/api/admin/metadata/company/push"


@pytest.fixture
def stack():
    with running() as stack:
        stack.add("in.c-crm.company", ["id", "name"])
        yield stack


@pytest.fixture
def connected(start: Start, catalog: GitRepository, stack: Stack) -> Running:
    catalog.write("tables/company.yml", COMPANY)
    catalog.commit()
    return start(catalog, keboola_url=stack.url, keboola_token=TOKEN)


def test_keboola_is_told_what_is_known_of_columns(connected: Running, stack: Stack):
    admin = connected.as_("admin")

    shown = admin.post(PUSH, params={"dry_run": "true"}).json()

    assert (shown["pushed"], shown["dry_run"], shown["commit"]) == (1, True, None)
    assert shown["sent"] == {"id": {"basetype": "STRING", "description": "The number"}}
    assert [asked.method for asked in stack.asked] == ["GET"]

    found = admin.post(PUSH)

    assert (found.status_code, found.json()["status"], found.json()["pushed"]) == (200, "ok", 1)
    assert "errors" not in found.json()
    told = stack.said("in.c-crm.company", "ai-metadata-enrichment")
    assert told == {"id": {"KBC.datatype.basetype": "STRING", "KBC.description": "The number"}}
    assert found.json()["commit"] == connected.repository.git("rev-parse", "HEAD")
    assert connected.repository.git("log", "-1", "--format=%s|%ae|%ce") == (
        "chore(metadata): record what was pushed of company|admin@example.com|agnes@localhost"
    )
    audit = admin.get("/api/audit").json()["entries"][0]
    assert (audit["action"], audit["target"]) == ("metadata.push", "company")

    again = admin.post(PUSH).json()

    assert (again["pushed"], again["equal"], again["commit"]) == (0, 1, None)


def test_what_was_changed_on_both_sides_is_a_conflict_until_it_is_forced(
    connected: Running, stack: Stack
):
    stack.say("in.c-crm.company", "id", "KBC.description", "Theirs", "ai-metadata-enrichment")
    admin = connected.as_("admin")

    found = admin.post(PUSH).json()

    assert found["conflicts"] == [
        {
            "column": "id",
            "key": "description",
            "ours": "The number",
            "theirs": "Theirs",
            "base": None,
        }
    ]
    assert found["sent"] == {"id": {"basetype": "STRING"}}
    forced = admin.post(PUSH, params={"force": "true"}).json()
    assert (forced["conflicts"], forced["pushed"]) == ([], 1)
    assert stack.said("in.c-crm.company", "ai-metadata-enrichment")["id"]["KBC.description"] == (
        "The number"
    )


def test_what_keboola_does_not_take_is_said(connected: Running, stack: Stack):
    stack.fail("company", 400, content=b'{"error": "no, %s"}' % TOKEN.encode(), times=9)

    found = connected.as_("admin").post(PUSH)

    assert (found.status_code, found.json()["pushed"]) == (200, 0)
    assert found.json()["errors"]
    assert TOKEN not in found.text


def test_where_changes_are_reviewed_the_record_of_a_push_is_too(connected: Running, stack: Stack):
    connected.commit({"agnes.yml": "name: Test catalog\nwrite_mode: branch\n"})

    found = connected.as_("admin").post(PUSH).json()

    assert found["pushed"] == 1
    record = connected.repository.git("show", f"{found['branch']}:pushed/company.yml")
    assert "The number" in record
    assert found["commit"] != connected.repository.git("rev-parse", "HEAD")


@pytest.mark.parametrize(("table", "status"), [("none", 404), ("orders", 400)])
def test_only_a_table_from_keboola_can_be_pushed(connected: Running, table, status):
    found = connected.as_("admin").post(f"/api/admin/metadata/{table}/push")

    assert connected.as_("analyst").post(PUSH).status_code == 403
    assert found.status_code == status
    assert status == 404 or "keboola" in found.json()["detail"]


def test_an_instance_that_knows_no_project_says_what_to_set(server: Running):
    server.commit({"tables/company.yml": COMPANY})

    found = server.as_("admin").post(PUSH)

    assert (found.status_code, "KBC_STACK_URL" in found.json()["detail"]) == (500, True)


def test_where_nothing_is_known_nothing_is_pushed(connected: Running):
    connected.commit({"tables/company.yml": "id: company\nsource_type: keboola\n"})

    found = connected.as_("admin").post(PUSH).json()

    assert (found["pushed"], found["message"]) == (0, "No column metadata to push")
