"""`da admin metadata discover`."""

from __future__ import annotations

import json

import pytest

from tests.describe.conftest import _endpoint, model  # noqa: F401  (a fixture)
from tests.keboola.stack import TOKEN, running
from tests.proposals.conftest import shop  # noqa: F401  (a fixture)

DISCOVER = ("admin", "metadata", "discover")


@pytest.fixture
def here(shop, monkeypatch):  # noqa: F811
    monkeypatch.chdir(shop.path)
    return shop


def test_a_proposal_is_made_and_the_next_command_named(da, here):
    done = da(*DISCOVER)

    assert done.code == 0, done.err
    assert "Proposed 8 columns of 2 tables:" in done.out
    assert "personal data  1" in done.out
    branch = here.git("branch", "--list", "proposals/*").strip()
    assert f"Next: git switch {branch}" in done.out
    assert f"Next: da admin metadata review {branch}.yml" in done.out


def test_json_and_one_table_in_place(da, here):
    done = da(*DISCOVER, "--table", "customers", "--no-branch", "--json")

    answer = done.json
    assert answer["branch"] is None
    assert (here.path / answer["file"]).is_file()
    assert answer["tables"] == {"customers": 2}
    assert sum(answer["confidence"].values()) == answer["columns"] == 2


def test_data_from_another_folder(da, here, tmp_path):
    (here.path / "data" / "parquet").rename(tmp_path / "elsewhere")

    missing = da(*DISCOVER)
    assert (missing.code, "local data not found" in missing.err) == (1, True)
    assert "--data" in missing.err
    assert da(*DISCOVER, "--data", tmp_path / "elsewhere", "--json").json["columns"] == 8


def test_nothing_to_propose(da, here):
    here.write("tables/orders.yml", "id: orders\n")
    (here.path / "tables" / "customers.yml").unlink()
    (here.path / "data" / "parquet" / "orders.parquet").unlink()
    here.commit()

    done = da(*DISCOVER)

    assert (done.code, done.out) == (0, "Nothing to propose.\n")
    assert "left out, for no data are at hand: orders" in done.err


def test_an_agent_fills_in_a_task(da, here):
    done = da(*DISCOVER, "--describe", "agent", "--table", "customers", "--json")
    path = here.path / done.json["task"]
    assert here.git("branch", "--list", "proposals/*") == ""

    task = json.loads(path.read_text())
    task["tables"]["customers"]["columns"]["customer_id"]["description"] = "Number on the card"
    path.write_text(json.dumps(task))
    back = da(*DISCOVER, "--from-task", path, "--no-branch", "--json")

    assert back.json["tables"] == {"customers": 2}
    assert "Number on the card" in (here.path / back.json["file"]).read_text()


def test_a_model_describes(da, here, model, monkeypatch):  # noqa: F811
    monkeypatch.setenv("AGNES_DESCRIBE_KEY", "secret-key")
    model.says({"customer_id": {"description": "Number on the card"}})

    done = da(*DISCOVER, "--describe", model.url, "--model", "m", "--no-branch", "--json")

    assert "Number on the card" in (here.path / done.json["file"]).read_text()
    assert model.headers[0]["Authorization"] == "Bearer secret-key"
    assert "@example.com" not in json.dumps(model.asked)


def test_a_model_that_refuses_leaves_it_to_the_rules(da, here, model):  # noqa: F811
    model.answers[0] = (401, b"")

    done = da(*DISCOVER, "--describe", model.url, "--model", "m")

    assert done.code == 0
    assert "described by rules only: customers, orders: 127.0.0.1: 401, the key is not" in done.err
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--describe", "me"], "--describe is 'me'"),
        (["--describe", "https://x.example/v1"], "no model is named"),
        (["--describe", "agent", "--from-task", "x"], "exclude each other"),
        (["--describe", "ftp://x", "--model", "m"], "--describe is"),
    ],
)
def test_wrong_usage(da, here, arguments, message):
    done = da(*DISCOVER, *arguments)

    assert (done.code, message in done.err) == (2, True)
    assert done.out == ""


def test_an_unknown_table(da, here):
    done = da(*DISCOVER, "--table", "order")

    assert (done.code, done.out) == (1, "")
    assert "the nearest: orders" in done.err


def test_what_keboola_says_is_a_proposal_too(da, here, monkeypatch):
    here.write("tables/company.yml", "id: company\nsource_type: keboola\nbucket: in.c-crm\n")
    here.commit()
    with running() as stack:
        stack.add("in.c-crm.company", ["id", "name"])
        stack.say("in.c-crm.company", "name", "KBC.description", "As it is registered", "user")
        monkeypatch.setenv("KBC_STACK_URL", stack.url)
        monkeypatch.setenv("KBC_STORAGE_TOKEN", TOKEN)
        answer = da(*DISCOVER, "--from-source", "--no-branch", "--json").json
        assert (answer["tables"], answer["described"]) == ({"company": 1}, 1)
        done = da("admin", "metadata", "apply", answer["file"])
        assert done.out == "Imported 1 column(s) from proposal.\n"
        assert da(*DISCOVER, "--from-source").out == "Nothing to propose.\n"
    shown = da("admin", "metadata", "show", "company", "--json").json["columns"]
    assert [(it["column_name"], it["source"]) for it in shown] == [("name", "keboola_import")]


def test_without_a_project_the_remedy_is_named(da, here):
    done = da(*DISCOVER, "--from-source")
    assert done.code == 1
    assert "KBC_STACK_URL" in done.err


def test_what_keboola_says_needs_no_data(da, here):
    assert da(*DISCOVER, "--from-source", "--describe", "agent").code == 2
