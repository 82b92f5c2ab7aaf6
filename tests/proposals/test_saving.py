"""Where a proposal is committed."""

from __future__ import annotations

import re

import pytest

from agnes.describe import Rules
from agnes.git.refs import locate
from agnes.proposals import saving
from agnes.proposals.saving import save
from agnes.yaml.loader import load
from tests.proposals.conftest import discovered


@pytest.fixture
def proposal(shop):
    return discovered(shop, Rules()).proposal


def test_on_a_branch_of_its_own_the_working_tree_stays(shop, proposal):
    before = shop.git("rev-parse", "HEAD")

    saved = save(locate(shop.path), proposal)

    assert re.fullmatch(r"proposals/the_shop_metadata_\d{8}_\d{6}\.yml", saved.path)
    assert saved.branch == saved.path.removesuffix(".yml")
    assert shop.git("rev-parse", saved.branch) == saved.commit
    assert shop.git("rev-parse", f"{saved.branch}^") == shop.git("rev-parse", "HEAD") == before
    assert not (shop.path / saved.path).exists()
    text = shop.git("show", f"{saved.branch}:{saved.path}")
    assert load(text.encode())["project"] == "the_shop"
    assert shop.git("log", "-1", "--format=%s", saved.branch) == (
        "feat(metadata): propose 8 columns of 2 tables"
    )


def test_in_place(shop, proposal):
    saved = save(locate(shop.path), proposal, branch=False)

    assert saved.branch is None
    assert (shop.path / saved.path).is_file()
    assert shop.git("rev-parse", "main") == saved.commit
    assert shop.git("status", "--short", "proposals") == ""


def test_two_of_the_same_second_have_two_branches(shop, proposal, monkeypatch):
    class Clock(saving.datetime):
        @classmethod
        def now(cls, tz=None):
            return saving.datetime(2026, 1, 31, 12, tzinfo=tz)

    monkeypatch.setattr(saving, "datetime", Clock)

    branches = [save(locate(shop.path), proposal).branch for _ in range(2)]

    assert branches == [f"proposals/the_shop_metadata_20260131_12000{at}" for at in (0, 1)]
