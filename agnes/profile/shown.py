"""What may be shown of values in which something may be that nobody is to see."""

from __future__ import annotations

from collections.abc import Sequence

from agnes.values.personal import masked


def discreet(texts: Sequence[str | None]) -> list[str | None]:
    """Values of a column that is not personal, without the addresses that some of them hold.

    A column of which most values look like that is one all the same, as its name has said
    (versions `1.2.3.4`), and stays as it is.
    """
    said = [text and masked(text) for text in texts]
    changed = sum(one != other for one, other in zip(said, texts, strict=True))
    return list(texts) if 2 * changed > len(texts) else said
