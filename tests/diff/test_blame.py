from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable

import pytest

from agnes.diff.blame import blame
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"


def blamed(at: GitRepository, name: str = "revenue/mrr", rev: str = "HEAD"):
    repository = Repository(locate(at.path), PARTS)
    found = blame(repository, repository.resolve(rev), name)
    return found and {
        (line.fact.field, line.fact.part, line.fact.text): line.commit.id for line in found.lines
    }


def of(found, field: str, part: str = "") -> str:
    [commit] = {commit for (at, which, _), commit in found.items() if (at, which) == (field, part)}
    return commit


def test_each_field_is_blamed_on_the_commit_that_last_changed_it(catalog):
    start = catalog.git("rev-parse", "HEAD")
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    euro = catalog.commit()
    found = blamed(catalog)
    assert of(found, "unit") == euro
    assert of(found, "grain") == of(found, "sql", "source") == start


def test_each_item_and_clause_is_blamed_apart(catalog):
    start = catalog.git("rev-parse", "HEAD")
    text = metric_yaml("mrr", "Monthly recurring revenue")
    more = text.replace("synonym\n", "synonym\n  - run rate\n")
    catalog.write(MRR, more.replace("FROM orders\n", "FROM orders\n  WHERE amount > 0\n"))
    changed = catalog.commit()
    found = blamed(catalog)
    assert found["synonyms", "item", "mrr synonym"] == start
    assert found["synonyms", "item", "run rate"] == changed
    assert of(found, "sql") == of(found, "sql", "filter") == of(found, "synonyms") == changed
    assert of(found, "sql", "column mrr") == of(found, "sql", "grouping") == start


def test_what_was_taken_away_is_blamed_on_the_whole(catalog):
    catalog.write(MRR, metric_yaml("mrr").replace("GROUP BY month\n", ""))
    changed = catalog.commit()
    found = blamed(catalog)
    assert of(found, "sql") == changed
    assert of(found, "sql", "source") != changed


def test_a_rename_is_blamed_for_the_id_alone(catalog):
    start = catalog.git("rev-parse", "HEAD")
    catalog.git("mv", MRR, "metrics/revenue/monthly.yml")
    text = (catalog.path / "metrics/revenue/monthly.yml").read_text()
    catalog.write("metrics/revenue/monthly.yml", text.replace("name: mrr", "name: monthly"))
    renamed = catalog.commit()
    found = blamed(catalog, "revenue/monthly")
    assert of(found, "id") == renamed
    assert {commit for (field, *_), commit in found.items() if field != "id"} == {start}


def test_a_version_that_does_not_validate_takes_no_blame(catalog):
    start = catalog.git("rev-parse", "HEAD")
    text = metric_yaml("mrr", "Monthly recurring revenue")
    for broken in ("unit: [", text.replace("grain: monthly", "grain: montly")):
        catalog.write(MRR, broken)
        catalog.commit()
    catalog.write(MRR, text.replace("unit: USD", "unit: EUR"))
    fixed = catalog.commit()
    found = blamed(catalog)
    assert of(found, "unit") == fixed
    assert {commit for (field, *_), commit in found.items() if field != "unit"} == {start}


def test_of_a_file_that_does_not_validate_the_newest_valid_version_is_meant(catalog):
    catalog.write(MRR, "unit: [")
    catalog.commit()
    repository = Repository(locate(catalog.path), PARTS)
    found = blame(repository, repository.resolve("HEAD"), "revenue/mrr")
    assert found.stale
    assert {line.commit.id for line in found.lines} == {repository.resolve("HEAD~1")}


def test_there_is_no_blame_for_what_is_not_there(catalog):
    assert blamed(catalog, "revenue/nope") is None
    (catalog.path / MRR).unlink()
    catalog.commit()
    assert blamed(catalog) is None
    assert blamed(catalog, rev="HEAD^") is not None


def test_what_came_back_is_blamed_on_its_return(catalog):
    text = (catalog.path / MRR).read_text()
    (catalog.path / MRR).unlink()
    catalog.commit()
    catalog.write(MRR, text)
    back = catalog.commit()
    assert set(blamed(catalog).values()) == {back}


def test_columns_of_a_table_are_blamed_one_by_one(catalog):
    start = catalog.git("rev-parse", "HEAD")
    text = (catalog.path / "tables/orders.yml").read_text()
    catalog.write("tables/orders.yml", text.replace("NUMERIC", "FLOAT"))
    changed = catalog.commit()
    found = blamed(catalog, "tables/orders")
    assert of(found, "columns.amount", "basetype") == changed
    assert of(found, "columns.month", "basetype") == of(found, "description") == start


def test_a_shallow_clone_says_that_it_may_be_older(catalog, tmp_path):
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="EUR"))
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", "Monthly recurring revenue", unit="CHF"))
    newest = catalog.commit()
    clone = tmp_path / "clone"
    catalog.git("clone", "--quiet", "--depth=2", f"file://{catalog.path}", str(clone))
    repository = Repository(locate(clone), PARTS)
    found = blame(repository, newest, "revenue/mrr")
    assert [line.fact.field for line in found.lines if not line.cut] == ["unit"]


class Author:
    """Edits one metric at random and notes which commit said what, without looking at texts."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.number = 0
        self.name = "m0"
        self.unit = "U0"
        self.notes = ["note 0"]
        self.filters = ["a > 0"]
        self.columns = {"month": "month", "v": "SUM(x0)"}
        self.alias, self.cte, self.lower, self.swap = "t", "", False, False
        self.blame: dict[tuple[str, str], int] = {}
        self.facts = self._facts()
        self.blame = dict.fromkeys(self.facts, 0)

    def _facts(self) -> set[tuple[str, str]]:
        found = {("id", self.name), ("unit", self.unit)}
        found |= {("notes", note) for note in self.notes}
        found |= {("filter", term) for term in self.filters}
        return found | {(f"column {name}", said) for name, said in self.columns.items()}

    def edit(self) -> None:
        self.number += 1
        kind = self.chance.choice(
            ["unit", "note", "no note", "filter", "no filter", "column", "aggregate", "rename"]
            + ["layout"] * 4
        )
        fresh = self.number
        if kind == "unit":
            self.unit = f"U{fresh}"
        elif kind == "note":
            self.notes.insert(self.chance.randrange(len(self.notes) + 1), f"note {fresh}")
        elif kind == "no note" and self.notes:
            self.notes.pop(self.chance.randrange(len(self.notes)))
        elif kind == "filter":
            self.filters.append(f"a > {fresh}")
        elif kind == "no filter" and self.filters:
            self.filters.pop(self.chance.randrange(len(self.filters)))
        elif kind == "column":
            self.columns[f"c{fresh}"] = f"MAX(x{fresh})"
        elif kind == "aggregate":
            self.columns["v"] = f"SUM(x{fresh})"
        elif kind == "rename":
            self.name = f"m{fresh}"
        else:
            self._reformat()
        facts = self._facts()
        self.blame = {fact: self.blame.get(fact, self.number) for fact in facts}

    def _reformat(self) -> None:
        self.chance.shuffle(self.filters)
        self.alias = self.chance.choice("tuw")
        self.lower, self.swap = self.chance.random() < 0.5, self.chance.random() < 0.5

    def text(self) -> str:
        say = str.lower if self.lower else str
        columns = ", ".join(
            f"{say(said.replace('(x', f'({self.alias}.x'))} AS {name}"
            for name, said in self.columns.items()
        )
        where = f"\n  {say('WHERE')} " + say(" AND ").join(self.filters) if self.filters else ""
        sql = f"sql: |\n  {say('SELECT')} {columns}\n  FROM data AS {self.alias}{where}\n"
        notes = "".join(f"  - {note}\n" for note in self.notes)
        rest = f"unit: {self.unit}\ngrain: monthly\n" + (f"notes:\n{notes}" if notes else "")
        parts = [sql, rest] if self.swap else [rest, sql]
        filler = "".join(f"# what always stays, line {at}\n" for at in range(20))
        return f"name: {self.name}\n{filler}{''.join(parts)}"


def import_commits(path, versions: Iterable[tuple[str, str]]) -> None:
    stream, last = [], ""
    for at, (name, text) in enumerate(versions):
        data = text.encode()
        stream.append(
            b"commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx\n" % (at + 9)
            + (f"D metrics/c/{last}.yml\n".encode() if last and last != name else b"")
            + b"M 100644 inline metrics/c/%s.yml\ndata %d\n%s\n" % (name.encode(), len(data), data)
        )
        last = name
    command = ["git", "-C", str(path), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(stream), check=True)


@pytest.mark.parametrize("seed", range(40))
def test_blame_is_who_wrote_it_however_often_it_was_rewritten(repository, seed):
    author = Author(random.Random(seed))
    versions = [(author.name, author.text())]
    for _ in range(25):
        author.edit()
        versions.append((author.name, author.text()))
    import_commits(repository.path, versions)
    commits = repository.git("rev-list", "--reverse", "--first-parent", "main").split()

    found = blamed(repository, f"c/{author.name}", "main")

    parts = {key: commit for key, commit in found.items() if key[1] or key[0] in ("id", "unit")}
    told: dict[tuple[str, str], str] = {}
    for (field, part, text), commit in parts.items():
        if field == "sql" and part.startswith("column "):
            name = part.removeprefix("column ")
            told[part, author.columns[name]] = commit
        elif field == "sql" and part == "filter":
            told[part, text.replace(f"{author.alias}.", "")] = commit
        elif field != "sql":
            told[field, text.removeprefix("c/")] = commit
    assert told == {fact: commits[number] for fact, number in author.blame.items()}
