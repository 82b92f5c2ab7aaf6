"""Yes and no, in the spellings that exports have."""

from __future__ import annotations

_YES_NO = """
true/false t/f yes/no y/n on/off 1/0 ja/nein j/n wahr/falsch oui/non o/n vrai/faux si/no sí/no s/n
ano/ne a/n pravda/nepravda áno/nie tak/nie sim/não sim/nao verdadero/falso vero/falso
evet/hay\u0131r kyllä/ei igen/nem 1.0/0.0
"""
_STATES = """
enabled/disabled active/inactive online/offline approved/rejected aktiv/inaktiv checked/unchecked
"""
PAIRS = frozenset(tuple(pair.split("/")) for pair in _YES_NO.split())
"""What says yes, and what says no, in lower case."""
STATES = frozenset(tuple(pair.split("/")) for pair in _STATES.split())
"""States of which there are two; they may well become three."""
NUMBERS = frozenset([("1", "0"), ("1.0", "0.0")])
LETTERS = frozenset(pair for pair in PAIRS if len(pair[0]) == 1) - NUMBERS


def pair_of(spellings: frozenset[str]) -> tuple[str, ...] | None:
    """The pair that some values, in lower case, are of; one of its two may be missing."""
    both = (pair for pair in (*PAIRS, *STATES) if spellings == frozenset(pair))
    return next(both, None)
