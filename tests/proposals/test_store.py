from __future__ import annotations

import json
import subprocess

import pytest

from agnes.errors import ConflictError, InvalidError, NotFoundError
from agnes.git.refs import locate
from agnes.proposals.review import Review
from agnes.proposals.store import Stored, find, rewritten, save
from tests.conftest import GitRepository
from tests.proposals.waiting import NAME, PATH, PROPOSAL, waiting

AMOUNT = ("orders", "amount")


@pytest.fixture
def proposed(catalog: GitRepository) -> GitRepository:
    """The small catalog with its proposal."""
    return waiting(catalog)


def found(at: GitRepository, wanted: str = NAME) -> Stored:
    return find(locate(at.path), wanted)


def accepted(stored: Stored) -> bytes:
    review = Review(stored.proposal, {}, "Ada <ada@example.com>")
    review.accept(AMOUNT)
    return rewritten(stored, review.changes)


def keep(at: GitRepository, stored: Stored) -> str | None:
    return save(locate(at.path), stored, accepted(stored), "review: decide")


def on_a_branch(at: GitRepository) -> GitRepository:
    """Move the proposal from main to a branch of its own."""
    at.git("branch", f"proposals/{NAME}")
    at.git("reset", "--quiet", "--hard", "HEAD~1")
    return at


# Finding


@pytest.mark.parametrize("wanted", [PATH, NAME, f"{NAME}.yml", f"proposals/{NAME}", f"./{PATH}"])
def test_a_proposal_is_found_by_path_or_name(proposed, monkeypatch, wanted):
    monkeypatch.chdir(proposed.path)

    stored = found(proposed, wanted)

    assert (stored.path, stored.branch) == (PATH, "refs/heads/main")
    assert list(stored.proposal.tables) == ["orders"]


def test_a_path_in_the_catalog_is_found_from_anywhere(proposed):
    assert found(proposed, PATH).path == PATH


@pytest.mark.parametrize("wanted", [PATH, NAME, f"proposals/{NAME}"])
def test_a_proposal_is_found_on_its_own_branch(proposed, wanted):
    stored = found(on_a_branch(proposed), wanted)

    assert (stored.path, stored.branch_name) == (PATH, f"proposals/{NAME}")


def test_a_proposal_is_found_on_the_branch_of_a_remote(proposed, tmp_path):
    on_a_branch(proposed)
    clone = GitRepository(tmp_path / "clone")
    subprocess.run(["git", "clone", "--quiet", str(proposed.path), str(clone.path)], check=True)

    assert found(clone).branch == f"refs/remotes/origin/proposals/{NAME}"


def test_a_file_from_elsewhere_is_on_no_branch(proposed, tmp_path):
    (tmp_path / "p.json").write_text('{"tables": {}}')

    stored = found(proposed, str(tmp_path / "p.json"))

    assert (stored.path, stored.branch) == (None, None)


def test_an_applied_one_is_found_too(proposed):
    proposed.git("mv", "-k", PATH, f"{PATH}.away")
    proposed.write(f"proposals/applied/{NAME}.yml", PROPOSAL)
    proposed.commit()

    assert found(proposed, PATH).is_applied


@pytest.mark.parametrize("wanted", ["acme_metadata_20260131", "x", "", ".", "x" * 5000, "a\0b"])
def test_an_unknown_one_names_those_that_wait(proposed, wanted):
    with pytest.raises(NotFoundError, match="not found") as caught:
        found(proposed, wanted)

    assert NAME in (caught.value.hint or "")


def test_where_none_waits_the_remedy_is_to_make_one(catalog):
    with pytest.raises(NotFoundError) as caught:
        found(catalog)

    assert caught.value.hint == "make one: da admin metadata discover"


def test_what_is_no_proposal_is_refused_at_its_place(proposed):
    proposed.write(PATH, "tables:\n  orders:\n    columns:\n      id: {basetyp: DATE}\n")

    with pytest.raises(InvalidError) as caught:
        found(proposed)

    [finding] = caught.value.diagnostics
    assert (finding.path, finding.line, finding.hint) == (PATH, 4, "did you mean `basetype`?")


# Rewriting


def test_a_decision_changes_its_column_and_nothing_else(proposed):
    lines = accepted(found(proposed)).decode().splitlines()

    assert lines[:-1] == PROPOSAL.splitlines()[:-1]
    assert lines[-1].startswith(PROPOSAL.splitlines()[-1].rstrip("}"))
    assert "decision: {verdict: accepted, by: Ada <ada@example.com>, at: '20" in lines[-1]


def test_json_stays_json(proposed, tmp_path):
    said = {"tables": {"orders": {"columns": {"amount": {"description": "Größe"}}}}}
    (tmp_path / "p.json").write_text(json.dumps(said))

    content = json.loads(accepted(found(proposed, str(tmp_path / "p.json"))))

    column = content["tables"]["orders"]["columns"]["amount"]
    assert (column["description"], column["decision"]["verdict"]) == ("Größe", "accepted")


@pytest.mark.parametrize("text", ["\x1b[2J", "a\x00", "\u202e"])
def test_a_word_that_no_file_can_have_is_refused(proposed, text):
    stored = found(proposed)
    review = Review(stored.proposal, {}, "Ada")
    review.edit(AMOUNT, description=text)

    with pytest.raises(InvalidError):
        rewritten(stored, review.changes)


# Saving


def test_a_decision_is_a_commit_on_the_branch_that_is_checked_out(proposed):
    commit = keep(proposed, found(proposed))

    assert proposed.git("rev-parse", "HEAD") == commit
    assert proposed.git("show", "--name-only", "--format=%s", "HEAD").split() == [
        *("review:", "decide", PATH)
    ]
    assert proposed.git("status", "--porcelain") == ""


def test_a_decision_is_a_commit_on_the_branch_of_the_proposal(proposed):
    main = on_a_branch(proposed).git("rev-parse", "main")

    commit = keep(proposed, found(proposed))

    assert proposed.git("rev-parse", f"proposals/{NAME}") == commit
    assert proposed.git("rev-parse", "main") == main
    assert proposed.git("status", "--porcelain") == ""


def test_a_decision_on_what_a_remote_has_goes_there(proposed, tmp_path):
    on_a_branch(proposed)
    clone = GitRepository(tmp_path / "clone")
    subprocess.run(["git", "clone", "--quiet", str(proposed.path), str(clone.path)], check=True)

    commit = keep(clone, found(clone))

    assert proposed.git("rev-parse", f"proposals/{NAME}") == commit


def test_what_is_not_committed_of_a_proposal_goes_with_the_decision(proposed):
    proposed.write(PATH, PROPOSAL.replace("Paid amount", "Amount"))

    keep(proposed, found(proposed))

    assert "description: Amount" in proposed.git("show", f"HEAD:{PATH}")
    assert proposed.git("status", "--porcelain") == ""


def test_a_new_file_is_committed_with_its_decisions(catalog):
    catalog.write(PATH, PROPOSAL)

    keep(catalog, found(catalog))

    assert "verdict: accepted" in catalog.git("show", f"HEAD:{PATH}")
    assert catalog.git("status", "--porcelain") == ""


def test_a_file_from_elsewhere_is_written_and_not_committed(proposed, tmp_path):
    (tmp_path / "p.yml").write_text(PROPOSAL)

    assert keep(proposed, found(proposed, str(tmp_path / "p.yml"))) is None
    assert "verdict: accepted" in (tmp_path / "p.yml").read_text()


@pytest.mark.parametrize("branch", [False, True])
def test_a_proposal_that_was_changed_meanwhile_is_not_overwritten(proposed, branch):
    if branch:
        on_a_branch(proposed)
    stored = found(proposed)
    if branch:
        keep(proposed, found(proposed))
    else:
        proposed.write(PATH, PROPOSAL + "\n")

    with pytest.raises(ConflictError):
        keep(proposed, stored)
