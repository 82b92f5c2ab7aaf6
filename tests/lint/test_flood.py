from __future__ import annotations

from agnes.lint.flood import stem
from agnes.lint.rules.references import UnknownDimension, UnregisteredTable
from agnes.model.diagnostic import MAX_FINDINGS


def found(rule, path, count):
    return [rule.find(path, ("sql",), f"number {number}") for number in range(count)]


def test_as_many_as_a_person_reads_are_all_told():
    few = found(UnknownDimension, "a.yml", MAX_FINDINGS)

    assert list(stem(few)) == few


def test_more_are_counted_for_each_rule_and_file():
    many = found(UnknownDimension, "a.yml", MAX_FINDINGS + 1_234)
    others = found(UnregisteredTable, "a.yml", 3) + found(UnknownDimension, "b.yml", 3)

    *told, last = stem(many + others)

    assert told == many[:MAX_FINDINGS] + others
    assert (last.path, last.code, last.node) == ("a.yml", UnknownDimension.code, ())
    assert last.message == "1,234 more mistakes of this kind are not shown"


def test_no_remedy_is_looked_for_that_nobody_reads(find):
    words = ", ".join(f"nothing{number}" for number in range(5_000))
    text = f"name: m\ngrain: monthly\ntable: orders\ndimensions: [{words}]\n"

    told = find(
        {"metrics/sales/m.yml": f"{text}sql: SELECT SUM(amount) AS m FROM orders\n"}, only="AG304"
    )

    assert len(told) == MAX_FINDINGS + 1
    assert sum(item.message == "4,900 more mistakes of this kind are not shown" for item in told)
