from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from agnes.git.refs import locate
from agnes.proposals.store import find
from tests.cli.conftest import Da
from tests.conftest import GitRepository
from tests.proposals.waiting import NAME, PATH, PROPOSAL

REVIEW = ("admin", "metadata", "review")


@pytest.fixture
def proposed(here: GitRepository) -> GitRepository:
    here.write(PATH, PROPOSAL)
    here.commit("Propose")
    return here


def verdicts(at: GitRepository) -> dict[str, str | None]:
    columns = find(locate(at.path), PATH).proposal.tables["orders"].columns
    return {name: it.decision and it.decision.verdict for name, it in columns.items()}


def test_without_a_terminal_the_columns_are_a_plain_table(proposed, da: Da):
    done = da(*REVIEW, NAME)

    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0].split() == [
        *("column", "basetype", "description", "confidence", "evidence", "decision"),
    ]
    assert lines[1].startswith("orders.month   DATE      First day of the month  high")
    assert "all values are first days" in lines[1]
    assert lines[-1] == f"{PATH}: 2 columns: 2 undecided; 1 in conflict"
    assert verdicts(proposed) == {"month": None, "amount": None}


def test_a_conflict_is_shown_side_by_side(proposed, da: Da):
    out = da(*REVIEW, NAME).out

    assert "orders.month differs from what a person wrote:" in out
    assert "current (manual)  proposed (high)" in out
    assert "description *  The month         First day of the month" in out


def test_json_is_the_whole_state(proposed, da: Da):
    said = da(*REVIEW, NAME, "--json").json

    assert (said["proposal"], said["branch"], said["commit"]) == (PATH, "main", None)
    assert said["counts"]["undecided"] == 2
    [month, _] = said["columns"]
    assert (month["column_name"], month["conflict"]) == ("month", ["description"])
    assert month["current"]["description"] == "The month"
    assert month["decision"] is None


def test_options_decide_in_one_commit(proposed, da: Da):
    done = da(*REVIEW, PATH, "--accept", "all", "--set", "orders.amount.description=Paid = got")

    assert (done.code, verdicts(proposed)) == (0, {"month": None, "amount": "edited"})
    assert proposed.git("log", "-1", "--format=%s|%an") == (
        f"review(metadata): decide on 1 column of {NAME}.yml|Ada Lovelace"
    )
    assert "description: Paid = got" in (proposed.path / PATH).read_text()
    assert "by: Ada Lovelace <ada@example.com>" in (proposed.path / PATH).read_text()


def test_what_a_person_wrote_is_left_alone_and_said(proposed, da: Da):
    done = da(*REVIEW, PATH, "--accept", "high")

    assert (done.code, done.out) == (0, "Nothing new was decided\n")
    assert "orders.month was left alone, since a person wrote otherwise" in done.err
    assert "--accept 'orders.month'" in done.err
    assert da(*REVIEW, PATH, "--accept", "orders.month").code == 0
    assert verdicts(proposed)["month"] == "accepted"


def test_json_tells_what_was_decided(proposed, da: Da):
    done = da(*REVIEW, PATH, "--reject", "orders", "--json")

    assert done.json["counts"]["rejected"] == 2
    assert done.json["commit"] == proposed.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nope"], 1, f"what waits: {NAME}"),
        ([PATH, "--accept", "orders.mont"], 1, "did you mean: orders.month"),
        ([PATH, "--set", "orders.month.basetype=DAT"], 1, "did you mean DATE?"),
        ([PATH, "--set", "orders.month"], 2, "TABLE.COLUMN.FIELD=VALUE"),
        ([PATH, "--set", "orders.month.description=\x1b[2J"], 1, "U+001B"),
        ([PATH, "--accept", "orders.month", "--reject", "orders.month"], 2, "say one"),
    ],
)
def test_what_cannot_be_done_says_what_can_and_commits_nothing(
    proposed, da: Da, arguments, code, words
):
    head = proposed.git("rev-parse", "HEAD")

    done = da(*REVIEW, *arguments)

    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert (proposed.git("rev-parse", "HEAD"), proposed.git("status", "-s")) == (head, "")


def test_a_broken_proposal_names_file_line_and_remedy(proposed, da: Da):
    proposed.write(PATH, PROPOSAL.replace("basetype: DATE", "basetype: DAT"))

    done = da(*REVIEW, PATH)

    assert done.code == 1
    assert f"{PATH}:7:19: error AG203" in done.err
    assert "did you mean `DATE`?" in done.err


def test_what_was_applied_is_only_shown(proposed, da: Da):
    proposed.git("mv", PATH, PATH.replace("proposals/", "proposals/x"))
    proposed.write(f"proposals/applied/{NAME}.yml", PROPOSAL)

    assert "it was applied already" in da(*REVIEW, NAME).err
    done = da(*REVIEW, NAME, "--accept", "orders.month")
    assert (done.code, "was applied already" in done.err) == (1, True)


def test_where_no_branch_is_checked_out_a_proposal_is_shown_and_not_decided_on(proposed, da: Da):
    proposed.git("switch", "--quiet", "--detach")

    assert da(*REVIEW, PATH, "--json").json["counts"]["conflicts"] == 1
    done = da(*REVIEW, PATH, "--accept", "all")
    assert (done.code, "HEAD is detached" in done.err) == (1, True)


def test_a_decision_is_made_when_its_commit_is(proposed, da: Da, monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_DATE", "1767225600 +0100")

    da(*REVIEW, PATH, "--accept", "all")

    assert "at: '2026-01-01T00:00:00Z'" in (proposed.path / PATH).read_text()


def test_nothing_moves_the_cursor(proposed, da: Da):
    proposed.write(PATH, 'tables: {orders: {columns: {"a\\nb": {description: "x\\ty"}}}}')

    assert "orders.a\\nb            x\\ty" in da(*REVIEW, PATH).out


def test_on_a_terminal_each_column_is_asked_for(proposed):
    out = on_a_terminal([*REVIEW, NAME], "ar")

    assert "1 of 2  orders.month" in out
    assert "a person wrote otherwise: accepting replaces it" in out
    assert "1 accepted, 1 rejected" in out
    assert verdicts(proposed) == {"month": "accepted", "amount": "rejected"}


def on_a_terminal(arguments: list[str], keys: str) -> str:
    """Run `da` on a terminal, press a key whenever it asks for one, and return what it showed."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "agnes", *arguments]
    more = {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=os.environ | more
    )
    os.close(slave)
    shown = ""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.3)[0]:
            try:
                shown += os.read(master, 4096).decode()
            except OSError:  # it has ended
                break
        elif 0 < (asked := shown.count("quit")) <= len(keys):
            # What is pressed just before it waits for a key is lost, so it is pressed again.
            os.write(master, keys[asked - 1].encode())
    os.close(master)
    assert process.wait() == 0, shown
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)
