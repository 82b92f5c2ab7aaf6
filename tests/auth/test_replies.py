"""Requests that are sent again are not done again."""

from __future__ import annotations

import threading
import time

import pytest

from agnes.auth.replies import KEPT_FOR, LEASE, Reply, Reservation, request_digest
from agnes.auth.state import State
from agnes.errors import ConflictError, InvalidError, UsageError


def test_the_same_request_gets_the_same_answer(state, ada):
    first = state.replies.reserve(ada.id, "key", "request")
    assert isinstance(first, Reservation)
    assert not first.taken_over
    first.complete(201, '{"id": "revenue/mrr"}', {"ETag": '"1"'})
    again = state.replies.reserve(ada.id, "key", "request")
    assert again == Reply(201, '{"id": "revenue/mrr"}', {"ETag": '"1"'})


def test_a_key_is_of_one_user_and_one_request(state, ada):
    grace = state.users.create("grace@example.com")
    state.replies.reserve(ada.id, "key", "request").complete(200, "ada's")
    assert isinstance(state.replies.reserve(grace.id, "key", "request"), Reservation)
    assert isinstance(state.replies.reserve(ada.id, "other", "request"), Reservation)
    with pytest.raises(InvalidError, match="another request"):
        state.replies.reserve(ada.id, "key", "another")


def test_what_failed_may_be_tried_again(state, ada):
    state.replies.reserve(ada.id, "key", "request").release()
    assert isinstance(state.replies.reserve(ada.id, "key", "request"), Reservation)


def test_of_equal_requests_at_the_same_time_one_is_done(url, ada):
    states = [State.open(url) for _ in range(3)]
    done: list[int] = []
    answers: list[str] = []

    def request(state: State) -> None:
        found = state.replies.reserve(ada.id, "key", "request")
        if isinstance(found, Reservation):
            time.sleep(0.2)
            done.append(1)
            found.complete(200, "done")
            answers.append("done")
        else:
            answers.append(found.body)

    threads = [threading.Thread(target=request, args=(state,)) for state in states for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]
    assert answers == ["done"] * 6
    for state in states:
        state.close()


def test_who_waits_too_long_is_told(state, ada):
    state.replies.reserve(ada.id, "key", "request")
    with pytest.raises(ConflictError, match="being worked on"):
        state.replies.reserve(ada.id, "key", "request", wait=0.1)


def test_a_request_whose_worker_died_is_taken_over_and_the_dead_one_changes_nothing(
    state, ada, clock
):
    dead = state.replies.reserve(ada.id, "key", "request")
    clock.forward(LEASE.total_seconds())
    heir = state.replies.reserve(ada.id, "key", "request", wait=0)
    assert isinstance(heir, Reservation)
    assert heir.taken_over
    dead.complete(200, "late")
    dead.release()
    heir.complete(200, "right")
    assert state.replies.reserve(ada.id, "key", "request") == Reply(200, "right")


def test_a_kept_answer_is_not_released(state, ada):
    reserved = state.replies.reserve(ada.id, "key", "request")
    reserved.complete(200, "done")
    reserved.release()
    assert state.replies.reserve(ada.id, "key", "request") == Reply(200, "done")


def test_an_answer_is_kept_for_a_day(state, ada, clock):
    state.replies.reserve(ada.id, "key", "request").complete(200, "done")
    clock.forward(KEPT_FOR.total_seconds() - 1)
    assert isinstance(state.replies.reserve(ada.id, "key", "request"), Reply)
    clock.forward(1)
    assert isinstance(state.replies.reserve(ada.id, "key", "request"), Reservation)


@pytest.mark.parametrize("key", ["", "a" * 256, "a\0", "ä", "a\n"], ids=ascii)
def test_a_key_that_is_not_possible_is_refused(state, ada, key):
    with pytest.raises(UsageError, match="Idempotency-Key"):
        state.replies.reserve(ada.id, key, "request")


def test_a_digest_tells_parts_apart():
    assert request_digest("ab", "c") != request_digest("a", "bc")
    assert request_digest("a", b"b") == request_digest("a", "b")
    assert request_digest("\ud800") != request_digest("?")
