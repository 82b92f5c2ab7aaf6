from __future__ import annotations

from agnes.diff.pairs import Version, copied_from, key_of, renames
from agnes.load.document import read_document
from agnes.model.layout import survey
from tests.conftest import metric_yaml


def version(path: str, text: str) -> Version:
    slot = survey([(path, "file")]).slots[path]
    return Version(read_document(slot, text.encode()), text, text.encode())


def keyed(**texts: str):
    versions = [version(f"metrics/a/{name}.yml", text) for name, text in texts.items()]
    return {key_of(it.document.slot): it for it in versions}


def pairs(gone, come) -> dict[str, str]:
    return {new[1]: old[1] for new, old in renames(gone, come).items()}


ONE = "name: {}\nsql: SELECT SUM(amount) AS n FROM orders WHERE status = 'paid'\n"
TWO = "name: {}\nowner: ada\nnotes: [x, y]\nsql: select sum(AMOUNT) n from orders where status='paid'\n"  # noqa: E501


def test_what_replaces_a_metric_is_it_under_another_name() -> None:
    gone = keyed(x="name: x\nreplaced_by: a/z\nsql: SELECT 1 AS n\n")
    come = keyed(y="name: y\nreplaced_by: a/z\nsql: SELECT 1 AS n\n", z="name: z\nsql: SELECT 2\n")
    assert pairs(gone, come) == {"a/z": "a/x"}


def test_equal_sql_is_enough_however_it_is_written() -> None:
    assert pairs(keyed(x=ONE.format("x")), keyed(y=TWO.format("y"))) == {"a/y": "a/x"}


def test_of_two_with_equal_sql_the_one_that_shares_more_lines_is_it() -> None:
    come = keyed(y=TWO.format("y"), z=ONE.format("z"))
    assert pairs(keyed(x=ONE.format("x")), come) == {"a/z": "a/x"}


def test_half_of_the_lines_make_a_rename_and_fewer_do_not() -> None:
    lines = metric_yaml("x").replace("name: x", "name: y").replace("SUM(", "AVG(")
    assert pairs(keyed(x=metric_yaml("x")), keyed(y=lines)) == {"a/y": "a/x"}
    assert pairs(keyed(x=metric_yaml("x")), keyed(y="name: y\nsql: SELECT 1\n")) == {}


def test_an_old_definition_has_one_new_name_and_the_other_is_new() -> None:
    come = keyed(y=ONE.format("y"), z=ONE.format("z"))
    assert pairs(keyed(x=ONE.format("x")), come) == {"a/y": "a/x"}


def test_a_file_with_a_mistake_is_found_by_its_lines() -> None:
    broken = metric_yaml("x", grain="nonsense") + "sql_by_: [\n"
    assert pairs(keyed(x=broken), keyed(y=broken.replace("name: x", "name: y"))) == {"a/y": "a/x"}


def test_two_empty_files_are_not_one(tmp_path) -> None:
    assert copied_from(version("metrics/a/x.yml", ""), [(("metric", "a/y"), b"")]) is None


def test_a_copy_shares_three_quarters_of_its_lines() -> None:
    others = [(("metric", "a/y"), metric_yaml("y").encode()), (("metric", "a/z"), b"name: z\n")]
    new = version("metrics/a/x.yml", metric_yaml("x", "Y").replace("- x", "- y"))
    assert copied_from(new, others) == ("metric", "a/y")
    assert copied_from(version("metrics/a/x.yml", "name: x\nsql: SELECT 1\n"), others) is None
