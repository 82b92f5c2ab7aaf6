"""How well search answers questions, beside plain BM25 over the same text.

    python -m benchmarks.search [--misses] [SET...]

The sets are in questions/: `saas` asks the starter pack, `logistics` a second domain; `clinic` is
held out: nothing in the search was ever changed because of it.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agnes.cache.query import Snapshot
from agnes.search.ranking import search
from agnes.sync.reading import open_snapshot
from agnes.yaml.loader import load

HERE = Path(__file__).parent
CATALOGS = {
    "saas": HERE.parent / "catalog_repo",
    "logistics": HERE / "catalogs" / "logistics",
    "clinic": HERE / "catalogs" / "clinic",
}
TOP = 5


class PlainBM25:
    """The textbook's ranking over lower-case words of all the text that a metric has."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.documents = {row["id"]: Counter(_words(_text(row))) for row in snapshot.metrics()}
        self.average = statistics.mean(sum(words.values()) for words in self.documents.values())

    def __call__(self, question: str) -> list[str]:
        scores: Counter[str] = Counter()
        total = len(self.documents)
        for word in _words(question):
            having = sum(word in words for words in self.documents.values())
            rarity = math.log(1 + (total - having + 0.5) / (having + 0.5))
            for metric_id, words in self.documents.items():
                if count := words[word]:
                    length = sum(words.values()) / self.average
                    scores[metric_id] += (
                        rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length))
                    )
        return [
            metric_id for metric_id, _ in sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))
        ]


def _text(row: dict) -> str:
    lists = [*row["synonyms"], *row["notes"], *row["dimensions"]]
    parts = [row["id"], row["name"], row["display_name"], row["description"], row["table_name"]]
    return " ".join(str(part) for part in [*parts, *lists] if part)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


@dataclass
class Tally:
    ranks: list[int | None] = field(default_factory=list)
    false_answers: int = 0
    unanswerable: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, expected: list[str], got: list[str]) -> int | None:
        if not expected:
            self.unanswerable += 1
            self.false_answers += bool(got)
            return None
        rank = next((at for at, metric_id in enumerate(got, 1) if metric_id in expected), None)
        self.ranks.append(rank)
        return rank

    def hit(self, top: int) -> float:
        return sum(rank is not None and rank <= top for rank in self.ranks) / len(self.ranks)

    def __str__(self) -> str:
        reciprocal = sum(1 / rank for rank in self.ranks if rank) / len(self.ranks)
        return (
            f"hit@1 {self.hit(1):.2f}  hit@5 {self.hit(TOP):.2f}  MRR {reciprocal:.2f}  "
            f"false answers {self.false_answers}/{self.unanswerable}"
        )


def snapshot_of(catalog: Path, folder: Path) -> Snapshot:
    """Commit a copy of a catalog and open its snapshot."""
    shutil.copytree(catalog, folder)
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Add"]):
        subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)
    return open_snapshot(folder)


def run(name: str, folder: Path, *, misses: bool) -> None:
    questions = load((HERE / "questions" / f"{name}.yml").read_bytes())
    with snapshot_of(CATALOGS[name], folder) as snapshot:
        plain_bm25 = PlainBM25(snapshot)
        ours, plain = Tally(), Tally()
        kinds: dict[str, tuple[Tally, Tally]] = {}
        for item in questions:
            of_kind = kinds.setdefault(item["kind"], (Tally(), Tally()))
            started = time.perf_counter()
            hits = search(snapshot, item["q"]).hits
            ours.seconds.append(time.perf_counter() - started)
            got = [hit.id for hit in hits]
            rank = ours.add(item["expect"], got)
            of_kind[0].add(item["expect"], got)
            reference = plain_bm25(item["q"])
            plain.add(item["expect"], reference)
            of_kind[1].add(item["expect"], reference)
            if misses and (rank != 1 if item["expect"] else got):
                best = f"{hits[0].id} {hits[0].score} ({hits[0].why})" if hits else "nothing fits"
                print(f"    {item['kind']:13}{rank or '-':>3}  {item['q']!r} -> {best}")
    milliseconds = statistics.median(ours.seconds) * 1000
    print(f"{name}: {len(questions)} questions, {len(plain_bm25.documents)} metrics")
    print(f"  agnes       {ours}  p50 {milliseconds:.1f} ms")
    print(f"  plain BM25  {plain}")
    for kind, (a, b) in kinds.items():
        if a.ranks:
            print(
                f"    {kind:13} hit@5 {a.hit(TOP):.2f} (plain {b.hit(TOP):.2f})  of {len(a.ranks)}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(CATALOGS))
    parser.add_argument("--misses", action="store_true", help="print what is not found first")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.sets:
            run(name, Path(folder) / name, misses=options.misses)


if __name__ == "__main__":
    main()
