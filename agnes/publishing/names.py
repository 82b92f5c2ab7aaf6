"""How a stack writes the names of our columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable


def their_names(
    ours: Iterable[str], theirs: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Find our columns among theirs; some stacks write all names in small letters.

    Returns:
        Our names to theirs, and those that are not there to the reason in words.
    """
    there = set(theirs)
    folds = Counter(name.casefold() for name in theirs)
    unfolded = {name.casefold(): name for name in theirs if folds[name.casefold()] == 1}
    names: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for column in ours:
        found = column if column in there else unfolded.get(column.casefold())
        if found is None:
            unknown[column] = "there is no such column there"
        else:
            names[column] = found
    claims = Counter(names.values())
    for column, name in list(names.items()):
        if claims[name] > 1 and column != name:
            unknown[column] = f"there is one column {name} there for several of ours"
            del names[column]
    return names, unknown
