from __future__ import annotations

from agnes.publishing.names import their_names


def test_names_are_found_as_they_are():
    assert their_names(["id", "Name"], ["id", "Name"]) == ({"id": "id", "Name": "Name"}, {})


def test_a_stack_may_write_them_in_small_letters():
    assert their_names(["ID", "straße"], ["id", "STRASSE"])[0] == {"ID": "id", "straße": "STRASSE"}


def test_what_is_not_there_is_told():
    names, unknown = their_names(["id", "gone"], ["id"])
    assert (names, unknown) == ({"id": "id"}, {"gone": "there is no such column there"})


def test_two_of_ours_are_not_one_of_theirs():
    names, unknown = their_names(["Id", "ID"], ["id"])
    assert names == {}
    assert "several of ours" in unknown["Id"]
    assert "several of ours" in unknown["ID"]
    assert their_names(["Id", "id"], ["id"])[0] == {"id": "id"}


def test_one_of_ours_is_not_one_of_two_of_theirs():
    names, unknown = their_names(["Id"], ["id", "ID"])
    assert (names, list(unknown)) == ({}, ["Id"])
