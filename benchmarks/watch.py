"""How long it takes from a commit until a running watcher has put it in force.

python -m benchmarks.watch [--count 10000] [--commits 60]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from agnes.cache.store import Store
from agnes.git.refs import locate
from benchmarks.generate import commit, generate, git
from benchmarks.speed import DA

P50, P99 = 0.100, 0.400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--commits", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "catalog"
        paths = generate(folder, options.count)
        subprocess.run([DA, "catalog", "sync", "--catalog", str(folder)], check=True)
        command = [DA, "catalog", "watch", "--catalog", str(folder)]
        watcher = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            while "synced" not in watcher.stderr.readline():
                pass
            took = [visible_after(folder, paths[at * 7], at) for at in range(options.commits)]
        finally:
            watcher.terminate()
            watcher.wait()
        report(took, options.count)


def visible_after(folder: Path, file: Path, number: int) -> float:
    """Seconds from the end of `git commit` until CURRENT names the commit."""
    store = Store(locate(folder))
    file.write_text(file.read_text().replace("unit: USD", f"unit: EUR{number}"))
    git(folder, "add", str(file))
    commit(folder)
    committed = time.perf_counter()
    head = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    while (current := store.current()) is None or current.commit != head:
        if time.perf_counter() - committed > 30:
            raise TimeoutError(head)
        time.sleep(0.001)
    took = time.perf_counter() - committed
    time.sleep(0.3)  # each commit on its own: a burst is coalesced
    return took


def report(took: list[float], count: int) -> None:
    took.sort()
    p50, p99 = statistics.median(took), took[min(len(took) - 1, round(len(took) * 0.99))]
    print(f"commit to visible, {count:,} metrics, {len(took)} commits")
    for name, value, limit in (("p50", p50, P50), ("p99", p99, P99)):
        verdict = "ok" if value <= limit else "OVER"
        print(f"  {name} {value * 1000:6.0f} ms   target {limit * 1000:.0f} ms   {verdict}")


if __name__ == "__main__":
    main()
