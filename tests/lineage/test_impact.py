from __future__ import annotations

import json
import time

from agnes.lineage.definition import Definition
from agnes.lineage.impact import Effect, Use, impact

COLUMNS = {"orders": ["id", "amount", "status"], "users": ["id", "name"]}
METRICS = [
    Definition("a/sum", ("SELECT sum(amount) FROM orders",), used_by=("Sales dashboard",)),
    Definition("a/count", ("SELECT count(*) FROM orders WHERE status = 'paid'",)),
    Definition("a/mean", ("SELECT 1",), ("a/sum", "a/count"), used_by=("Board report",)),
    Definition("a/trend", ("SELECT 1",), ("a/mean",)),
    Definition("a/people", ("SELECT count(name) FROM users",)),
]


def test_a_changed_metric_reaches_all_that_is_built_on_it():
    found = impact(METRICS, ["a/sum"], {}, COLUMNS)
    uses = (Use("a/sum", "Sales dashboard"), Use("a/mean", "Board report"))
    assert found.effects == (Effect("a/sum", (), ("a/mean", "a/trend"), uses),)
    assert found.metrics == ["a/mean", "a/trend"]


def test_a_changed_column_reaches_the_metrics_that_read_it():
    [effect] = impact(METRICS, [], {"orders": {"status"}}, COLUMNS).effects
    assert effect.id == "tables/orders.status"
    assert (effect.read_by, effect.built_on) == (("a/count",), ("a/mean", "a/trend"))


def test_a_changed_table_reaches_all_that_read_it():
    [effect] = impact(METRICS, [], {"orders": None}, COLUMNS).effects
    assert (effect.id, effect.read_by) == ("tables/orders", ("a/count", "a/sum"))


def test_a_column_that_went_is_still_its_table_s():
    columns = {"orders": ["id"], "users": ["id", "name"]}
    metric = Definition("a/b", ("SELECT amount FROM orders JOIN users ON true",))
    assert impact([metric], [], {"orders": {"amount"}}, columns).metrics == ["a/b"]
    assert impact([metric], [], {"orders": {"amount"}}).metrics == ["a/b"]


def test_a_table_that_got_another_id_reaches_what_reads_it_by_its_last_part():
    metric = Definition("a/b", ("SELECT name FROM company",))
    changed = {"in.c-old.company": None, "in.c-new.company": None}
    assert [effect.read_by for effect in impact([metric], [], changed).effects] == [("a/b",)] * 2


def test_sql_that_cannot_be_read_is_said_to_be_unsure():
    metrics = [*METRICS, Definition("a/broken", ("SELEC status FROM orders",))]
    [effect] = impact(metrics, [], {"orders": {"id"}}, COLUMNS).effects
    assert (effect.read_by, effect.unsure) == (("a/broken",), ("a/broken",))


def test_a_metric_that_is_gone_reaches_what_still_names_it():
    assert impact(METRICS[2:], ["a/sum"], {}, COLUMNS).metrics == ["a/mean", "a/trend"]


def test_it_is_plain_data():
    data = impact(METRICS, ["a/sum"], {"users": {"name"}}, COLUMNS).as_dict()
    assert json.loads(json.dumps(data)) == {
        "metrics": ["a/mean", "a/people", "a/trend"],
        "effects": [
            {
                "id": "a/sum",
                "read_by": [],
                "built_on": ["a/mean", "a/trend"],
                "used_by": [
                    {"metric": "a/sum", "by": "Sales dashboard"},
                    {"metric": "a/mean", "by": "Board report"},
                ],
                "unsure": [],
            },
            {
                "id": "tables/users.name",
                "read_by": ["a/people"],
                "built_on": [],
                "used_by": [],
                "unsure": [],
            },
        ],
    }


def test_ten_thousand_metrics_take_no_time_when_little_changed():
    sql = "SELECT date_trunc('month', day) AS month, sum(amount) FROM facts GROUP BY month"
    metrics = [
        Definition(f"b/m{n}", (sql,), (f"b/m{n - 1}",) if n % 10 else ()) for n in range(9_990)
    ]
    started = time.perf_counter()
    found = impact([*METRICS, *metrics], ["b/m20"], {"orders": {"status"}}, COLUMNS)
    assert time.perf_counter() - started < 10
    assert len(found.metrics) == 9 + 3
