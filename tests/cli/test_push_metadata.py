"""`da admin metadata push`, from a catalog at hand and through a server."""

from __future__ import annotations

import pytest

from tests.api.conftest import start  # noqa: F401
from tests.keboola.stack import TOKEN, running

ADDRESS = "in.c-crm.company"
OURS = "ai-metadata-enrichment"
COMPANY = """\
id: company
source_type: keboola
bucket: in.c-crm
columns:
  id: {basetype: INTEGER, description: The number}
  name: {description: As it is registered}
"""
PUSH = ("admin", "metadata", "push")


@pytest.fixture
def stack():
    with running() as stack:
        stack.add(ADDRESS, ["id", "name"])
        yield stack


@pytest.fixture
def project(here, stack, monkeypatch):
    here.write("tables/company.yml", COMPANY)
    here.commit("Add company")
    monkeypatch.setenv("KBC_STACK_URL", stack.url)
    monkeypatch.setenv("KBC_STORAGE_TOKEN", TOKEN)
    return here


def test_a_table_is_pushed_and_the_push_is_committed(da, project, stack):
    shown = da(*PUSH, "company", "--dry-run")

    assert (shown.code, shown.out.splitlines()) == (
        0,
        [
            "company: 2 column(s) would be pushed, 0 the same",
            "  id.basetype: INTEGER",
            "  id.description: The number",
            "  name.description: As it is registered",
        ],
    )
    assert stack.said(ADDRESS, OURS) == {}

    done = da(*PUSH, "company")

    assert (done.code, done.out) == (0, "company: 2 column(s) pushed, 0 the same\n")
    assert "committed" in done.err
    assert stack.said(ADDRESS, OURS)["name"] == {"KBC.description": "As it is registered"}
    assert project.git("log", "-1", "--format=%ae %s") == (
        "ada@example.com chore(metadata): record what was pushed of company"
    )
    assert project.git("status", "--porcelain") == ""

    again = da(*PUSH, "--all")

    assert (again.code, again.out) == (0, "company: 0 column(s) pushed, 2 the same\n")
    assert again.err == ""


def test_a_conflict_is_shown_with_its_three_values(da, project, stack):
    da(*PUSH, "company")
    stack.say(ADDRESS, "name", "KBC.description", "Trading\x1b name", OURS)
    stack.say(ADDRESS, "id", "KBC.description", "What a person wrote", "user")
    project.write("tables/company.yml", COMPANY.replace("As it is registered", "Legal name"))
    project.commit()

    done = da(*PUSH, "company")

    assert done.code == 1
    assert done.out.splitlines() == [
        "company: 0 column(s) pushed, 1 the same",
        "  conflict name.description",
        "    ours    Legal name",
        "    theirs  Trading\N{REPLACEMENT CHARACTER} name",
        "    base    As it is registered",
        "  theirs id.description: What a person wrote (by user)",
    ]
    assert "--force" in done.err
    assert "da admin metadata discover --from-source" in done.err
    assert da(*PUSH, "company", "--force").code == 0


def test_json_is_the_answer_alone(da, project, stack):
    stack.refused = {"id"}
    done = da(*PUSH, "company", "--json")
    assert (done.code, done.err) == (1, "")
    (table,) = done.json["tables"]
    assert (done.json["pushed"], table["address"]) == (1, ADDRESS)
    assert table["errors"] == ["id: Keboola did not take it"]
    assert done.json["commit"] == project.git("rev-parse", "HEAD")


def test_mistakes_are_said(da, project, stack, monkeypatch):
    assert da(*PUSH).code == 2
    assert da(*PUSH, "company", "--all").code == 2
    unknown = da(*PUSH, "compny")
    assert (unknown.code, "did you mean: company" in unknown.err) == (1, True)
    assert "not from keboola" in da(*PUSH, "orders").err
    assert stack.asked == []
    monkeypatch.delenv("KBC_STORAGE_TOKEN")
    unset = da(*PUSH, "company")
    assert (unset.code, "KBC_STORAGE_TOKEN" in unset.err) == (1, True)


def test_nothing_from_keboola_is_nothing_to_push(da, here, stack, monkeypatch):
    monkeypatch.setenv("KBC_STACK_URL", stack.url)
    monkeypatch.setenv("KBC_STORAGE_TOKEN", TOKEN)
    assert da(*PUSH, "--all").out == "No table comes from Keboola\n"


def test_the_token_is_shown_nowhere(da, project, stack):
    stack.fail("company", 400, content=b'{"error": "bad %s"}' % TOKEN.encode(), times=9)
    done = da(*PUSH, "company", "--json")
    assert done.code == 1
    assert TOKEN not in done.out + done.err


def test_without_a_catalog_the_server_pushes(
    da,
    project,
    stack,
    start,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    server = start(project, keboola_url=stack.url, keboola_token=TOKEN)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("DA_SERVER", server.url)
    monkeypatch.setenv("DA_TOKEN", server.token("admin@example.com", "admin"))
    for name in ("KBC_STACK_URL", "KBC_STORAGE_TOKEN"):
        monkeypatch.delenv(name)
    stack.say(ADDRESS, "name", "KBC.description", "Theirs", OURS)

    done = da(*PUSH, "--all", "--json")

    assert done.code == 1
    (table,) = done.json["tables"]
    assert (table["table"], list(table["sent"])) == ("company", ["id"])
    assert [it["theirs"] for it in table["conflicts"]] == ["Theirs"]
    assert done.json["commit"] == project.git("rev-parse", "HEAD")
    forced = da(*PUSH, "company", "--force")
    assert (forced.code, forced.out) == (0, "company: 1 column(s) pushed, 1 the same\n")
    assert "not found" in da(*PUSH, "none").err
