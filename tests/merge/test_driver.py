"""Three versions of a file to one: what merges, what conflicts, and what never gets lost."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnes.errors import YamlError
from agnes.git.merge_file import merge_text
from agnes.merge.driver import merge
from agnes.scaffold import starter_pack
from agnes.yaml.dump import dump
from agnes.yaml.loader import load
from tests.yaml.test_dump import DOCUMENTS

BASE = """\
# yaml-language-server: $schema=../../schemas/metric.schema.json
name: mrr
unit: USD  # not cents
# what sales says
synonyms:
  - MRR
  # the last one
  - run rate
notes:
  - Trials are left out of it.
  - Taxes are not a part of it.
validation: {method: invoice, result: 1.10}
meta:
  team: finance
  limits:
    low: 1
expression: SUM(amount)
sql: |
  SELECT month, SUM(amount) AS mrr
  FROM orders
  WHERE paid
  GROUP BY month
# the end
"""


def change(*replacements: tuple[str, str], text: str = BASE) -> str:
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def merged(ours: str, theirs: str, base: str = BASE) -> str:
    done = merge(base.encode(), ours.encode(), theirs.encode())
    assert done.conflicts == ()
    assert done.as_text is None
    return done.content.decode()


def conflict(ours: str, theirs: str, base: str = BASE) -> tuple[tuple[str, ...], str]:
    done = merge(base.encode(), ours.encode(), theirs.encode())
    assert done.conflicts
    return done.conflicts, done.content.decode()


# What merges


def test_a_note_and_a_synonym_are_merged():
    note = ("part of it.\n", "part of it.\n  - Refunds are subtracted.\n")
    synonym = ("  - run rate\n", "  - run rate\n  - recurring\n")

    assert merged(change(note), change(synonym)) == change(note, synonym)


def test_lines_that_touch_are_no_conflict_in_different_fields():
    unit, name = ("unit: USD", "unit: EUR"), ("name: mrr", "name: arr")

    assert (
        merge_text(*(text.encode() for text in (BASE, change(unit), change(name))), 7)[1] is False
    )
    assert merged(change(unit), change(name)) == change(unit, name)


def test_items_that_both_add_at_one_place_are_both_kept_ours_first():
    ours = change(("  - run rate\n", "  - run rate\n  - ours\n"))
    theirs = change(("  - run rate\n", "  - run rate\n  # why\n  - theirs\n"))

    assert "  - run rate\n  - ours\n  # why\n  - theirs\nnotes" in merged(ours, theirs)


def test_items_that_either_side_deleted_are_gone():
    first, last = ("  - MRR\n", ""), ("  # the last one\n  - run rate\n", "  - ARR\n")

    assert load(merged(change(first), change(last)).encode())["synonyms"] == ["ARR"]


def test_a_list_that_both_emptied_between_them_is_empty():
    first, last = ("  - MRR\n", ""), ("  # the last one\n  - run rate\n", "")

    assert load(merged(change(first), change(last)).encode())["synonyms"] == []


def test_a_sentence_that_one_side_reworded_stays_in_its_place():
    ours = change(("Trials are left out of it.", "Trials are left out of MRR."))
    theirs = change(("  - Taxes", "  - Refunds are subtracted.\n  - Taxes"))

    assert load(merged(ours, theirs).encode())["notes"] == [
        "Trials are left out of MRR.",
        "Refunds are subtracted.",
        "Taxes are not a part of it.",
    ]


def test_a_new_order_of_one_side_holds():
    both = (
        "  - MRR\n  # the last one\n  - run rate\n",
        "  # the last one\n  - run rate\n  - MRR\n",
    )
    more = ("  - run rate\n", "  - run rate\n  - recurring\n")

    for ours, theirs in ((both, more), (more, both)):
        found = load(merged(change(ours), change(theirs)).encode())["synonyms"]
        assert sorted(found) == ["MRR", "recurring", "run rate"]
        assert found.index("run rate") < found.index("MRR")


def test_keys_within_keys_are_merged():
    ours = change(("team: finance", "team: sales"), ("low: 1", "low: 1\n    high: 9"))
    theirs = change(("team: finance", "team: finance\n  since: 2020"), ("low: 1", "low: 2"))

    assert load(merged(ours, theirs).encode())["meta"] == {
        "team": "sales",
        "since": "2020",
        "limits": {"low": "2", "high": "9"},
    }


def test_keys_on_one_line_are_merged():
    ours = change(("method: invoice", "method: bill"))

    text = merged(ours, change(("result: 1.10", "result: 1.20")))

    assert load(text.encode())["validation"] == {"method": "bill", "result": "1.20"}
    assert text.startswith(BASE[: BASE.index("validation")])


def test_a_value_keeps_its_spelling_and_the_comments_in_it():
    ours = change(("name: mrr", "name: arr"))
    theirs = change(("unit: USD  # not cents", "unit: 'EUR'   # since 2024"))

    assert merged(ours, theirs) == change(
        ("name: mrr", "name: arr"), ("unit: USD  # not cents", "unit: 'EUR'   # since 2024")
    )


def test_comments_of_both_sides_are_kept():
    ours = change(("# what sales says", "# what sales says\n# ours"), ("unit: USD", "unit: EUR"))
    theirs = change(("# what sales says", "# what sales says\n# theirs"), ("# the end", "# over"))

    text = merged(ours, theirs)

    assert "# what sales says\n# ours\n# theirs\nsynonyms" in text
    assert text.endswith("# over\n")


def test_a_metric_in_a_list_of_one_is_merged():
    base = "- name: mrr\n  unit: USD\n  tags: [a]\n"
    ours, theirs = base.replace("USD", "EUR"), base.replace("[a]", "[a, b]")

    assert merged(ours, theirs, base) == "- name: mrr\n  unit: EUR\n  tags: [a, b]\n"


def test_categories_of_an_index_are_merged_by_their_folder():
    base = "categories:\n  - name: Revenue\n    folder: revenue\n    metrics: [mrr]\n"
    ours = base.replace("[mrr]", "[mrr, arr]")
    theirs = base.replace("Revenue", "Money") + "  - name: sales\n"

    assert merged(ours, theirs, base) == (
        "categories:\n  - name: Money\n    folder: revenue\n    metrics: [mrr, arr]\n"
        "  - name: sales\n"
    )


def test_what_both_added_is_merged_where_it_agrees():
    ours, theirs = "name: mrr\ntags:\n  - a\n", "name: mrr\ntags:\n  - b\nunit: USD\n"

    assert merged(ours, theirs, "") == "name: mrr\ntags:\n  - a\n  - b\nunit: USD\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_byte_order_mark_line_ends_and_missing_last_one_are_those_of_ours(mark, newline, end):
    def as_ours(text: str) -> str:
        return mark + text.removesuffix("\n").replace("\n", newline) + end.replace("\n", newline)

    ours, theirs = change(("unit: USD", "unit: EUR")), change(("name: mrr", "name: arr"))

    both = change(("unit: USD", "unit: EUR"), ("name: mrr", "name: arr"))
    assert merged(as_ours(ours), theirs) == as_ours(both)


# SQL


def test_equal_meanings_of_sql_are_ours():
    ours = change(("WHERE paid", "WHERE paid AND NOT trial"))
    theirs = change(("  WHERE paid", "  where  not trial and paid -- new"))

    assert merged(ours, theirs) == ours


@pytest.mark.parametrize("key", ["sql", "sql_by_plan", "expression"])
@pytest.mark.parametrize("swap", [False, True])
def test_a_new_layout_gives_way_to_a_new_meaning(key, swap):
    select = "" if key == "expression" else "SELECT "
    base, layout, meaning = (
        f"name: mrr\n{key}: {select}{expression}\n"
        for expression in ("SUM(x)", "sum( x )", "SUM(y)")
    )
    sides = (meaning, layout) if swap else (layout, meaning)

    assert merged(*sides, base) == meaning


def test_a_deleted_variant_is_gone_though_the_other_side_changed_its_layout():
    base = "name: mrr\nsql_by_plan: SELECT 1\nunit: USD\n"

    assert merged("name: mrr\nunit: USD\n", base.replace("SELECT", "select"), base) == (
        "name: mrr\nunit: USD\n"
    )


def test_different_meanings_are_a_conflict_in_that_field_alone():
    ours = change(("AS mrr\n", "AS mrr,\n    COUNT(*) AS n\n"), ("unit: USD", "unit: EUR"))
    theirs = change(("WHERE paid\n", "WHERE paid AND x\n"), ("name: mrr", "name: arr"))

    found, text = conflict(ours, theirs)

    assert found == ("sql",)
    query = "  SELECT month, SUM(amount) AS mrr\n  FROM orders\n  WHERE paid\n"
    marked = """\
<<<<<<< ours
  SELECT month, SUM(amount) AS mrr,
    COUNT(*) AS n
  FROM orders
  WHERE paid
=======
  SELECT month, SUM(amount) AS mrr
  FROM orders
  WHERE paid AND x
>>>>>>> theirs
"""
    assert text == change(("unit: USD", "unit: EUR"), ("name: mrr", "name: arr"), (query, marked))


def test_different_meanings_conflict_where_git_would_merge_their_lines():
    ours = change(("SELECT month,", "SELECT year,"), ("FROM orders", "FROM\n    orders\n  -- 1\n"))
    theirs = change(("GROUP BY month", "GROUP BY ALL"))

    assert merge_text(*(text.encode() for text in (BASE, ours, theirs)), 7)[1] is True
    assert conflict(ours, theirs)[0] == ("sql",)


# Other conflicts


def test_a_field_that_one_side_deleted_and_the_other_changed_is_a_conflict():
    found, text = conflict(change(("unit: USD  # not cents\n", "")), change(("USD", "EUR")))

    assert found == ("unit",)
    assert "<<<<<<< ours\n=======\nunit: EUR  # not cents\n>>>>>>> theirs\n" in text


def test_a_sentence_that_both_reworded_is_a_conflict_of_that_item():
    found, text = conflict(
        change(("left out of it", "left out of MRR")), change(("left out of it", "left out of all"))
    )

    assert found == ("notes",)
    assert (
        "notes:\n<<<<<<< ours\n  - Trials are left out of MRR.\n=======\n"
        "  - Trials are left out of all.\n>>>>>>> theirs\n  - Taxes" in text
    )


def test_a_conflict_deep_within_is_named_by_its_path():
    assert conflict(change(("low: 1", "low: 2")), change(("low: 1", "low: 3")))[0] == (
        "meta.limits.low",
    )


def test_a_conflict_on_one_line_leaves_the_rest_of_the_line_merged():
    found, text = conflict(
        change(("method: invoice", "method: bill"), ("result: 1.10", "result: 2")),
        change(("method: invoice", "method: count")),
    )

    assert found == ("validation.method",)
    assert "{method: bill, result: 2}\n=======\nvalidation: {method: count, result: 2}" in text


def test_markers_are_as_long_as_git_wants_them():
    ours, theirs = change(("USD", "EUR")).encode(), change(("USD", "CZK")).encode()

    assert b"\n<<<<<<<<< ours\n" in merge(BASE.encode(), ours, theirs, 9).content


# What is no YAML for a catalog is merged as text


@pytest.mark.parametrize(
    "broken", ["unit: [\n", "unit: EUR\nunit: EUR\n", "<<: {a: b}\n", "---\n{}\n---\n{}\n"]
)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_what_cannot_be_read_is_merged_as_git_does(broken, which):
    versions = [BASE, change(("name: mrr", "name: arr")), change(("# the end", "# over"))]
    versions[which] += broken
    contents = [text.encode() for text in versions]

    done = merge(*contents)

    assert (done.content, not done.conflicts) == merge_text(*contents, 7)
    assert done.as_text


@pytest.mark.parametrize("other", ["", "text\n", "- a\n"])
def test_sides_that_are_not_both_a_mapping_are_merged_as_git_does(other):
    for ours, theirs in ((change(("USD", "EUR")), other), (other, change(("USD", "EUR")))):
        contents = [text.encode() for text in (BASE, ours, theirs)]

        done = merge(*contents)

        assert (done.content, not done.conflicts) == merge_text(*contents, 7)
        assert done.as_text


def test_aliases_are_merged_or_left_to_a_person_but_never_lost():
    base = "name: mrr\ndimensions: &both\n  - plan\ntags: *both\nunit: USD\n"
    ours, theirs = base.replace("- plan", "- plan\n  - region"), base.replace("*both", "[plan]")

    done = merge(base.encode(), ours.encode(), theirs.encode())

    assert done.conflicts or load(done.content)["dimensions"] == ["plan", "region"]


def test_what_is_no_text_is_left_to_a_person():
    assert merge(b"\0", b"\0a", b"\0b").content == b"\0a"
    assert merge(b"\0", b"\0a", b"\0b").conflicts


# Properties

MIXED = """\
tags: [x, 'y z', 1.10]
meta: {a: 1, b: {c: 2}}
access:
  groups:
  - f
  - g
columns:
  a: {basetype: DATE, pii: true}
  b:
    description: >-
      folded
      text

  c: {}
list:
- a: 1
  name: n
- name: m
  x:
  - 1
# end
"""
PACK = [
    MIXED,
    *(data.decode() for path, data in sorted(starter_pack().items()) if "schemas/" not in path),
]

KEYS = ("name", "unit", "notes", "synonyms", "meta", "description", "owner", "tags")
TEXTS = st.text("ab c:#'\n-é", max_size=8)
VALUES = st.one_of(
    TEXTS,
    st.lists(TEXTS, max_size=4),
    st.dictionaries(st.sampled_from("pqrs"), st.one_of(TEXTS, st.lists(TEXTS, max_size=2))),
)
FILES = st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1)


@st.composite
def three(draw) -> tuple[dict, dict, dict]:
    """A file and two changes of it, which often change the same."""

    def changed() -> dict:
        copy = dict(base)
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=3)):
            copy[key] = draw(VALUES)
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=1)):
            if len(copy) > 1:
                copy.pop(key, None)
        return copy

    base = draw(FILES)
    return base, changed(), changed()


@given(DOCUMENTS, DOCUMENTS)
def test_a_merge_of_equals_or_with_no_change_keeps_the_bytes(one, other):
    base, changed = dump({"x": one}), dump({"x": other})

    assert merge(base, changed, changed).content == changed
    assert merge(base, base, changed).content == changed
    assert merge(base, changed, base).content == changed


@settings(deadline=None)
@given(three())
@example(({"tags": ["a", "b"]}, {"tags": ["a"]}, {"tags": ["b"]}))
def test_no_key_and_no_item_is_lost(versions):
    base, ours, theirs = versions
    done = merge(*map(dump, versions))
    text = done.content.decode()
    if done.conflicts:
        for side, change in (("ours", ours), ("theirs", theirs)):
            decided = load(resolved(text, side).encode())
            assert {field.partition(".")[0] for field in done.conflicts} <= {*ours, *theirs}
            for field in done.conflicts:
                if isinstance(change.get(field), str):
                    assert decided[field] == change[field]
        return
    result = load(done.content)
    for key in KEYS:
        changes = [side for side in (ours, theirs) if side.get(key) != base.get(key)]
        if not changes:
            assert result.get(key) == base.get(key)
        for side in changes:
            if key not in side:
                assert key not in result
            elif isinstance(side[key], str):
                assert result[key] == side[key]
            elif isinstance(side[key], list):
                new = set(side[key]) - set(base.get(key) or ())
                assert new <= set(result[key])
            else:
                assert side[key].keys() - set(base.get(key) or ()) <= result[key].keys()


@settings(deadline=None)
@given(three(), st.sets(st.sampled_from(KEYS)))
def test_git_is_agreed_with_where_the_sides_change_different_fields(versions, of_ours):
    base, ours, theirs = versions
    ours = {key: value for key, value in ours.items() if key in of_ours} | {
        key: value for key, value in base.items() if key not in of_ours
    }
    theirs = {key: value for key, value in theirs.items() if key not in of_ours} | {
        key: value for key, value in base.items() if key in of_ours
    }
    contents = [dump(side) for side in (base, ours, theirs)]

    done = merge(*contents)

    text, clean = merge_text(*contents, 7)
    if base and ours and theirs:
        assert done.conflicts == ()
        wanted = {key: (ours if key in of_ours else theirs).get(key) for key in KEYS}
        assert load(done.content) == {
            key: value for key, value in wanted.items() if value is not None
        }
        if clean and reads(text) == load(done.content):
            assert done.content == text


@settings(deadline=None)
@given(st.sampled_from(PACK), st.integers(0, 2**32))
def test_any_lines_may_change_and_the_result_or_both_of_its_sides_are_yaml(base, seed):
    chance = Random(seed)
    ours, theirs = edited(base, chance), edited(base, chance)

    done = merge(*(text.encode() for text in (base, ours, theirs)))

    assert done.as_text is None
    for side in ("ours", "theirs"):
        assert isinstance(load(resolved(done.content.decode(), side).encode()), dict)
    assert bool(done.conflicts) == ("\n=======\n" in f"\n{done.content.decode()}")


def edited(text: str, chance: Random) -> str:
    """The text with some lines changed, so that it is a mapping as before."""
    while True:
        lines = text.splitlines(keepends=True)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(lines))
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            other = chance.randrange(len(lines))
            match chance.randrange(5):
                case 0:
                    lines.insert(at, lines[at])
                case 1:
                    lines.insert(at, f"{indent}# {chance.random()}\n")
                case 2:
                    lines[at] = f"{lines[at].rstrip()} {chance.choice(['x', '1.50'])}\n"
                case 3:
                    lines[at], lines[other] = lines[other], lines[at]
                case 4 if len(lines) > 1:
                    del lines[at]
        changed = "".join(lines)
        if isinstance(reads(changed.encode()), dict):
            return changed


def resolved(text: str, side: str) -> str:
    """The text with each conflict decided for one side."""
    kept = rf"\{1 if side == 'ours' else 2}"
    hunk = r"^<{7} ours\n(.*?)^={7}\n(.*?)^>{7} theirs\n"
    return re.sub(hunk, kept, text, flags=re.MULTILINE | re.DOTALL)


def reads(content: bytes) -> object:
    try:
        return load(content)
    except YamlError:
        return None
