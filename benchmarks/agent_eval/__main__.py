"""What an agent is told by the commands and by MCP, and what it costs, measured without a model.

    python -m benchmarks.agent_eval [--core] [--misses]

A real server has the starter pack with something deprecated, lapsed, stale, ambiguous and hidden.
Two agents that follow the rule (search, read the first hit) ask as an analyst. `right`: the right
metric came first, or none (or one that is said to be a guess) where there is none; `rules`: all its rules and its SQL were shown;
`said`: what is wrong was said; `wolf`: something was said to be wrong that is not. Tokens are
characters divided by four.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.git.refs import locate
from benchmarks.agent_eval.agents import ask_by_command, ask_by_mcp
from benchmarks.agent_eval.catalog import serve
from benchmarks.agent_eval.score import Score, cases, table


def evaluate(folder: Path, *, core_only: bool = False) -> dict[str, list[Score]]:
    """Ask, and score."""
    asked = cases(core_only=core_only)
    questions = [case.q for case in asked]
    away = folder / "away"
    away.mkdir()
    with serve(folder) as served:
        told = {
            "da commands": ask_by_command(served, questions, away),
            "mcp": ask_by_mcp(served, questions),
        }
        current = Store(locate(folder / "catalog")).current()
        assert current is not None
        with Snapshot(current.path) as snapshot:
            rules = {row["id"]: row["notes"] for row in snapshot.metrics()}
    return {
        name: [
            Score(case, found, rules.get(found.first or "", []))
            for case, found in zip(asked, all_, strict=True)
        ]
        for name, all_ in told.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", action="store_true", help="only what the tests ask too")
    parser.add_argument("--misses", action="store_true", help="list what went wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = evaluate(Path(folder), core_only=options.core)
    for name, scores in found.items():
        print("\n".join(table(name, scores)))
        for score in scores:
            good = score.is_right and score.shows_rules and score.says_all and not score.cries_wolf
            if options.misses and not good:
                print(f"    {score.case.q!r}: {score.told.first}, {sorted(score.told.says)}")
        print()


if __name__ == "__main__":
    main()
