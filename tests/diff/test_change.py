from __future__ import annotations

import itertools
import json

import pytest

from agnes.diff.change import CLASSES, Change, Diff, FieldChange, Part, Trouble, highest


def field(class_, name: str = "unit") -> FieldChange:
    return FieldChange(name, class_, "USD", "EUR", "unit changed")


def change(kind, *classes) -> Change:
    return Change("a/b", kind, None, "metrics/a/b.yml", tuple(map(field, classes)))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(CLASSES, 2)))
def test_the_gravest_class_counts(one, other) -> None:
    assert highest([other, one]) == highest([one, other]) == other
    assert change("changed", one, other).class_ == other


def test_nothing_is_cosmetic() -> None:
    assert highest([]) == change("changed").class_ == "cosmetic"


@pytest.mark.parametrize(
    ("kind", "class_"), [("added", "compatible"), ("removed", "breaking"), ("renamed", "breaking")]
)
def test_what_comes_is_compatible_and_what_goes_or_moves_breaks(kind, class_) -> None:
    assert change(kind).class_ == change(kind, "cosmetic").class_ == class_
    assert change(kind, "result-changing").class_ == "result-changing"


@pytest.mark.parametrize(
    ("class_", "verdict"),
    list(zip(CLASSES, ["none", "patch", "minor", "major", "major"], strict=True)),
)
def test_the_verdict_follows_the_gravest_change(class_, verdict) -> None:
    changes = (change("changed", "cosmetic"), change("changed", class_))
    assert Diff("a", "b", changes).verdict == verdict


def test_no_change_is_no_verdict() -> None:
    assert Diff("a", "b", ()).verdict == "none"


def test_the_json_has_the_shape_that_programs_rely_on() -> None:
    parts = (Part("breaking", "dimension removed", "plan", None),)
    fields = (field("breaking"), FieldChange("dimensions", "breaking", ["plan"], None, "x", parts))
    changes = (Change("a/c", "renamed", "a/b", "metrics/a/c.yml", fields),)
    found = Diff("1", "2", changes, (Trouble("a/d", "head", "metrics/a/d.yml", 3, "bad"),))
    assert json.loads(json.dumps(found.as_dict())) == {
        "base": "1",
        "head": "2",
        "verdict": "major",
        "changes": [
            {
                "id": "a/c",
                "kind": "renamed",
                "from": "a/b",
                "class": "breaking",
                "path": "metrics/a/c.yml",
                "fields": [
                    {
                        "field": "unit",
                        "class": "breaking",
                        "old": "USD",
                        "new": "EUR",
                        "what": "unit changed",
                    },
                    {
                        "field": "dimensions",
                        "class": "breaking",
                        "old": ["plan"],
                        "new": None,
                        "what": "x",
                        "parts": [
                            {
                                "class": "breaking",
                                "what": "dimension removed",
                                "old": "plan",
                                "new": None,
                            }
                        ],
                    },
                ],
            }
        ],
        "diagnostics": [
            {"id": "a/d", "side": "head", "path": "metrics/a/d.yml", "line": 3, "message": "bad"}
        ],
    }
