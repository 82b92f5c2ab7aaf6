from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agnes import certify
from agnes.config import Person, author
from agnes.edit import Editor, Plan
from agnes.errors import AgnesError, ConflictError, InvalidError, NotFoundError
from agnes.git.refs import locate
from agnes.load.certificate import certification, definition
from agnes.load.pack import read_pack
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"
GROUPS = "certifiers: [finance]\ngroups:\n  finance: [Ada@Example.com]\n"


def editor(at: GitRepository) -> Editor:
    return Editor(locate(at.path))


def approve(at: GitRepository, *ids: str, how=certify.certify) -> Plan:
    edit = editor(at)
    plan = how(edit, ids or ["revenue/mrr"])
    edit.apply(plan, "feat: x", "manual")
    return plan


def test_a_certificate_is_of_git_s_author_today_and_the_definition_on_the_branch(catalog):
    before = definition(editor(catalog).metric("revenue/mrr"))

    approve(catalog)

    found = editor(catalog).metric("revenue/mrr")
    assert found.certified.by == "ada@example.com"
    assert found.certified.on == datetime.now(UTC).date().isoformat()
    assert found.certified.definition == before == definition(found)
    assert certification(found) == "certified"


def test_nothing_but_the_certificate_is_written(catalog):
    catalog.write(MRR, "# A comment\n" + metric_yaml("mrr"))
    catalog.commit("Comment")

    approve(catalog)

    lines = catalog.git("show", "--format=", "--unified=0", "HEAD").splitlines()
    changed = [line for line in lines if line.startswith(("+", "-")) and line[:3] not in _HEADS]
    assert [line.split(":")[0] for line in changed] == [
        *("+certified", "+  by", "+  'on'", "+  definition")
    ]


_HEADS = ("+++", "---")


def test_several_are_certified_as_one_commit_and_again_only_if_it_says_something_new(catalog):
    plan = approve(catalog, "revenue/mrr", "revenue/arr", "revenue/mrr")
    assert plan.changed == ["revenue/mrr", "revenue/arr"]

    plan = approve(catalog, "revenue/mrr", "revenue/arr")
    assert (plan.changed, plan.files) == ([], {})


def test_what_lapsed_is_certified_anew(catalog):
    approve(catalog)
    text = (catalog.path / MRR).read_text()
    catalog.write(MRR, text.replace("unit: USD", "unit: EUR"))
    catalog.commit("Price in euro")
    assert certification(editor(catalog).metric("revenue/mrr")) == "lapsed"

    approve(catalog)
    assert certification(editor(catalog).metric("revenue/mrr")) == "certified"


def test_a_certificate_is_revoked(catalog):
    approve(catalog)
    approve(catalog, how=certify.revoke)

    assert editor(catalog).metric("revenue/mrr").certified is None


def test_who_is_in_a_group_of_certifiers_may(catalog):
    catalog.write("agnes.yml", GROUPS)
    catalog.commit("Finance certifies")

    assert approve(catalog).changed == ["revenue/mrr"]


@pytest.mark.parametrize("how", [certify.certify, certify.revoke])
def test_who_is_no_certifier_may_not_and_is_told_who_may(catalog, how):
    catalog.write("agnes.yml", "certifiers: [grace@example.com, finance]\ngroups: {finance: [b@x]}")
    catalog.commit("Grace certifies")

    with pytest.raises(AgnesError, match=r"ada@example\.com may not certify") as error:
        approve(catalog, how=how)
    assert "grace@example.com, finance: b@x" in error.value.hint


def test_nobody_may_where_only_a_group_that_is_not_there_does(catalog):
    catalog.write("agnes.yml", "certifiers: [finance]\n")
    catalog.commit("Finance certifies")

    with pytest.raises(AgnesError, match="may not certify"):
        approve(catalog)


def test_settings_that_are_broken_let_nobody_in(catalog):
    catalog.write("agnes.yml", "certifiers: [grace@example.com]\n")
    catalog.commit("Grace certifies")
    catalog.write("agnes.yml", "certifiers: nobody\n")
    catalog.commit("Oops")

    with pytest.raises(AgnesError, match="may not certify"):
        approve(catalog)


def test_who_has_no_email_is_told_so(catalog, monkeypatch):
    monkeypatch.setenv("AGNES_AUTHOR", "Ada <ada>")

    with pytest.raises(AgnesError, match="no e-mail"):
        approve(catalog)


def test_a_metric_that_is_not_there_is_not_certified(catalog):
    with pytest.raises(NotFoundError, match="'revenue/nope' not found"):
        approve(catalog, "revenue/mrr", "revenue/nope")


def test_a_metric_that_does_not_validate_is_not_certified(catalog):
    catalog.write(MRR, metric_yaml("mrr", grain="montly"))
    catalog.commit("Oops")

    with pytest.raises(InvalidError, match="does not validate"):
        approve(catalog)


def test_a_metric_with_a_mistake_that_other_files_show_is_not_certified(catalog):
    catalog.write(MRR, metric_yaml("mrr").replace("FROM orders", "FROM nowhere"))
    catalog.commit("Oops")

    with pytest.raises(InvalidError) as error:
        approve(catalog)
    assert "AG301" in {found.code for found in error.value.diagnostics}


@pytest.mark.parametrize("status", ["deprecated", "removed"])
def test_a_metric_that_is_not_to_be_used_is_not_certified(catalog, status):
    catalog.write(MRR, metric_yaml("mrr") + f"status: {status}\nreplaced_by: revenue/arr\n")
    catalog.commit("Away")

    with pytest.raises(InvalidError, match=status) as error:
        approve(catalog)
    assert error.value.hint == "certify revenue/arr"


@pytest.mark.parametrize("again", [False, True])
def test_who_sees_another_meaning_on_disk_certifies_nothing(catalog, again):
    if again:
        approve(catalog)
    text = (catalog.path / MRR).read_text()
    catalog.write(MRR, text.replace("unit: USD", "unit: EUR"))

    with pytest.raises(ConflictError, match="uncommitted changes of its meaning"):
        approve(catalog)


def test_somebody_else_s_certificate_is_replaced_by_a_certifier_s(catalog):
    approve(catalog)
    catalog.write("agnes.yml", "certifiers: [ada@example.com]\n")
    text = (catalog.path / MRR).read_text()
    catalog.write(MRR, text.replace("by: ada@", "by: grace@"))
    catalog.commit("Forge")

    approve(catalog)
    assert editor(catalog).metric("revenue/mrr").certified.by == "ada@example.com"


# What comes in otherwise


def put(at: GitRepository, tmp_path, text: str, category: str = "revenue") -> Plan:
    file = tmp_path / "pack" / category / f"{text.split()[1]}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    edit = editor(at)
    plan = edit.put(read_pack(file.parent.parent))
    edit.apply(plan, "feat: x", "yaml_import")
    return plan


def test_an_import_that_says_nothing_of_a_certificate_lets_it_lapse(catalog, tmp_path):
    approve(catalog)
    put(catalog, tmp_path, metric_yaml("mrr", unit="EUR"))

    assert certification(editor(catalog).metric("revenue/mrr")) == "lapsed"


def test_an_import_keeps_the_certificate_of_a_new_metric_where_anybody_may_certify(
    catalog, tmp_path
):
    approve(catalog)
    text = (catalog.path / MRR).read_text()

    put(catalog, tmp_path, text, "sales")
    assert certification(editor(catalog).metric("sales/mrr")) == "certified"

    catalog.write("agnes.yml", GROUPS)
    catalog.commit("Finance certifies")
    with pytest.raises(InvalidError) as error:
        put(catalog, tmp_path, text, "people")
    assert [found.code for found in error.value.diagnostics] == ["AG703"]


def test_an_import_does_not_certify_what_it_changes(catalog, tmp_path):
    approve(catalog)
    text = (catalog.path / MRR).read_text()
    approve(catalog, how=certify.revoke)
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit("Price in euro")

    with pytest.raises(InvalidError) as error:
        put(catalog, tmp_path, text)
    assert [found.code for found in error.value.diagnostics] == ["AG703"]


def test_on_a_server_the_user_certifies_and_not_who_commits(catalog):
    grace = author("Grace Hopper", "grace@example.com", Person("Agnes", "agnes@example.com"))
    edit = Editor(locate(catalog.path), grace)

    edit.apply(certify.certify(edit, ["revenue/mrr"]), "feat: x", "api")

    assert editor(catalog).metric("revenue/mrr").certified.by == "grace@example.com"
    assert catalog.git("log", "-1", "--format=%ae %ce") == "grace@example.com agnes@example.com"
