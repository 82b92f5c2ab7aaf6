from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agnes.merge.entries import keyed, order, reworded, union

LETTERS = st.lists(st.sampled_from("abcdef"), unique=True)


def ordered(base: str, ours: str, theirs: str) -> str:
    return "".join(order(*(dict.fromkeys(text) for text in (base, ours, theirs))))


def test_additions_come_behind_their_neighbor_and_those_of_ours_first():
    assert ordered("ab", "axb", "ayb") == "axyb"
    assert ordered("ab", "xab", "yab") == "xyab"
    assert ordered("ab", "abx", "aby") == "abxy"
    assert ordered("ab", "axb", "aby") == "axby"


def test_a_new_order_is_that_of_the_side_that_moved_entries():
    assert ordered("abc", "cab", "abcx") == "cxab"
    assert ordered("abc", "abcx", "cab") == "cxab"
    assert ordered("abc", "cab", "bac") == "cab"


def test_what_one_side_deleted_is_still_in_the_order():
    assert ordered("abc", "ac", "abxc") == "abxc"
    assert ordered("abc", "abxc", "ac") == "abxc"


@given(LETTERS, LETTERS, LETTERS)
def test_the_order_has_each_key_once_and_keeps_that_of_one_side(base, ours, theirs):
    versions = [dict.fromkeys(keys) for keys in (base, ours, theirs)]

    found = order(*versions)

    assert sorted(found) == sorted({*ours, *theirs})
    assert any([key for key in found if key in side] == side for side in (ours, theirs))


def test_items_that_are_there_twice_are_told_apart():
    assert len(keyed(["a", "a", "b"])) == 3
    assert list(keyed(["a", "a"])) == list(keyed(["a", "a"]))


def test_a_mapping_is_the_same_as_long_as_its_id_folder_or_name_is():
    one = keyed([{"name": "A", "folder": "f"}, {"name": "B"}])
    other = keyed([{"name": "C", "folder": "f"}, {"name": "B", "x": "y"}])

    assert one.keys() == other.keys()


def test_a_sentence_keeps_its_key_when_it_is_reworded():
    base = keyed(["Trials are left out of it.", "b"])
    side = keyed(["Trials are left out of MRR.", "b"])

    assert reworded(base, side, base).keys() == base.keys()


def test_a_name_is_another_one_when_it_changes():
    base, side = keyed(["ending MRR"]), keyed(["closing MRR"])

    assert reworded(base, side, base) == side


def test_a_sentence_that_the_other_side_says_too_is_no_rewording():
    base, side = keyed(["Trials are left out of it."]), keyed(["Trials are left out of MRR."])

    assert reworded(base, side, base | side) == side


def test_lines_of_both_sides_are_united():
    assert union(["a", "b"], ["a", "x", "b"], ["a", "y"]) == ["a", "x", "y"]
    assert union([], ["a", ""], ["a", "b"]) == ["a", "", "b"]
