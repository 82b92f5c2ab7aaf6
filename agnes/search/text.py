"""Words to terms: what search compares."""

from __future__ import annotations

import re
import sys
import threading
import unicodedata
from functools import lru_cache
from importlib import util
from typing import Any

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def _english() -> Any:
    """The English stemmer, without those of thirty other languages that its package imports."""
    name = "snowballstemmer"
    before, spec = sys.modules.get(name), util.find_spec(name)
    if before is None and spec is not None:
        sys.modules[name] = util.module_from_spec(spec)  # as it is before it has run
    try:
        from snowballstemmer.english_stemmer import EnglishStemmer
    finally:
        if before is None:
            del sys.modules[name]
    return EnglishStemmer


_English = _english()


class _Stemmer(threading.local):
    """A stemmer for each thread: it keeps the word that it is at work on."""

    def __init__(self) -> None:
        self.stem = _English().stemWord


_STEMMER = _Stemmer()

STOP_WORDS = frozenset(
    """
    a about across actually after again ago all also am among an and any anybody anyone anything
    april are arent around as at august be because been before being between but by calculate
    calculated can cant compare compared compute computed could couldnt current currently
    dashboard december define defined definition did didnt display do does doesnt doing done
    dont during each either else ever every everybody everyone everything exactly february fetch
    figure figures find for from get gets getting give given gives go going got h1 h2 had hadnt
    has hasnt have havent having hello help here hey hi how however i if in into is isnt it its
    itself january july june just kindly know kpi kpis last lately latest let like list look
    looking lot lots march may maybe me mean means measure measured metric metrics might mtd
    much must my need needs next no nobody nor not nothing november now october of off often ok
    on only onto or our ours out over own past perhaps please pls present previous prior pull q1
    q2 q3 q4 qtd query quite rather re really recent recently report reporting right s said say
    says see september shall she should shouldnt show since so some somebody someone something
    sql still such t tell than thank thanks that the their them then there these they thing
    things this those though thru to today tomorrow tonight too toward towards under until up
    upon us versus very via vs want wants was wasnt way we well were werent what whatever whats
    when where whether which while who whole whom whose why will wish with within without wont
    would wouldnt yes yesterday yet you your yours ytd
    """.split()
)
"""Words that carry a question and not its subject."""

LIGHT_WORDS = frozenset(
    """
    amount annual annually average avg business calendar change company count daily day days
    each figure general hour hours important key kind level levels long main many mean median
    month monthly months name normal number numbers one organization our overall part people per
    percent percentage period point quarter quarterly quarters rate ratio score share size sum
    team term time times total totals trend trends type typical usual value values volume week
    weekly weeks year yearly years
    """.split()
)
"""Words that say little of which number is meant, whatever the catalog: they count a part."""


@lru_cache(100_000)
def stem(word: str) -> str:
    """A word's stem: plural and inflection gone; numbers and codes stay as they are."""
    return str(_STEMMER.stem(word)) if word.isalpha() else word


@lru_cache(10_000)
def words(text: str) -> tuple[str, ...]:
    """The words of a text: lower case, without accents and possessives; `_` and `-` separate."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    found: list[str] = _WORD.findall(text.casefold())
    if "'" in text:
        found = [word.removesuffix("'s").replace("'", "") for word in found]
    return tuple(found)


def content_words(text: str) -> tuple[str, ...]:
    """The words that say what a text is about; all of them if none does."""
    found = words(text)
    return tuple(word for word in found if word not in STOP_WORDS) or found


def key(text: str) -> str:
    """What two spellings of a name have in common: the stems of its words of content."""
    return " ".join(stem(word) for word in content_words(text))


def initials(text: str) -> list[str]:
    """The abbreviations that people would make of a name of several words."""
    found = words(text)
    if len(found) < 2:
        return []
    every = "".join(word[0] for word in found)
    content = "".join(word[0] for word in found if word not in STOP_WORDS)
    return [short for short in dict.fromkeys((every, content)) if 2 <= len(short) <= 6]
