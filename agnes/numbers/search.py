"""Finding by halves where an answer changed, with some answers that cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TRIES = 2
"""So many around the middle that cannot be told, and the older half counts as such."""


@dataclass(frozen=True)
class Found:
    """Where the answer changed.

    Args:
        before: the last that is otherwise than the newest; None where none was found.
        after: the first from which on, as far as was asked, all are as the newest.
        untold: those between them, which cannot be told.
    """

    before: int | None
    after: int
    untold: tuple[int, ...] = ()


def last_change(count: int, is_as_newest: Callable[[int], bool | None]) -> Found:
    """Find where the answers of a row became those of its newest, in O(log n) questions.

    Of answers that changed several times one of the changes is found. What cannot be told is
    gone around, as `git bisect skip` does; where the oldest cannot be told either, the oldest
    that can is looked for as well.

    Args:
        count: how many there are, at least one; the newest is the last.
        is_as_newest: whether one is as the newest; None where that cannot be told.
    """
    newest = count - 1
    if newest == 0:
        return Found(None, 0)
    answer = is_as_newest(0)
    if answer:
        return Found(None, 0)
    before, after, is_known = 0, newest, answer is False
    untold = set() if is_known else {0}
    places = _places()
    tries = 0
    while rest := [at for at in range(before + 1, after) if at not in untold]:
        at = rest[int(next(places) * len(rest))]
        answer = is_as_newest(at)
        if answer is None:
            untold.add(at)
            tries += 1
            if is_known or tries < _TRIES:
                continue
            before = at
        elif answer:
            after = at
        else:
            before, is_known = at, True
        places, tries = _places(), 0
    if not is_known:
        return Found(None, after)
    return Found(before, after, tuple(range(before + 1, after)))


def _places() -> Iterator[float]:
    """The middle, then places that keep away from those before: 1/2, 3/4, 1/4, 7/8, 3/8 ..."""
    step = 0
    while True:
        step += 1
        share, weight, rest = 0.0, 0.5, step
        while rest:
            share, weight, rest = share + weight * (rest & 1), weight / 2, rest >> 1
        yield share if step == 1 else 1 - share
