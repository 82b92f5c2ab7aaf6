"""Making a new catalog."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from agnes.config import Author
from agnes.errors import AgnesError, ConflictError, NotACatalogError
from agnes.git.building import Edit
from agnes.git.refs import MARKER, Location, locate, read_tip
from agnes.git.writer import commit, identity, init_repository
from agnes.model.json_schema import schema_files
from agnes.scaffold.merging import ATTRIBUTES, switch_on, with_attributes

BRANCH = "main"
WORKFLOW = ".github/workflows/agnes.yml"
PRE_COMMIT = ".pre-commit-config.yaml"
FOR_AGENTS = ("CLAUDE.md", "AGENTS.md")

_EMPTY: dict[str, bytes] = {
    MARKER: b"""\
# yaml-language-server: $schema=schemas/agnes.schema.json
# This file marks the root of an Agnes catalog.
name: My catalog
""",
    "metrics/metrics.yml": b"""\
# yaml-language-server: $schema=../schemas/index.schema.json
version: "2.0"
categories: []
""",
}


@dataclass(frozen=True)
class Created:
    """A new catalog: where it is, its first commit, and the files in it."""

    location: Location
    commit: str
    files: list[str]


def create_catalog(
    folder: Path, *, empty: bool = False, here: bool = False, author: Author | None = None
) -> Created:
    """Make a catalog: a git repository on `main`, the starter pack, schemas,
    instructions for agents, the first commit.

    From then on git merges its files by field.

    Args:
        folder: where; it is made if it does not exist.
        empty: without the starter pack's metrics and tables.
        here: adopt `folder`, which is in a git repository, instead of making a repository.
        author: who commits; by default whom git knows.

    Raises:
        ConflictError: the folder is not empty, or has a catalog already; nothing was done.
        NotACatalogError: with `here`, the folder is in no git repository.
    """
    pack = dict(_EMPTY if empty else starter_pack())
    pack |= {f"schemas/{name}": content for name, content in schema_files().items()}
    told = (files("agnes.scaffold") / "instructions.md").read_bytes()
    pack |= {name: told for name in FOR_AGENTS if not (here and (folder / name).exists())}
    created = _adopt(folder, pack, author) if here else _create(folder, pack, author)
    switch_on(created.location)
    return created


def starter_pack() -> dict[str, bytes]:
    """The files of the starter pack, by path."""
    root = files("agnes") / "catalog_repo"
    if not root.is_dir():  # not installed but run from its sources, where it is beside the package
        root = files("agnes") / ".." / "catalog_repo"
    return dict(_files_below(root, ""))


def _files_below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}{item.name}"
        if item.is_dir():
            found += _files_below(item, f"{path}/")
        else:
            found.append((path, item.read_bytes()))
    return found


def _create(folder: Path, pack: dict[str, bytes], author: Author | None) -> Created:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            f"{folder} is not empty",
            "name a new folder, or adopt one in a git repository with --here",
        )
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        init_repository(folder, BRANCH)
    except OSError as error:
        raise AgnesError(f"cannot make {folder}: {error.strerror}", "name another one") from error
    try:
        location = locate(folder)
        content = pack | {
            WORKFLOW: _template("workflow.yml", ""),
            PRE_COMMIT: _template("pre-commit.yml", ""),
            ATTRIBUTES: with_attributes(b""),
        }
        return _commit(location, None, content, author)
    except AgnesError:
        shutil.rmtree(folder / ".git" if existed else folder, ignore_errors=True)
        raise


def _adopt(folder: Path, pack: dict[str, bytes], author: Author | None) -> Created:
    location = locate(folder)
    if location.worktree is None:
        raise NotACatalogError(f"{folder} is in a bare repository", "work in a clone of it")
    tip = read_tip(location)
    if tip.branch is None:
        raise ConflictError("HEAD is detached", "check out a branch first: git switch main")
    there = [path for path in pack if (folder / path).exists()]
    if there:
        raise ConflictError(f"{folder / there[0]} is there already", "name another folder")
    prefix = f"{location.folder}/" if location.folder else ""
    content = {f"{prefix}{path}": data for path, data in pack.items()}
    root = Location(location.git_dir, location.common_dir, location.worktree, "")
    for path, name in ((WORKFLOW, "workflow.yml"), (PRE_COMMIT, "pre-commit.yml")):
        if not (location.worktree / path).exists():
            content[path] = _template(name, prefix)
    attributes = folder / ATTRIBUTES
    before = attributes.read_bytes() if attributes.is_file() else b""
    content[f"{prefix}{ATTRIBUTES}"] = with_attributes(before)
    created = _commit(root, tip.commit, content, author)
    return Created(location, created.commit, created.files)


def _commit(
    location: Location, base: str | None, content: dict[str, bytes], author: Author | None
) -> Created:
    message = "feat(metrics): start the catalog\n\nAgnes-Source: manual\n"
    tip = read_tip(location)
    assert tip.branch is not None
    edit = Edit(base, content, message)
    made = commit(location, tip.branch, edit, author or identity(location))
    return Created(location, made, sorted(content))


def _template(name: str, prefix: str) -> bytes:
    text = (files("agnes.scaffold") / name).read_text(encoding="utf-8")
    text = text.replace("{folder}", shlex.quote(prefix or "./"))
    return text.replace("{prefix}", re.escape(prefix)).encode()
