"""Over HTTP, commands print what they print in a clone."""

from __future__ import annotations

import pytest

from tests.conftest import metric_yaml
from tests.remote.conftest import sign_in


@pytest.fixture
def grown(away):
    """A catalog with a history: a change, a deprecation, lineage."""
    extra = "inputs:\n  - revenue/mrr\nmeta:\n  used_by:\n    - Board report\n"
    away.commit({"metrics/revenue/arr.yml": metric_yaml("arr") + extra}, "Use mrr")
    away.commit({"metrics/revenue/mrr.yml": metric_yaml("mrr", unit="EUR")}, "In euro")
    away.commit({"metrics/sales/old.yml": metric_yaml("old") + "status: deprecated\n"}, "Old")
    return away


ASKED = """\
list
list --json
list --category sales
list --category none
list --rev HEAD~2 --json
list --as-of 2999-01-01
show revenue/mrr
show revenue/mrr --json
show revenue/mrr --rev HEAD~2
show sales/old
search recurring revenue
search mrr --json --limit 1
search nothingofthekind
lineage revenue/mrr
lineage revenue/arr --json
lineage tables/orders.amount
lineage revenue/arr --mermaid
history revenue/mrr
history revenue/mrr --json
history tables/orders
diff HEAD~2 HEAD
diff HEAD~2 HEAD --json
diff HEAD~2 HEAD --format markdown
diff HEAD~3 HEAD --fail-on breaking
show revenue/mrx
show revenue/../mrr
show a?b/c
history revenue/../mrr
lineage tables/ordersx
list --rev nothing
"""


def test_a_server_and_a_clone_answer_the_same(da, grown):
    for line in ASKED.splitlines():
        words = ["metrics", *line.split()]
        near = da(*words, "--catalog", grown.repository.path)
        far = da(*words)
        assert (line, far.code, far.out) == (line, near.code, near.out)
        said, expected = (done.err.split(" in ")[0].split("\n")[0] for done in (far, near))
        assert (line, said) == (line, expected)


def test_an_export_is_the_same(da, grown, tmp_path):
    da("metrics", "export", "--dir", tmp_path / "near", "--catalog", grown.repository.path)
    done = da("metrics", "export", "--dir", tmp_path / "far")

    assert done.out == f"Exported 3 metric(s) to {tmp_path / 'far'}\n"
    near = {it.relative_to(tmp_path / "near"): it for it in (tmp_path / "near").rglob("*.yml")}
    assert len(near) == 3
    for name, path in near.items():
        assert (tmp_path / "far" / name).read_bytes() == path.read_bytes()


def test_a_catalog_at_hand_is_asked_rather_than_the_server(da, grown, monkeypatch):
    monkeypatch.setenv("AGNES_CATALOG", str(grown.repository.path))
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:1")

    assert da("metrics", "show", "revenue/mrr").code == 0


def test_what_only_a_clone_has_says_so(da, away):
    for arguments, said in [
        ("list --worktree", "a server has no working tree"),
        ("search mrr --rev HEAD", "a server answers this at no other revision"),
        ("diff", "a server has no working tree to compare with"),
    ]:
        done = da("metrics", *arguments.split())
        assert done.code == 2
        assert said in done.err


def test_who_is_not_signed_in_is_told_what_to_do(da, away, monkeypatch):
    monkeypatch.setenv("DA_CONFIG_DIR", "elsewhere")
    monkeypatch.setenv("DA_SERVER", away.url)

    done = da("metrics", "list")

    assert (done.code, done.out) == (1, "")
    assert f"error: Not logged in to {away.url}" in done.err
    assert "da auth login" in done.err


def test_a_token_that_is_refused_is_told_what_to_do(da, away, monkeypatch):
    monkeypatch.setenv("DA_TOKEN", "none")

    done = da("metrics", "show", "revenue/mrr")

    assert done.code == 1
    assert "Invalid or expired token" in done.err
    assert "da auth login" in done.err


def test_a_server_that_is_down_is_named(da, away, monkeypatch):
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("DA_TOKEN", "some")

    done = da("metrics", "list")

    assert done.code == 1
    assert "Cannot reach http://127.0.0.1:1" in done.err


def test_what_a_user_may_not_see_is_not_there(da, away):
    text = "id: salaries\naccess: {groups: [hr]}\ncolumns:\n  amount: {basetype: NUMERIC}\n"
    away.commit(
        {
            "tables/salaries.yml": text,
            "metrics/people/pay.yml": metric_yaml("pay").replace("orders", "salaries"),
        }
    )
    sign_in(away, "viewer")

    assert "people/pay" not in da("metrics", "list").out
    assert da("metrics", "show", "people/pay").code == 1
    assert da("metrics", "search", "pay", "--json").json["total"] == 0
