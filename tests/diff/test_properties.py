"""What holds of any two catalogs."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.diff.change import Class
from tests.conftest import FUZZ
from tests.diff import generated
from tests.diff.generated import Catalog, apply, catalog, differently, key, said, write
from tests.diff.trees import Trees

often = settings(max_examples=max(10, FUZZ // 20), deadline=None)
dices = st.integers(0, 2**32).map(random.Random)  # which Hypothesis finds small enough
BACK: dict[Class, set[Class]] = {
    "cosmetic": {"cosmetic"},
    "documentation": {"documentation"},
    "compatible": {"compatible", "breaking"},
    "breaking": {"compatible", "breaking"},
    "result-changing": {"result-changing"},
}
"""What the way back may be: what is added one way is removed the other."""


def another(made: Catalog, dice: random.Random) -> Catalog:
    """The catalog after some edits of fields, additions, removals and moves."""
    new: Catalog = {}
    for path, content in made.items():
        folder, _, file = path.rpartition("/")
        name = file.removesuffix(".yml")
        make = generated.table if folder == "tables" else generated.metric
        match dice.randrange(6):
            case 0:
                continue
            case 1:
                to = f"{name}_new"
                new[f"{folder}/{to}.yml"] = content | {"id" if folder == "tables" else "name": to}
            case 2:
                new[path] = make(name, dice)
            case 3:
                fresh = make(name, dice)
                picked = dice.sample(list(fresh), min(2, len(fresh)))
                new[path] = content | {it: fresh[it] for it in picked}
            case 4:
                keys = [it for it in content if it not in ("id", "name", "sql")]
                gone = dice.sample(keys, min(1, len(keys)))
                new[path] = {it: value for it, value in content.items() if it not in gone}
            case _:
                new[path] = content
    return new


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Without what is said in two ways: who may see a table."""
    rest = {it: value for it, value in data.items() if it not in ("access", "is_public")}
    access = data.get("access", "public")
    groups = sorted(access["groups"]) if isinstance(access, dict) else "public"
    return rest | ({"access": groups} if "id" in data else {})


@often
@given(dices)
def test_a_catalog_differs_from_itself_in_nothing(trees: Trees, dice: random.Random) -> None:
    files = write(catalog(dice))
    found = trees.compare(files, files)
    assert (found.changes, found.troubles, found.verdict) == ((), (), "none")


@often
@given(dices)
def test_a_difference_applied_to_the_old_gives_the_new(trees: Trees, dice: random.Random) -> None:
    old = catalog(dice)
    new = another(old, dice)
    found = trees.compare(write(old), write(new))
    assert found.troubles == ()
    applied = {name: plain(data) for name, data in apply(found, old).items()}
    assert applied == {key(path): plain(said(path, it)) for path, it in new.items()}


@often
@given(dices)
def test_the_way_back_has_a_class_that_corresponds(trees: Trees, dice: random.Random) -> None:
    old = catalog(dice)
    files = write(old), write(another(old, dice))
    there, back = trees.compare(*files), trees.compare(*reversed(files))
    fields = [
        {
            (frozenset([change.id, change.from_ or change.id]), field.field): field
            for change in found.changes
            if change.kind in ("changed", "renamed")
            for field in change.fields
        }
        for found in (there, back)
    ]
    assert fields[0].keys() == fields[1].keys()
    for name, field in fields[0].items():
        reverse = fields[1][name]
        assert reverse.class_ in BACK[field.class_], (name, field, reverse)
        if name[1] != "id":
            assert (reverse.old, reverse.new) == (field.new, field.old)
    kinds = {"added": "removed", "removed": "added", "renamed": "renamed", "changed": "changed"}
    assert sorted(
        (it.from_ or it.id, kinds[it.kind]) for it in there.changes if it.kind != "added"
    ) == sorted((it.id, it.kind) for it in back.changes if it.kind != "removed")


@often
@given(dices)
def test_what_is_only_written_differently_is_cosmetic(trees: Trees, dice: random.Random) -> None:
    made = catalog(dice)
    files = write(made), write(made, lambda content: differently(content, dice))
    for found in (trees.compare(*files), trees.compare(*reversed(files))):
        assert found.troubles == ()
        assert {it.class_ for it in found.changes} <= {"cosmetic"}
        assert found.verdict == "none"


@often
@given(dices, st.binary(max_size=40))
def test_no_content_of_a_file_is_an_exception(trees: Trees, dice: random.Random, junk) -> None:
    files = write(catalog(dice))
    path = dice.choice(list(files))
    at = dice.randrange(len(files[path]) + 1)
    broken = files | {path: files[path][:at] + junk + files[path][at:]}
    for found in (trees.compare(files, broken), trees.compare(broken, files)):
        assert {key(path)} >= {it.id for it in found.changes}
        assert bool(found.changes) == (files != broken)
        found.as_dict()
