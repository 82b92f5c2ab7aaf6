"""Finding by halves where an answer changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agnes.numbers.search import Found, last_change


def search(answers):
    """What is found, and what was asked for."""
    asked = []

    def ask(at):
        asked.append(at)
        return answers[at]

    return last_change(len(answers), ask), asked


@given(st.integers(1, 3000), st.integers(0, 3000))
def test_a_change_is_found_in_so_many_questions_as_halves_take(count, olds):
    olds = min(olds, count - 1)
    found, asked = search([False] * olds + [True] * (count - olds))
    assert found == (Found(olds - 1, olds) if olds else Found(None, 0))
    assert len(asked) <= 1 + max(0, count - 2).bit_length()


def test_a_thousand_take_eleven_questions_beside_the_newest():
    assert (
        max(len(search([False] * olds + [True] * (1000 - olds))[1]) for olds in range(1000)) == 11
    )


@given(st.lists(st.sampled_from([True, False, None])).map(lambda found: [*found, True]))
def test_what_is_found_is_a_change_with_nothing_that_can_be_told_between(answers):
    found, asked = search(answers)
    assert len(set(asked)) == len(asked)
    assert answers[found.after] is True
    if found.before is None:
        assert found.untold == ()
    else:
        assert answers[found.before] is False
        assert found.untold == tuple(range(found.before + 1, found.after))
        assert all(answers[at] is None for at in found.untold)


@given(st.data())
def test_what_cannot_be_told_hides_no_change_behind_an_oldest_that_can(data):
    olds, news = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    answers = [False] * olds + [True] * news
    for at in data.draw(st.sets(st.integers(1, olds + news))):
        if at < len(answers) - 1:
            answers[at] = None
    found, _ = search(answers)
    last = max(at for at, it in enumerate(answers) if it is False)
    assert (found.before, found.after) == (last, answers.index(True))


def test_where_the_oldest_cannot_be_told_the_change_behind_them_is_found():
    found, asked = search([None] * 500 + [False] * 200 + [True] * 300)
    assert (found.before, found.after) == (699, 700)
    assert len(asked) < 30
