"""A snapshot follows from its commit alone: random histories, a full build and a model of git's."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agnes.cache.query import Snapshot
from agnes.git.refs import locate
from agnes.sync.reconcile import materialize, reconcile
from tests.cache.test_build import assert_same, built
from tests.conftest import GitRepository

MRR = "metrics/revenue/mrr.yml"
ARR = "metrics/revenue/arr.yml"
TWIN = "metrics/revenue/mrr.yaml"
ORDERS = "tables/orders.yml"
SETTINGS = "agnes.yml"
INDEX = "metrics/metrics.yml"
MISPLACED = ("metrics/Bad/x.yml", "metrics/alone.yml", "tables/deep/x.yml")
PATHS = [
    *(SETTINGS, INDEX, MRR, ARR, TWIN, "metrics/sales/mrr.yml", "metrics/sales/new.yml"),
    *(ORDERS, "tables/Orders.yml", "tables/users.yml", *MISPLACED, "README.md"),
]
VALID = ("one", "two", "three")
ODD = {
    "broken": "name: [unclosed\n",
    "wrong": "unknown_key: 1\n",
    "follow main": "{name: Follows, branch: main}\n",
}
LINK = "120000"


def version(path: str, kind: str) -> str:
    """A file's content, on one line, so that git merges whole versions only."""
    stem = Path(path).stem
    if kind in ODD:
        return ODD[kind]
    if path == SETTINGS:
        return f"name: Catalog {kind}\n"
    if path == INDEX:
        return f"categories: [{{name: Money {kind}, folder: revenue, metrics: [mrr]}}]\n"
    if path.startswith("tables/"):
        return f"{{id: {stem}, description: {kind}, columns: {{a: {{basetype: DATE}}, b: }}}}\n"
    return f"{{name: {stem}, display_name: Title {kind}, grain: daily, sql: SELECT 1}}\n"


def is_valid(path: str, text: str) -> bool:
    if path == SETTINGS and text == ODD["follow main"]:
        return True
    return text in [version(path, kind) for kind in VALID]


class World:
    """A catalog that goes through a history, driven by git's own client."""

    def __init__(self, path: Path) -> None:
        self.at = GitRepository(path)
        self.clock = 1_700_000_000
        self.at.git("init", "--quiet", "--initial-branch", "main")
        for key, value in {"merge.renames": "false", "core.hooksPath": "/dev/null"}.items():
            self.at.git("config", key, value)
        self.change(*(("write", path, "one") for path in (SETTINGS, MRR, ORDERS)))

    def commit(self, *options: str) -> None:
        self.clock += 60
        self.at.git("add", "--all")
        self.at.git(
            *("commit", "--quiet", "--allow-empty", *options),
            *("--message", f"Change\n\nAgnes-Source: s{self.clock % 3}"),
            GIT_AUTHOR_NAME=f"Author {self.clock % 7}",
            GIT_COMMITTER_DATE=f"{self.clock} +0000",
        )

    def change(self, *edits: tuple[str, ...]) -> None:
        for edit in edits:
            self.edit(*edit)
        self.commit()

    def edit(self, kind: str, path: str, value: str = "") -> None:
        file = self.at.path / path
        match kind:
            case "write" | "link":
                file.unlink(missing_ok=True)
                self.at.write(path, version(path, value))
                if kind == "link":
                    file.unlink()
                    file.symlink_to("elsewhere")
            case "remove":
                file.unlink(missing_ok=True)
            case "rename" if file.is_file():
                (self.at.path / value).parent.mkdir(parents=True, exist_ok=True)
                file.replace(self.at.path / value)
            case "mode" if file.is_file() and not file.is_symlink():
                file.chmod(file.stat().st_mode ^ 0o111)

    def back(self, most: int) -> str:
        """An ancestor on the first-parent history, at most so many commits back."""
        count = int(self.at.git("rev-list", "--first-parent", "--count", "HEAD"))
        return f"HEAD~{min(most, count - 1)}"

    def branches(self) -> list[str]:
        return self.at.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def combine(self, *command: str) -> None:
        """Merge, revert or pick; where git cannot decide, the file stays as it left it."""
        self.at.git(*command, check=False)
        for aside in self.at.path.rglob("*~*"):  # a file that stood in the way of a link
            aside.unlink()
        self.commit()

    def parents(self, commit: str) -> list[str]:
        return self.at.git("rev-list", "--parents", "-1", commit).split()[1:]


# What should be served, by git's client alone


@dataclass
class Change:
    """A commit on the first-parent history that changed a file, and what the file was after it."""

    commit: str
    time: datetime
    author: str
    source: str
    mode: str
    text: str

    @property
    def gone(self) -> bool:
        return self.mode == "000000"


@dataclass
class Model:
    """What a catalog serves at a commit."""

    metrics: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    tables: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    history: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    categories: list[tuple[str, str]] = field(default_factory=list)
    name: str | None = None


_TEXTS = {"0" * 40: ""}


def text_of(at: GitRepository, blob: str) -> str:
    if blob not in _TEXTS:
        _TEXTS[blob] = at.git("cat-file", "blob", blob) + "\n"
    return _TEXTS[blob]


@lru_cache(maxsize=1_000)
def changes(at: GitRepository, commit: str) -> dict[str, list[Change]]:
    """Every file's changes, newest first."""
    found: dict[str, list[Change]] = {}
    head: list[str] = []
    log = at.git(
        *("log", "--first-parent", "--diff-merges=first-parent", "--root", "--raw"),
        *("--no-abbrev", "--no-renames", commit),
        "--format=%x09%H%x09%ct%x09%an%x09%(trailers:key=Agnes-Source,valueonly,separator=%x2C)",
    )
    for line in f"\n{log}".split("\n"):
        if line.startswith(("\t", commit)):
            head = line.strip().split("\t")
        elif line.startswith(":"):
            facts, path = line[1:].split("\t")
            mode, blob = facts.split()[1], facts.split()[3]
            time = datetime.fromtimestamp(int(head[1]), UTC).replace(tzinfo=None)
            change = Change(head[0], time, head[2], head[3], mode, text_of(at, blob))
            found.setdefault(path, []).append(change)
    return found


def newest_valid(path: str, versions: list[Change]) -> Change | None:
    wanted = (it for it in versions if not it.gone and it.mode != LINK and is_valid(path, it.text))
    return next(wanted, None)


def model_of(at: GitRepository, commit: str) -> Model:
    model = Model()
    found = changes(at, commit)
    owners: dict[str, str] = {}
    files = {path for path, versions in found.items() if not versions[0].gone}
    for path in sorted(found):
        versions = found[path]
        last, first = versions[0], versions[-1]
        if path == "README.md":
            continue
        model.history[path] = (first.commit, first.author, last.commit, last.author, last.source)
        if path not in files:
            continue
        claim = path.rpartition(".")[0].casefold()
        is_owner = last.mode != LINK and owners.setdefault(claim, path) == path
        if path in MISPLACED or not is_owner:
            model.broken.add(path)
            continue
        served = newest_valid(path, versions)
        stale = not is_valid(path, last.text)
        if stale:
            model.broken.add(path)
        if path == SETTINGS:
            model.name = served and served.text.removeprefix("{").split(",")[0][6:].strip()
            continue
        if served is None or path == INDEX:
            continue
        row = (path, served.text, stale, first.time, last.time, last.commit, last.author)
        if path.startswith("metrics/"):
            model.metrics[path[8:].rpartition(".")[0]] = (*row, last.source)
        else:
            model.tables[path[7:].rpartition(".")[0]] = (*row, first.author)
    _add_categories(model, found, owners)
    return model


def _add_categories(model: Model, found: dict[str, list[Change]], owners: dict[str, str]) -> None:
    index = found.get(INDEX, [])
    served = newest_valid(INDEX, index) if index and owners.get("metrics/metrics") else None
    if served:
        title = next(kind for kind in VALID if served.text == version(INDEX, kind))
        model.categories.append(("revenue", f"Money {title}"))
    names = sorted({path.split("/")[1] for path in owners.values() if path.count("/") == 2})
    known = {name for name, _ in model.categories}
    model.categories += [(name, name) for name in names if name not in known | {"Bad", "deep"}]


def followed(at: GitRepository) -> str:
    """The commit that is served: of HEAD, or of the branch that agnes.yml there names."""
    head = at.git("rev-parse", "HEAD")
    served = newest_valid(SETTINGS, changes(at, head)[SETTINGS])
    if served is not None and served.text == ODD["follow main"]:
        return at.git("rev-parse", "main")
    return head


def assert_as_modeled(at: GitRepository, commit: str, path: Path) -> None:
    model = model_of(at, commit)
    provenance = ("created_at", "updated_at", "commit_id", "author", "source")
    table_provenance = ("registered_at", "updated_at", "commit_id", "author", "registered_by")
    with Snapshot(path) as snapshot:
        info = snapshot.info()
        found = {
            kind: {
                row["id"]: (
                    row["path"],
                    text_of(at, row["blob"]),
                    row["stale"],
                    *(row[name] for name in names),
                )
                for row in rows
            }
            for kind, rows, names in (
                ("metrics", snapshot.metrics(), provenance),
                ("tables", snapshot.tables(), table_provenance),
            )
        }
        history = {
            row["path"]: (
                *(row["created_commit"], row["created_by"]),
                *(row["updated_commit"], row["updated_by"], row["source"]),
            )
            for row in snapshot.rows("FROM file_history")
        }
        errors = {row["path"] for row in snapshot.diagnostics() if row["severity"] == "error"}
        categories = [(row["name"], row["display_name"]) for row in snapshot.categories()]
        titles = {row["id"]: row["display_name"] for row in snapshot.metrics()}
    assert found == {"metrics": model.metrics, "tables": model.tables}
    assert all(f"display_name: {titles[id_]}," in row[1] for id_, row in model.metrics.items())
    assert history == model.history
    assert errors == model.broken
    assert categories == model.categories
    assert (info["commit_id"], info["name"]) == (commit, model.name)
    rows = [*model.metrics.values(), *model.tables.values()]
    assert (info["metrics"], info["tables"]) == (len(model.metrics), len(model.tables))
    assert info["stale"] == sum(row[2] for row in rows)


def assert_pure(at: GitRepository) -> None:
    """Sync, and compare with a build from nothing and with the model."""
    commit = followed(at)

    outcome = reconcile(locate(at.path))

    assert outcome.commit == outcome.path.stem == commit
    assert_same(outcome.path, built(at, commit))
    assert_as_modeled(at, commit, outcome.path)


# Random histories

FREELY = [path for path in PATHS if path != SETTINGS]
KINDS = st.sampled_from([*VALID, *VALID, "broken", "wrong"])
EDITS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(PATHS), KINDS),
    st.tuples(st.just("write"), st.sampled_from([MRR, ARR, ORDERS]), KINDS),
    st.tuples(st.just("write"), st.just(SETTINGS), st.sampled_from(["follow main", "one"])),
    st.tuples(st.sampled_from(["remove", "link", "mode"]), st.sampled_from(FREELY)),
    st.tuples(st.just("rename"), st.sampled_from(FREELY), st.sampled_from(FREELY)),
)
BACK = st.integers(1, 4)
NAMES = st.sampled_from(["main", "side", "other"])


class OneBranch(RuleBasedStateMachine):
    """What people do to a branch; after each step, or a few of them, the cache follows."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.world = World(self.folder)
        self.unseen = 0

    def teardown(self) -> None:
        if self.unseen:
            assert_pure(self.world.at)
        shutil.rmtree(self.folder)

    @invariant()
    def it_is_pure(self) -> None:
        if self.unseen:
            self.unseen -= 1
        else:
            assert_pure(self.world.at)

    @rule(steps=st.integers(1, 3))
    def look_away(self, steps: int) -> None:
        self.unseen = steps

    @rule(commits=st.lists(st.lists(EDITS, min_size=1, max_size=2), min_size=1, max_size=3))
    def change(self, commits: list[list[tuple[str, ...]]]) -> None:
        for edits in commits:
            self.world.change(*edits)

    @rule(path=st.sampled_from([MRR, ARR, ORDERS, SETTINGS, INDEX]), kinds=st.lists(KINDS))
    def break_and_repair(self, path: str, kinds: list[str]) -> None:
        for kind in ["broken", *kinds[:3]]:
            self.world.change(("write", path, kind))

    @rule(edit=EDITS)
    def amend(self, edit: tuple[str, ...]) -> None:
        self.world.edit(*edit)
        self.world.commit("--amend")

    @rule(back=BACK)
    def reset(self, back: int) -> None:
        self.world.at.git("reset", "--quiet", "--hard", self.world.back(back))

    @rule(back=BACK)
    def revert(self, back: int) -> None:
        commit = self.world.back(back - 1)
        parents = self.world.parents(commit)
        if parents:
            mainline = ["--mainline", "1"] if len(parents) > 1 else []
            self.world.combine("revert", "--no-commit", "-X", "theirs", *mainline, commit)

    @rule()
    def collect_garbage(self) -> None:
        self.world.at.git("reflog", "expire", "--expire=now", "--all")
        self.world.at.git("gc", "--quiet", "--prune=now")

    @rule(back=BACK)
    def read_an_old_revision(self, back: int) -> None:
        name = self.world.back(back)
        path = materialize(locate(self.world.at.path), name)
        assert_same(path, built(self.world.at, name))
        assert_as_modeled(self.world.at, self.world.at.git("rev-parse", name), path)


class SeveralBranches(OneBranch):
    """The same in branches that are switched, merged, picked from, rebased and pushed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.remote = GitRepository(self.folder / ".git" / "remote.git")
        self.clone = GitRepository(self.folder / ".git" / "clone")

    @rule(name=NAMES)
    def switch(self, name: str) -> None:
        there = name in self.world.branches()
        self.world.at.git("switch", "--quiet", *([] if there else ["--create"]), name)

    @rule(name=NAMES, ff=st.booleans())
    def merge(self, name: str, ff: bool) -> None:
        if name not in self.world.branches():
            return
        if ff:
            self.world.at.git("merge", "--quiet", "--ff-only", name, check=False)
        else:
            self.world.combine("merge", "--quiet", "--no-commit", "--no-ff", "-X", "theirs", name)

    @rule(edits=st.lists(EDITS, min_size=1, max_size=2), back=st.integers(0, 2))
    def diverge_and_merge(self, edits: list[tuple[str, ...]], back: int) -> None:
        """A branch from a few commits ago, with changes of its own, is merged."""
        start = self.world.at.git("rev-parse", "--abbrev-ref", "HEAD")
        self.world.at.git("switch", "--quiet", "--detach", self.world.back(back))
        self.world.change(*edits)
        made = self.world.at.git("rev-parse", "HEAD")
        self.world.at.git("switch", "--quiet", start)
        self.world.combine("merge", "--quiet", "--no-commit", "--no-ff", "-X", "theirs", made)

    @rule(name=NAMES)
    def cherry_pick(self, name: str) -> None:
        if name in self.world.branches() and (parents := self.world.parents(name)):
            mainline = ["--mainline", "1"] if len(parents) > 1 else []
            self.world.combine("cherry-pick", "--no-commit", "-X", "theirs", *mainline, name)

    @rule(name=NAMES)
    def rebase(self, name: str) -> None:
        if name in self.world.branches():
            self.world.at.git("rebase", "--quiet", "-X", "theirs", name, check=False)
            if (self.folder / ".git" / "rebase-merge").exists():
                self.world.at.git("rebase", "--abort")

    @precondition(lambda self: "main" in self.world.branches())
    @rule()
    def force_push_and_fetch(self) -> None:
        """A replica that follows the remote serves the same as a build at the source."""
        if not self.remote.path.exists():
            self.world.at.git("init", "--quiet", "--bare", str(self.remote.path))
            self.world.at.git("remote", "add", "origin", str(self.remote.path))
        self.world.at.git("push", "--quiet", "--force", "origin", "main")
        if not self.clone.path.exists():
            arguments = ("--quiet", "--branch", "main", str(self.remote.path), str(self.clone.path))
            self.world.at.git("clone", *arguments)
            self.clone.git("config", "agnes.follow", "origin/main")
        self.clone.git("fetch", "--quiet")

        outcome = reconcile(locate(self.clone.path))

        assert outcome.commit == self.world.at.git("rev-parse", "main")
        assert_same(outcome.path, built(self.world.at, "main"))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("machine", [OneBranch, SeveralBranches])
@pytest.mark.parametrize(
    ("examples", "steps"),
    [(2, 6), pytest.param(60, 30, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])],
)
def test_a_snapshot_follows_from_its_commit_alone(tmp_path, machine, examples, steps):
    run_state_machine_as_test(
        lambda: machine(tmp_path),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([(MRR, "two"), (MRR, "one")], id="changed and changed back"),
        pytest.param(
            [(MRR, "broken"), None, (MRR, "two"), (MRR, "broken")],
            id="broken, repaired and broken alike",
        ),
        pytest.param([(TWIN, "wrong"), None, (TWIN, "two")], id="a broken twin hides a metric"),
        pytest.param([(SETTINGS, "broken"), None, (MRR, "two")], id="broken settings stay named"),
        pytest.param([(INDEX, "one"), None, (INDEX, "wrong")], id="a broken index stays in use"),
    ],
)
def test_these_histories_are_told_as_git_tells_them(tmp_path, history):
    world = World(tmp_path)
    assert_pure(world.at)
    for step in history:
        if step is None:
            assert_pure(world.at)
        else:
            world.change(("write", *step))

    assert_pure(world.at)
