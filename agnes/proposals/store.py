"""Where proposals are: files of the catalog, on the branch at hand or on one of their own.

proposals/<name>.yml            waits for review
proposals/applied/<name>.yml    is in the tables
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from agnes.edit import Editor, Plan
from agnes.errors import ConflictError, InvalidError, NotFoundError
from agnes.git.branches import branches
from agnes.git.refs import Location, read_tip
from agnes.git.repository import Repository
from agnes.load.proposal import is_json, parse_proposal
from agnes.model.layout import ENDINGS, MAX_BYTES, printable
from agnes.model.names import nearest
from agnes.model.proposal import Proposal, ProposedColumn
from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.edit import patch
from agnes.yaml.loader import load

FOLDER = "proposals"
APPLIED = f"{FOLDER}/applied"
BRANCHES = f"{FOLDER}/"
_SHOWN = 3
_ENDINGS = ("", *ENDINGS, ".json")
_REVIEWED = ("basetype", "description", "pii", "decision")
Key = tuple[str, str]
"""Table id and column name."""


@dataclass(frozen=True)
class Stored:
    """A proposal and where it was found.

    Args:
        shown: what to call it.
        path: in the catalog; None for a file from elsewhere.
        branch: its full name, of where decisions on it are committed; None if nowhere.
        file: on disk, if it is there.
    """

    shown: str
    content: bytes
    proposal: Proposal
    path: str | None = None
    branch: str | None = None
    file: Path | None = None

    @property
    def is_applied(self) -> bool:
        """Whether it was applied already."""
        return self.path is not None and self.path.startswith(f"{APPLIED}/")

    @property
    def branch_name(self) -> str | None:
        """The branch's short name."""
        return self.branch and self.branch.removeprefix("refs/heads/")


def find(location: Location, wanted: str) -> Stored:
    """Find a proposal.

    Args:
        wanted: a path; or a name, with or without `proposals/` and its ending, of one that is
            committed here, was applied, or waits on a branch `proposals/...`.

    Raises:
        NotFoundError: there is none; the hint names those that wait.
        InvalidError: it is no proposal.
    """
    head = read_tip(location)
    for file in _candidates(location, wanted):
        if os.path.isfile(file):  # noqa: PTH113  (a name may be too long for `Path.is_file`)
            return _from_disk(location, file, head.branch)
    repository = Repository(location)
    here = [head.commit] if head.commit else []
    for folder in (FOLDER, APPLIED):
        for commit in here:
            if found := _committed(repository, commit, folder, wanted):
                return _from_git(*found, head.branch)
    for ref, commit in sorted(branches(location, BRANCHES).items(), key=_local_first):
        if found := _committed(repository, commit, FOLDER, wanted):
            return _from_git(*found, ref)
    waiting = sorted({_stem(path) for path in _waiting(location, repository, here)})
    near = nearest(_stem(wanted), waiting)
    hint = f"did you mean: {', '.join(near)}" if near else None
    if not near and waiting:
        hint = f"what waits: {', '.join(waiting[-_SHOWN:])}"
    raise NotFoundError(
        f"proposal {printable(wanted)} not found", hint or "make one: da admin metadata discover"
    )


def rewritten(stored: Stored, columns: Mapping[Key, ProposedColumn]) -> bytes:
    """A proposal's file with what was decided of columns; the rest keeps its bytes.

    Raises:
        InvalidError: it would be larger than a proposal may be, or hold what none may.
    """
    as_json = is_json(stored.shown)
    data: dict[str, Any] = json.loads(stored.content) if as_json else core(load(stored.content))
    for (table_id, name), column in columns.items():
        before = stored.proposal.tables[table_id].columns[name]
        said = column.model_dump(exclude_none=True)
        known = data["tables"][table_id]["columns"]
        known[name] = fresh = dict(known[name] or {})
        for key in _REVIEWED:
            if getattr(column, key) == getattr(before, key):
                continue
            if said.get(key):
                fresh[key] = said[key]
            else:
                fresh.pop(key, None)
    if as_json:
        content = json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"
    else:
        content = patch(stored.content, data)
        if len(content) > MAX_BYTES:
            content = dump(data)
    try:
        parse_proposal(stored.shown, content)
    except InvalidError as error:
        message = f"with these decisions, {error.message}"
        raise InvalidError(message, error.diagnostics, "decide otherwise, or of less") from None
    return content


def save(location: Location, stored: Stored, content: bytes, subject: str) -> str | None:
    """Commit what was decided of a proposal, on the branch where it is.

    What is not committed of the file goes with it; a file from elsewhere is written only.

    Returns:
        The commit's id; None for a file from elsewhere.

    Raises:
        ConflictError: somebody else changed it meanwhile.
    """
    if stored.path is None:
        assert stored.file is not None
        _write(stored.file, content)
        return None
    editor = Editor(location, branch=stored.branch or "HEAD")
    if stored.file is None:
        tree = editor.repository.catalog_tree(editor.repository.root_tree(editor.base))
        entry = editor.repository.entry(tree, stored.path)
        if entry is None or editor.repository.read(entry) != stored.content:
            raise ConflictError(f"{stored.shown} was changed meanwhile", "review it again")
    elif stored.file.read_bytes() != stored.content:
        raise ConflictError(f"{stored.shown} was changed meanwhile", "review it again")
    else:
        _write(stored.file, content)
    plan = Plan(editor.base, editor.branch, {stored.path: content})
    return editor.apply(plan, subject, "manual")


def _write(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.chmod(file.stat().st_mode)
        temporary.replace(file)
    except OSError as error:
        raise ConflictError(f"cannot write {file}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _candidates(location: Location, wanted: str) -> Iterator[Path]:
    yield Path(wanted)
    if location.worktree is not None:
        yield location.path / wanted
        name = PurePosixPath(wanted).name
        for folder in (FOLDER, APPLIED):
            yield from (location.path / folder / f"{name}{ending}" for ending in _ENDINGS)


def _from_disk(location: Location, file: Path, branch: str | None) -> Stored:
    with file.open("rb") as opened:  # which may be endless
        content = opened.read(MAX_BYTES + 1)
    inside = None
    if location.worktree is not None and file.resolve().is_relative_to(location.path):
        path = file.resolve().relative_to(location.path).as_posix()
        inside = path if path.startswith(f"{FOLDER}/") else None
    shown = inside or str(file)
    proposal = parse_proposal(shown, content)
    on = branch if inside else None
    return Stored(printable(shown), content, proposal, inside, on, file.resolve())


def _from_git(path: str, content: bytes, branch: str | None) -> Stored:
    return Stored(printable(path), content, parse_proposal(path, content), path, branch)


def _committed(
    repository: Repository, commit: str, folder: str, wanted: str
) -> tuple[str, bytes] | None:
    """The file of a proposal in a commit's folder, and its content."""
    tree = repository.catalog_tree(repository.root_tree(commit))
    name = PurePosixPath(wanted).name
    for ending in _ENDINGS:
        entry = repository.entry(tree, f"{folder}/{name}{ending}")
        if entry is not None and entry.kind == "file":
            return entry.path, repository.read(entry)
    return None


def _waiting(location: Location, repository: Repository, commits: list[str]) -> Iterator[str]:
    applied = {path.name for commit in commits for path in _names(repository, commit, APPLIED)}
    for commit in (*commits, *branches(location, BRANCHES).values()):
        for path in _names(repository, commit, FOLDER):
            if path.name not in applied:
                yield path.name


def _names(repository: Repository, commit: str, folder: str) -> list[PurePosixPath]:
    tree = repository.catalog_tree(repository.root_tree(commit))
    return [PurePosixPath(entry.path) for entry in repository.folder(tree, folder)]


def _stem(path: str) -> str:
    name = PurePosixPath(path).name
    return next((name.removesuffix(end) for end in _ENDINGS[1:] if name.endswith(end)), name)


def _local_first(branch: tuple[str, str]) -> tuple[bool, str]:
    return not branch[0].startswith("refs/heads/"), branch[0]
