"""What the hooks add to git's own commands; the limit is 50 ms.

python -m benchmarks.hooks [--times 40]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from agnes.git.refs import locate
from agnes.scaffold import create_catalog
from agnes.scaffold.hooks import install
from benchmarks.speed import timed

LIMIT = 0.050
COMMIT = ("commit", "--quiet", "--allow-empty", "--message", "Empty")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=40)
    times = parser.parse_args().times
    os.environ.pop("AGNES_HOOKS", None)
    os.environ |= {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
    }
    # A sync may still be at work when the folder goes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        without, hooked = (Path(temporary) / name for name in ("without", "hooked"))
        for folder in (without, hooked):
            create_catalog(folder)
            git(folder, "branch", "side")
            server = folder.with_suffix(".git")
            git(folder, "clone", "--quiet", "--bare", str(folder), str(server))
            git(folder, "remote", "add", "origin", str(server))
        install(locate(hooked))
        install(locate(hooked.with_suffix(".git")))
        print(f"medians of {times}, in ms")
        compare("git commit", without, hooked, [COMMIT], times, LIMIT)
        switches = [("switch", "--quiet", name) for name in ("side", "main")]
        compare("git switch", without, hooked, switches, times, LIMIT)
        # A push waits for the answer: it is a start of Python and a reading of the catalog.
        compare("git push", without, hooked, [COMMIT, ("push", "origin", "main")], 7, None)


def compare(
    what: str,
    without: Path,
    hooked: Path,
    commands: list[tuple[str, ...]],
    times: int,
    limit: float | None,
) -> None:
    """Time the last of the commands in both, in turn, so that the machine's moods fall on both."""
    found: dict[Path, list[float]] = {without: [], hooked: []}
    for _ in range(times):
        for folder, taken in found.items():
            for command in commands[:-1]:
                git(folder, *command)
            taken.append(timed(lambda folder=folder: git(folder, *commands[-1])))
    plain, slower = (statistics.median(taken) for taken in found.values())
    added = slower - plain
    verdict = "" if limit is None else "ok" if added <= limit else "OVER"
    named = "" if limit is None else f"   limit {limit * 1000:.0f}   "
    print(
        f"{what:12} {plain * 1000:6.1f} without   {slower * 1000:6.1f} with"
        f"   {added * 1000:+6.1f}{named}{verdict}"
    )


if __name__ == "__main__":
    main()
