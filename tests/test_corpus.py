"""Every catalog of the corpus gets its verdict, quickly, from the command that people run."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import Da, da  # noqa: F401  (a fixture)
from tests.conftest import GitRepository
from tests.corpus import HERE, Case, built, filed, lay
from tests.corpus.measured import DA, Measured, measured
from tests.corpus.trees import TREES, Tree

SECONDS, MEGABYTES, ATTEMPTS = 5.0, 256, 3
"""Of what must not grow with the square; that it is less than a second, benchmarks.heavy shows."""
FINDING = re.compile(r"^(\S.*?)(?::(\d+):(\d+))?: (error|warning|hint) (AG\d{3}) (.*)")
LONGEST_LINE = 2000

FILED = [case for case in [*filed(), *built.plain()] if not case.alone]
ALONE = [case for case in filed() if case.alone]
HEAVY = built.heavy()
GROUP = 6


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    column: int
    severity: str
    code: str


def findings(printed: str) -> list[Finding]:
    """What a run in text format told."""
    found = []
    for line in printed.splitlines():
        assert len(line) < LONGEST_LINE
        if match := FINDING.match(line):
            path, at, column, severity, code, _ = match.groups()
            found.append(Finding(path, int(at or 0), int(column or 0), severity, code))
    return found


def listing(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything in a folder, so that a change shows: mode, time, content."""
    found = {}
    for at, folders, files in os.walk(folder):
        if at.endswith(".git"):
            folders[:] = [name for name in folders if name != "agnes"]  # kept results
        for name in (*folders, *files):
            path = Path(at) / name
            status = path.lstat()
            content = ""
            if stat.S_ISREG(status.st_mode):
                content = sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                content = str(path.readlink())
            time = 0 if name == ".git" else status.st_mtime_ns
            found[str(path)] = (status.st_mode, time, content)
    return found


def judge(case: Case, found: list[Finding], path: str) -> None:
    """The right rules spoke, all of them of the right file, at places that exist."""
    severity = {"warned": "warning", "refused": "error"}.get(case.verdict)
    mine = [item for item in found if item.path == path and item.severity != "hint"]
    assert {item.code for item in mine if item.severity == severity} == case.codes
    if case.verdict == "accepted":
        assert mine == []
    if case.verdict == "warned":
        assert {item.severity for item in mine} == {"warning"}
    data = case.make()
    # As editors count lines, whatever the encoding.
    lines = re.split(r"\r\n?|\n", data.decode("utf-8-sig", "replace"))
    for item in mine:
        assert item.line <= len(lines)
        assert item.column <= len(lines[item.line - 1]) + 1


def test_the_corpus_is_as_large_as_it_should_be():
    cases = [*FILED, *ALONE, *built.light(), *(case for kind in HEAVY.values() for case in kind)]
    names = {(case.path, case.name) for case in cases}
    accepted = sum(case.verdict == "accepted" for case in cases)

    assert len(names) == len(cases) >= 700
    assert accepted >= 230
    assert len(TREES) >= 40


# Files that are small: all in one catalog, so that it also shows that none hides another


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> dict[str, list[Finding]]:
    folder = tmp_path_factory.mktemp("together")
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    catalog = lay(folder / "catalog", *FILED)
    before = listing(folder)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
    }
    done = subprocess.run(
        [DA, "metrics", "validate", "catalog"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert listing(folder) == before
    assert len(list(catalog.rglob("*.yml"))) == len(FILED) + len(
        list((HERE / "base").rglob("*.yml"))
    )
    by_path = defaultdict(list)
    for item in findings(done.stdout):
        by_path[item.path].append(item)
    return by_path


@pytest.mark.parametrize("case", FILED, ids=str)
def test_a_file_gets_its_verdict(case, together):
    path = f"catalog/{case.path}"

    judge(case, together[path], path)


def test_nobody_else_is_blamed(together):
    wrong = {
        path for path, found in together.items() if any(item.severity != "hint" for item in found)
    }

    assert {path.removeprefix("catalog/") for path in wrong} - {
        case.path for case in FILED if case.verdict != "accepted"
    } == {
        "metrics/sales/base.yml"  # whose name another claims
    }


# Files that are alone in a catalog, or odd to make: each in a catalog of its own, in this process


@pytest.mark.parametrize("case", [*ALONE, *built.light()], ids=str)
def test_a_file_alone_gets_its_verdict(case, da, tmp_path, monkeypatch):  # noqa: F811
    lay(tmp_path / "catalog", case)
    monkeypatch.chdir(tmp_path)
    before = listing(tmp_path)

    done = da("metrics", "validate", "catalog", "--level", "references")

    judge(case, findings(done.out), f"catalog/{case.path}")
    assert {item.path for item in findings(done.out)} <= {f"catalog/{case.path}"}
    assert (done.code, done.err) == (case.verdict == "refused", "")
    assert listing(tmp_path) == before


# Files that are meant to do harm: in a process whose time and memory are measured


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> Measured:
    """The base alone."""
    folder = tmp_path_factory.mktemp("usual")
    lay(folder / "catalog")
    runs = [measured(folder, "catalog") for _ in range(ATTEMPTS)]
    return min(runs, key=lambda run: run.seconds)


class TooSlowError(AssertionError):
    pass


def within_limits(folder: Path, usual: Measured, *arguments: str) -> Measured:
    """Run it, a few times if the machine is busy."""
    for _ in range(ATTEMPTS):
        run = measured(folder, *arguments)
        assert "Traceback" not in run.err
        if run.megabytes > MEGABYTES:
            raise TooSlowError(f"{run.megabytes:.0f} MB")
        spent = run.processor_seconds - usual.processor_seconds
        if spent > SECONDS:
            raise TooSlowError(f"{spent:.2f} s of the processor")
        waited = run.seconds - usual.seconds
        if waited <= SECONDS:
            return run
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        return run  # others have the processor
    raise TooSlowError(f"{waited:.2f} s of waiting")


def groups() -> Iterator[object]:
    """A few cases at a time, since together they must not take longer than one may."""
    for kind, cases in HEAVY.items():
        quick = [case for case in cases if not case.alone]
        for at in range(0, len(quick), GROUP):
            yield pytest.param(quick[at : at + GROUP], id=f"{kind}-{at // GROUP + 1}")
        yield from (pytest.param([case], id=str(case)) for case in cases if case.alone)


@pytest.mark.parametrize("cases", list(groups()))
def test_heavy_files_get_their_verdicts_at_once(cases, usual, tmp_path):
    try:
        _check_heavy(cases, usual, tmp_path / "together")
    except TooSlowError:
        if len(cases) == 1:
            raise
        for case in cases:
            _check_heavy([case], usual, tmp_path / case.name)


def _check_heavy(cases: list[Case], usual: Measured, folder: Path) -> None:
    folder.mkdir()
    lay(folder / "catalog", *cases)
    before = listing(folder / "catalog")

    run = within_limits(folder, usual, "catalog")

    found = findings(run.out)
    for case in cases:
        judge(case, found, f"catalog/{case.path}")
    assert {item.path for item in found} <= {f"catalog/{case.path}" for case in cases}
    assert (run.code, run.err) == (any(case.verdict == "refused" for case in cases), "")
    assert len(run.out) < 100_000 * len(cases)
    assert listing(folder / "catalog") == before
    assert [*(folder / "home").iterdir(), *(folder / "tmp").iterdir()] == []


# Trees


@pytest.fixture
def tree_repository(tmp_path) -> GitRepository:
    path = tmp_path / "catalog"
    path.mkdir()
    return GitRepository(path)


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_a_tree_gets_its_verdict(tree: Tree, tree_repository, da: Da, tmp_path):  # noqa: F811
    tree.make(tree_repository)
    folder = tree_repository.path
    before = listing(tmp_path)
    arguments = ["--catalog", folder, "--rev", "HEAD"] if tree.committed else [folder]

    binds = not tree.findings or any(code.startswith("AG5") for _, code in tree.findings)
    level = "binding" if binds else "references"
    done = da("metrics", "validate", "--format", "json", "--level", level, *arguments)

    assert "Traceback" not in done.err
    assert listing(tmp_path) == before
    if tree.fails:
        assert (done.code, done.out) == (1, "")
        assert tree.fails in done.err
        return
    told = [item for item in done.json["diagnostics"] if item["severity"] != "hint"]
    found = {(item["path"], item["code"]) for item in told if item["code"] not in tree.ignores}
    assert found == tree.findings
    assert done.code == (bool(tree.findings) and not tree.warns)
    assert done.err == ""
