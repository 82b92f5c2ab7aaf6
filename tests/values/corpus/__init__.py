"""Columns with labels, in tables like those that companies export. The same seed, the same values.

A label is what the generator meant, never what a heuristic says:

- STRING: words, codes, text, JSON, versions, hashes; times of day, durations, weeks and months; all
  digits that nobody adds up and that the world outside gave out (postal codes, phones, barcodes,
  accounts, tax numbers), and numbers with leading zeros, whatever the file's own type is.
- INTEGER: keys that are whole numbers, also big ones; counts; years; YYYYMM; status codes.
- NUMERIC: money, and rates that are agreed and booked: tax, discount, interest. Also whole ones.
- FLOAT: what is measured or computed: temperature, position, score, probability, share.
- BOOLEAN: yes and no, in any spelling. DATE: a day, in any. TIMESTAMP: a day and a time, in any.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zlib import crc32

from tests.values.corpus import billing, crm, hr, iot, shop, web
from tests.values.corpus.fields import Field

ROWS = 500
TABLES: dict[str, list[Field]] = {
    **crm.TABLES,
    **billing.TABLES,
    **web.TABLES,
    **iot.TABLES,
    **hr.TABLES,
    **shop.TABLES,
}
HELD_OUT = frozenset(
    "crm_tasks crm_partners billing_payouts billing_usage web_goals web_ads iot_vehicles "
    "iot_alarms hr_timesheets hr_benefits shop_suppliers shop_shipments".split()
)
"""Tables that nobody looked at while the heuristics were made."""
_BLANKS = ("", None, "N/A", "null", "-", "NULL", "n/a", " ")
_GARBAGE = ("???", "#REF!", "error", "see notes", "tbd", "x", "1;2")


@dataclass(frozen=True)
class Labelled:
    """A column with its label.

    Args:
        type: DuckDB's, of the file that it comes from.
        values: as DuckDB casts them to text.
    """

    table: str
    name: str
    type: str
    values: list[str | None]
    label: str


def labelled(seed: int = 1, *, held_out: bool | None = None) -> list[Labelled]:
    """The columns of all tables, or of those that were held out, or of the others."""
    return [
        Labelled(table, field.name, field.type, _values(seed, table, field), field.label)
        for table, fields in TABLES.items()
        if held_out is None or (table in HELD_OUT) == held_out
        for field in fields
    ]


def _values(seed: int, table: str, field: Field) -> list[str | None]:
    random = Random(crc32(f"{seed}/{table}/{field.name}".encode()))
    values: list[str | None] = [field.make(random, row) for row in range(ROWS)]
    blanks = random.choice((0, 0, 0.05, 0.3)) if field.mess else 0
    if field.type != "VARCHAR":
        return [None if random.random() < blanks else value for value in values]
    garbage = random.choice((0, 0, 0.01)) if field.mess else 0
    spaces = random.choice((0, 0, 0.03)) if field.mess else 0
    few = random.sample(_BLANKS, 2)
    return [_spoiled(random, value, few, blanks, garbage, spaces) for value in values]


def _spoiled(
    random: Random,
    value: str | None,
    few: list[str | None],
    blanks: float,
    garbage: float,
    spaces: float,
) -> str | None:
    if value is None or random.random() < blanks:
        return random.choice(few)
    if random.random() < garbage:
        return random.choice(_GARBAGE)
    return f" {value} " if random.random() < spaces else value
