"""What `da metrics validate` checks: a folder, what is staged, or a commit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import GitError, NoCommitError, NotACatalogError
from agnes.git.entry import Entry
from agnes.git.refs import MARKER, Location, locate
from agnes.lint.files import Files, GitFiles, folder_files
from agnes.lint.results import Results
from agnes.lint.rules.schema import WrongPlace
from agnes.lint.run import Found, Report, Request, Run
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import ENDINGS, PARTS, SETTINGS, printable
from agnes.yaml.loader import LINE_END

if TYPE_CHECKING:
    from agnes.git.repository import Repository
    from agnes.lint.commit import Made

Paths = Collection[str]
"""Files and folders, relative to the catalog."""


@dataclass
class Checked:
    """What was checked, and what was found.

    Args:
        count: how many files the findings are about.
        files: where their text can be read.
        report: its diagnostics are those of the files that were asked for.
        unknown: paths that were asked for, and nothing is there that could be checked.
    """

    count: int
    files: Files
    report: Report
    unknown: list[str] = field(default_factory=list)
    _read: tuple[str, list[str]] = field(default_factory=lambda: ("", []), init=False)

    def line(self, found: Diagnostic) -> str | None:
        """The line that a finding is about."""
        entry = self.report.files.get(found.path)
        if entry is None or not found.line:
            return None
        if self._read[0] != found.path:
            text = self.files.read(entry).decode("utf-8-sig", "replace")
            self._read = found.path, LINE_END.split(text)
        lines = self._read[1]
        return lines[found.line - 1] if found.line <= len(lines) else None


def check_folder(root: Path, request: Request, only: Paths = ()) -> Checked:
    """Check files as they are on disk.

    Args:
        root: a catalog's folder, or a plain folder of `<category>/<name>.yml`.
        only: what to tell the findings of; all of it if empty. All files are looked at all the
            same, since one may break another.
    """
    files = folder_files(root, only)
    return _selected(Run(files, request), only)


def check_revision(root: Path, revision: str, request: Request, only: Paths = ()) -> Checked:
    """Check the files of a commit.

    Raises:
        RevisionError: there is no such commit.
    """
    from agnes.git.repository import Repository
    from agnes.lint.commit import Made

    repository = Repository(locate(root), PARTS)
    commit = repository.resolve(revision)
    files = GitFiles(repository, _entries(repository, commit))
    made = Made(repository, repository.parents(commit), repository.commit(commit).email)
    return _selected(Run(files, request), only, made)


def check_staged(root: Path, request: Request, only: Paths = ()) -> Checked:
    """Check what is staged: the findings of the files that change, and others that are new.

    Args:
        only: files whose findings are told even though they do not change.
    """
    from agnes.git.repository import Repository
    from agnes.git.staged import next_parents, staged
    from agnes.lint.commit import Made

    repository = Repository(locate(root), PARTS)
    files = GitFiles(repository, staged(repository))
    try:
        before = _entries(repository, repository.tip().commit)
    except NoCommitError:
        before = []
    blobs = {entry.path: entry.blob for entry in before}
    changed = {entry.path for entry in files.entries() if blobs.get(entry.path) != entry.blob}
    about = changed | {path for path in map(_path, files.entries()) if is_in(path, only)}
    run = Run(files, request)
    found = run.find()
    outside = [item for item in found if item.path not in about]
    if outside:
        # A change of one file may break another, whose old mistakes are not this commit's.
        quiet = replace(request, advance=lambda _done, _total: None)
        known = {_what(item) for item in Run(GitFiles(repository, before), quiet).find()}
        outside = [item for item in outside if _what(item) not in known]
    inside = [item for item in found if item.path in about]
    inside += Made(repository, next_parents(repository), _author(repository)).check(run)
    there = {entry.path for entry in files.entries()}
    if there and SETTINGS in blobs and SETTINGS not in there:
        message = f"{SETTINGS} is gone, and the catalog with it: nothing here is read"
        hint = f"put it back: git restore --staged --worktree {SETTINGS}; or delete the rest too"
        inside.append(Diagnostic(SETTINGS, 0, 0, WrongPlace.code, "error", message, hint))
    report = run.report(inside + outside, about.__contains__)
    count = sum(path in report.files for path in about) + len(blobs.keys() - there)
    return Checked(count, files, report)


def staged_catalogs(folder: Path) -> list[Path]:
    """The catalogs of the repository around a folder, by the agnes.yml files that are staged.

    Those that lose theirs and keep metrics or tables are among them.
    """
    from agnes.git.repository import Repository
    from agnes.git.staged import staged

    here = locate(folder)
    if here.worktree is None:
        return []
    everything = Repository(replace(here, folder=""))
    found = [Path(entry.path) for entry in staged(everything) if entry.kind == "file"]
    roots = {path.parent: None for path in found if path.name == MARKER}
    folders = {
        folder.parent: None
        for path in found
        for folder in path.parents
        if folder.name in PARTS and path.suffix in ENDINGS
    }
    lost = [folder for folder in folders if folder not in roots and _was_catalog(here, folder)]
    return [here.worktree / folder for folder in [*roots, *lost]]


def _was_catalog(here: Location, folder: Path) -> bool:
    """Whether a folder of the repository has an agnes.yml in the last commit."""
    from agnes.git.repository import Repository

    name = "" if folder == Path() else folder.as_posix()
    repository = Repository(replace(here, folder=name), frozenset([MARKER]))
    try:
        return bool(_entries(repository, repository.tip().commit))
    except NoCommitError:
        return False


def results_of(root: Path) -> Results:
    """The results kept of a catalog in a git repository; none are kept elsewhere."""
    location = _location(root)
    return Results(location.common_dir / "agnes" / "lint" if location else None)


def _location(root: Path) -> Location | None:
    try:
        return locate(root)
    except NotACatalogError:
        return None


def _entries(repository: Repository, commit: str) -> list[Entry]:
    return repository.entries(repository.catalog_tree(repository.root_tree(commit)))


def _author(repository: Repository) -> str | None:
    from agnes.git.writer import identity

    try:
        return identity(repository.location).email
    except GitError:
        return None


def _selected(run: Run, only: Paths, made: Made | None = None) -> Checked:
    names = {path: run.files.shown(path) for path in run.yaml}
    asked = only
    only = {*only, *map(printable, only)}  # findings have the one, files the other

    def wanted(path: str) -> bool:
        return is_in(run.files.shown(path), only)

    found = run.find()
    found += made.check(run) if made else ()
    if only:
        report = run.report([item for item in found if wanted(item.path)], wanted)
    else:
        report = run.report(found)
    shown = [replace(item, path=run.files.shown(item.path)) for item in report.diagnostics]
    files = {names[path]: entry for path, entry in report.files.items()}
    count = sum(not only or is_in(name, only) for name in names.values())
    there = {*names.values(), *(item.path for item in shown)}
    unknown = [name for name in asked if not any(is_in(path, [name]) for path in there)]
    return Checked(count, run.files, Report(files, shown), unknown)


def _path(entry: Entry) -> str:
    return entry.path


def is_in(path: str, only: Paths) -> bool:
    """Whether a file is one of those that were named, or in a folder that was."""
    return any(path == wanted or path.startswith(f"{wanted.rstrip('/')}/") for wanted in only)


def _what(found: Found) -> tuple[str, str, str]:
    return found.path, found.code, found.message
