"""Git's hooks: what syncs the cache in the background, and what checks a push on a server.

What else git is told in a clone goes with them: how Agnes merges.

<hooks folder>/agnes-<script>    a script of `hooks/`, with the command and catalogs filled in
<hooks folder>/<hook>            calls it; see `hook_file`
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from agnes.errors import AgnesError, ConflictError, GitError
from agnes.git.refs import Location
from agnes.scaffold import merging
from agnes.scaffold.hook_file import calls_agnes, put_in, take_out, write

SYNC, CHECK = "sync-in-background", "pre-receive"
CLIENT_HOOKS = ("post-checkout", "post-commit", "post-merge", "post-rewrite")
SERVER_HOOKS = ("post-receive", "pre-receive")

_FILLED_IN = re.compile(r"^da=.*?^catalogs\(\) \{\n(.*?)^\}\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """What was done with a hook; the user's own is called after Agnes's in either way."""

    hook: str
    what: Literal["new", "beside yours", "before yours", "unchanged", "removed", "restored"]


@dataclass(frozen=True)
class Status:
    """What is installed.

    Args:
        folder: where git looks for this repository's hooks.
        hooks: each hook's name, and whether it calls Agnes.
        catalogs: their folders in the repository, "." for its root.
        merging: whether git merges their files by field.
    """

    folder: Path
    hooks: dict[str, bool]
    catalogs: list[str]
    merging: bool


def install(location: Location) -> list[Done]:
    """Put the hooks in place, beside a user's own, and have git merge by field.

    A second time changes nothing. A bare repository gets those of a server.

    Raises:
        ConflictError: git takes this repository's hooks from elsewhere, or a file is in the way.
        AgnesError: the folder cannot be written.
    """
    merging.switch_on(location)
    folder = hooks_folder(location)
    names = _names(location)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for script in sorted({_script(name) for name in names}):
            path = folder / f"agnes-{script}"
            write(path, _fill_in(script, {*_catalogs(path), _prefix(location)}), 0o755)
        return [Done(name, put_in(folder / name)) for name in names]


def uninstall(location: Location) -> list[Done]:
    """Take this catalog out, and with the last one the hooks; a user's own are as they were."""
    folder = hooks_folder(location)
    done: list[Done] = []
    with _writing(folder):
        for script in (SYNC, CHECK):
            path = folder / f"agnes-{script}"
            if remaining := _catalogs(path) - {_prefix(location)}:
                write(path, _fill_in(script, remaining), 0o755)
                continue
            names = [name for name in CLIENT_HOOKS + SERVER_HOOKS if _script(name) == script]
            hooks = [folder / name for name in names]
            done += [Done(hook.name, take_out(hook)) for hook in hooks if calls_agnes(hook)]
            path.unlink(missing_ok=True)
    if not _catalogs(folder / f"agnes-{SYNC}"):
        merging.switch_off(location)
    return done


def status(location: Location) -> Status:
    """Say what is installed, and for which catalogs."""
    folder = hooks_folder(location)
    hooks = {
        name: calls_agnes(folder / name) and os.access(folder / name, os.X_OK)
        for name in _names(location)
    }
    catalogs = _catalogs(folder / f"agnes-{SYNC}")
    names = sorted(name.rstrip("/") or "." for name in catalogs)
    return Status(folder, hooks, names, merging.is_on(location))


def hooks_folder(location: Location) -> Path:
    """Where git looks for the hooks of a repository and its worktrees.

    Raises:
        ConflictError: `core.hooksPath` leads out of the repository, to hooks that others share.
        GitError: there is no git to ask.
    """
    top = location.worktree or location.common_dir
    command = ["git", f"--git-dir={location.git_dir}", "rev-parse", "--git-path", "hooks"]
    try:
        done = subprocess.run(command, cwd=top, check=True, capture_output=True)
    except FileNotFoundError:
        raise GitError("the command `git` is not there", "install git to use its hooks") from None
    except subprocess.CalledProcessError as error:
        raise GitError(f"git does not say where its hooks are: {error.stderr!r}") from None
    folder = (top / os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve()
    common = location.common_dir.resolve()
    own = (top.resolve(), common.parent if common.name == ".git" else common)
    if not any(folder.is_relative_to(root) for root in own):
        raise ConflictError(
            f"git takes the hooks of this repository from {folder}, outside of it",
            "give it hooks of its own, which it then uses instead: "
            f"git config core.hooksPath {shlex.quote(str(common / 'hooks'))}",
        )
    return folder


def _names(location: Location) -> tuple[str, ...]:
    return SERVER_HOOKS if location.worktree is None else CLIENT_HOOKS


def _script(hook: str) -> str:
    return CHECK if hook == CHECK else SYNC


def _prefix(location: Location) -> str:
    return f"{location.folder}/" if location.folder else ""


def _fill_in(script: str, catalogs: set[str]) -> bytes:
    """A script of `hooks/` for this `da` and these catalogs."""
    root = files("agnes") / "hooks_scripts"
    if not root.is_dir():  # not installed but run from its sources, where it is beside the package
        root = files("agnes") / ".." / "hooks"
    beside = Path(sys.executable).with_name("da")
    da = str(beside) if beside.is_file() else shutil.which("da") or "da"
    calls = "".join(f"    each {shlex.quote(catalog)}\n" for catalog in sorted(catalogs))
    filled = f"da={shlex.quote(da)}\ncatalogs() {{\n{calls}}}\n"
    text = _FILLED_IN.sub(lambda _: filled, (root / script).read_text(encoding="utf-8"))
    return os.fsencode(text)


def _catalogs(script: Path) -> set[str]:
    """The catalogs that an installed script is for."""
    if not script.is_file():
        return set()
    found = _FILLED_IN.search(os.fsdecode(script.read_bytes()))
    return set(shlex.split(found[1])[1::2]) if found else set()


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AgnesError(
            f"cannot write {error.filename or folder}: {error.strerror}", "check its permissions"
        ) from error
