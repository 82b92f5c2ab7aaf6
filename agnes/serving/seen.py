"""What history tells to somebody who may not see all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from agnes.diff.compare import compare
from agnes.diff.history import Event, History, history
from agnes.diff.reach import Reach
from agnes.diff.sides import choose_sides
from agnes.errors import NotFoundError
from agnes.lineage.graph import TABLES
from agnes.lineage.impact import Effect, Impact
from agnes.review import Review

if TYPE_CHECKING:
    from agnes.access import Hidden
    from agnes.auth.principal import Principal
    from agnes.diff.change import Change, Trouble
    from agnes.serving.edition import View
    from agnes.serving.past import Past
    from agnes.serving.serving import Serving


def seen_history(serving: Serving, past: Past, principal: Principal, wanted: str) -> History:
    """The history of a metric, or of `tables/<id>`, as far as a user may know it.

    What a commit did is left out where it tells of a table or metric that they may not see.

    Raises:
        NotFoundError: there is no such thing, and never was, for them.
    """
    view = serving.view(principal)
    hidden = past.hidden_from(principal)
    if hidden and not _sees(view, wanted):
        raise unknown(view, wanted)
    found = history(past.repository(), view.commit, wanted)
    if not found.events and found.cut is None:
        raise unknown(view, wanted)
    kept = tuple(event for event in found.events if not hidden.mentioned_in(_said(event.change)))
    return replace(found, events=kept)


def seen_review(
    serving: Serving, past: Past, principal: Principal, base: str, head: str | None
) -> Review:
    """What differs between two revisions, as far as a user may know it.

    Args:
        head: by default the commit in force.

    Raises:
        RevisionError: there is no such revision.
    """
    repository = past.repository()
    start = repository.resolve(base)
    end = repository.resolve(head) if head else serving.edition.commit
    sides = choose_sides(serving.location, start, end)
    reach = Reach(sides.repository, sides.head_tree)
    found = compare(sides, reach)
    hidden = past.hidden_from(principal)
    if not hidden:
        return Review(found, reach.of(found.changes))
    views = [past.view(principal, commit) for commit in (start, end)]

    def keeps(it: Change | Trouble) -> bool:
        ids = [name for name in (it.id, getattr(it, "from_", None)) if name]
        known = all(any(_sees(view, id_) for view in views) for id_ in ids if "/" in id_)
        clear = not any(_is_hidden(view.hidden, id_) for view in views for id_ in ids)
        return known and clear and not hidden.mentioned_in(_said(it))

    changes = tuple(change for change in found.changes if keeps(change))
    troubles = tuple(trouble for trouble in found.troubles if keeps(trouble))
    impact = _of_visible(reach.of(changes), [view.hidden for view in views])
    return Review(replace(found, changes=changes, troubles=troubles), impact)


def unknown(view: View, wanted: str) -> NotFoundError:
    """The error for what is not there, or not for them: the two are the same."""
    kind = "Table" if wanted.startswith(TABLES) else "Metric"
    near = view.nearest_ids(wanted)
    hint = f"did you mean: {', '.join(near)}" if near else None
    return NotFoundError(f"{kind} '{wanted}' not found", hint)


def _sees(view: View, wanted: str) -> bool:
    if wanted.startswith(TABLES):
        return view.sees_table(wanted.removeprefix(TABLES))
    return view.sees_metric(wanted)


def _is_hidden(hidden: Hidden, wanted: str) -> bool:
    if wanted.startswith(TABLES):
        return wanted.removeprefix(TABLES) in hidden.tables
    return wanted in hidden.metrics


def _said(it: Change | Trouble | Event) -> str:
    data: dict[str, Any] = it.as_dict()
    return to_json(data).decode()


def _of_visible(impact: Impact, all_hidden: list[Hidden]) -> Impact:
    metrics = frozenset().union(*(hidden.metrics for hidden in all_hidden))

    def seen(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(id_ for id_ in ids if id_ not in metrics)

    return Impact(
        tuple(
            Effect(
                effect.id,
                seen(effect.read_by),
                seen(effect.built_on),
                tuple(use for use in effect.used_by if use.metric not in metrics),
                seen(effect.unsure),
            )
            for effect in impact.effects
        )
    )
