"""All that is said of a table's columns: by us, in Keboola, and by the last push."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agnes.keboola import StorageColumn, StorageTable
from agnes.keboola.table import BASETYPE, PROVIDER, USER, known_basetype
from agnes.publishing.columns import KEYS, Described
from agnes.publishing.receipt import Receipt
from agnes.publishing.three_way import Value, plain


def compare(
    ours: Described, theirs: StorageTable, names: Mapping[str, str], base: Receipt | None
) -> Iterator[Value]:
    """Each value of each column, ours first.

    What a person wrote in Keboola is a value of its own: no push takes its place.

    Args:
        names: our columns that are there to their names there.
        base: what was pushed last.
    """
    matched = set(names.values())
    new = {name: name for name in theirs.columns if name not in matched}
    for column, name in (*names.items(), *new.items()):
        said = ours.columns.get(column, {})
        for key in KEYS:
            word, there = said.get(key), theirs.columns[name]
            last = base.value(column, key) if base else None
            yield Value(column, key, word, word_of(there, PROVIDER, key), last)
            written = word_of(there, USER, key)
            if plain(written) not in (None, plain(word)):
                yield Value(column, key, word, written, word, USER)


def word_of(column: StorageColumn, provider: str, key: str) -> str | None:
    """What a provider says of a column's `basetype` or `description`."""
    word = column.of(provider).get(KEYS[key])
    return known_basetype(word) or word if KEYS[key] == BASETYPE else word
