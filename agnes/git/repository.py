"""Reading a repository: revisions, trees, blobs, history. No checkout is needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice

import pygit2

from agnes.errors import GitError, NoCommitError, RevisionError
from agnes.git.entry import Change, Entry, EntryKind
from agnes.git.objects import TREE_MODE, Objects, TreeEntry, open_repository
from agnes.git.refs import Location, read_tip
from agnes.git.revision import ask_git, named, split

_TRAILER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): (.+)$", re.MULTILINE)
_KINDS: dict[bytes, EntryKind] = {b"120000": "symlink", b"160000": "submodule"}
_ODD_NAMES = frozenset([".", "..", ".git"])
MAX_ENTRIES = 200_000
MAX_FOLDERS = 10_000
MAX_TREE_DEPTH = 16
_ODD_REVISION = re.compile(r"-|.*[\0\n]|\Z", re.DOTALL)
"""Nothing, or what would be an option, or be cut off at its NUL, on its way to who looks it up."""
_FIRST_SECOND, _LAST_SECOND = 0, 253_402_300_799  # 1970 to 9999


@dataclass(frozen=True)
class Commit:
    """One commit.

    Args:
        id: in hex.
        time: the commit time, UTC, without an offset.
        author: the author's name.
    """

    id: str
    time: datetime
    author: str
    email: str
    message: str

    def trailer(self, key: str) -> str | None:
        """The value of a trailer such as `Agnes-Source: api` in the message's last paragraph."""
        last = self.message.rstrip().rpartition("\n\n")[2]
        found = [value for name, value in _TRAILER.findall(last) if name == key]
        return str(found[-1]).strip() if found else None


@dataclass(frozen=True)
class BornTip:
    """A ref's branch (None when HEAD is detached) and the commit that it is at."""

    branch: str | None
    commit: str


class Repository:
    """A repository, seen from a catalog in it: all paths are relative to the catalog's folder.

    Args:
        parts: the names in the catalog's folder that are looked at; None for all.
    """

    def __init__(self, location: Location, parts: Container[str] | None = None) -> None:
        self.location = location
        self.parts = parts

    @cached_property
    def _pygit2(self) -> pygit2.Repository:
        return open_repository(self.location)

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self.location, self._pygit2)

    def resolve(self, revision: str) -> str:
        """Find the commit that a revision names.

        Args:
            revision: anything git can resolve: a branch, a tag, `HEAD~3`, a commit id.

        Returns:
            The commit's id, in hex.

        Raises:
            RevisionError: there is no such revision, or it is no commit.
            MissingObjectError: an object on the way to it is missing or damaged.
        """
        commit = None if _ODD_REVISION.match(revision) else self._find(revision)
        if commit is None:
            hint = "list branches and tags with `git branch -a` and `git tag`"
            if self._pygit2.is_shallow:
                hint = "this is a shallow clone: fetch more with `git fetch --unshallow`"
            raise RevisionError(f"no commit is called {revision!r}", hint)
        return commit

    def _find(self, revision: str) -> str | None:
        name, steps, rest = split(revision)
        start = named(self._pygit2, name)
        if rest or start is None:
            found = ask_git(self.location, revision)
            if found is not None:
                return str(self._objects.commit(found).id)
        if start is None:
            return None
        # Whatever git said, an object that is missing here is why.
        walk = self.first_parents(str(self._objects.commit(start).id))
        commit, _ = next(islice(walk, steps, None), (None, None))
        return None if rest else commit

    def tip(self, ref: str = "HEAD") -> BornTip:
        """What `ref` points at; unlike `refs.read_tip` it insists on a commit.

        Raises:
            NoCommitError: the repository is empty or the branch is unborn.
        """
        tip = read_tip(self.location, ref)
        if tip.commit is None:
            name = (tip.branch or ref).removeprefix("refs/heads/")
            raise NoCommitError(
                f"the branch {name} of {self.location.path} has no commit yet",
                "commit the catalog first: git add . && git commit -m 'Add the catalog'",
            )
        return BornTip(tip.branch, tip.commit)

    def commit(self, commit_id: str) -> Commit:
        """Read one commit."""
        commit = self._objects.commit(commit_id)
        return Commit(
            id=str(commit.id),
            time=_datetime(commit.commit_time),
            author=commit.author.name or commit.author.email or "unknown",
            email=commit.author.email or "",
            message=commit.message,
        )

    def parents(self, commit_id: str) -> list[str]:
        """The commits that one comes from, without those that a shallow clone does not have."""
        parents = map(str, self._objects.commit(commit_id).parent_ids)
        return [it for it in parents if not self._pygit2.is_shallow or it in self._pygit2.odb]

    def is_shallow(self) -> bool:
        """Whether history was cut off when the repository was cloned."""
        return self._pygit2.is_shallow

    def is_edge(self, commit_id: str) -> bool:
        """Whether a shallow clone ends at a commit, which has parents elsewhere."""
        if not self.is_shallow():
            return False
        listed = self.location.common_dir / "shallow"
        return commit_id in listed.read_text(encoding="ascii").split()

    def first_parents(self, commit_id: str) -> Iterator[tuple[str, str | None]]:
        """Walk the first-parent history from `commit_id` back.

        Returns:
            Pairs of a commit's id and its first parent's, None at the root or at a shallow clone's
            edge.
        """
        at: str | None = commit_id
        while at is not None:
            parents = self._objects.commit(at).parent_ids
            parent = str(parents[0]) if parents else None
            if parent and self._pygit2.is_shallow and parent not in self._pygit2.odb:
                parent = None
            yield at, parent
            at = parent

    def root_tree(self, commit_id: str) -> str:
        """The id of a commit's whole tree."""
        return str(self._objects.commit(commit_id).tree_id)

    def catalog_tree(self, root: str | None) -> str | None:
        """The id of the catalog's folder in the whole tree `root`; None when it is not there."""
        return self.subtree(root, self.location.folder)

    def subtree(self, tree: str | None, path: str) -> str | None:
        """The id of a folder in a tree; None when it is not there."""
        for part in filter(None, path.split("/")):
            wanted = part.encode("utf-8", "surrogateescape")
            entries = self._objects.tree(tree) if tree else []
            found = (oid for mode, name, oid in entries if name == wanted and mode == TREE_MODE)
            tree = next((oid.hex() for oid in found), None)
        return tree

    def entries(self, tree: str | None) -> list[Entry]:
        """Everything in a catalog's folder `tree`, sorted by path."""
        return [change.new for change in self.changes(None, tree) if change.new is not None]

    def entry(self, tree: str | None, path: str) -> Entry | None:
        """One file of a catalog's folder `tree`; None when it is not there."""
        folder, _, name = path.rpartition("/")
        parent = self.subtree(tree, folder)
        for mode, raw_name, oid in self._objects.tree(parent) if parent else ():
            if raw_name == name.encode("utf-8", "surrogateescape") and mode != TREE_MODE:
                return Entry(path, oid.hex(), _KINDS.get(mode, "file"))
        return None

    def folder(self, tree: str | None, path: str) -> list[Entry]:
        """The files directly in one folder of a catalog's folder `tree`; none if it is not there.

        Args:
            path: `metrics/revenue`, or "" for the catalog's folder itself.
        """
        found: dict[str, list[Entry | None]] = {}
        for _ in self._compare(f"{path}/" if path else "", None, self.subtree(tree, path), found):
            pass  # its folders
        return [entry for _, entry in found.values() if entry is not None]

    def changes(self, old: str | None, new: str | None) -> list[Change]:
        """What differs between two trees by their ids, sorted by path.

        Only subtrees whose ids differ are read. Hidden files and folders are left out.
        """
        found: dict[str, list[Entry | None]] = {}
        pending: list[tuple[str, str | None, str | None]] = [("", old, new)]
        folders = 0
        while pending:
            prefix, before, after = pending.pop()
            pending += self._compare(prefix, before, after, found)
            folders += 1
            many = len(found) > MAX_ENTRIES or folders > MAX_FOLDERS
            if many or prefix.count("/") > MAX_TREE_DEPTH:
                raise GitError(
                    f"too many files or too deep folders below {prefix[:80]!r}",
                    "is this a catalog?",
                )
        return [Change(path, *found[path]) for path in sorted(found)]

    def read(self, entry: Entry) -> bytes:
        """A file's content, as committed.

        Raises:
            MissingObjectError: the clone does not have it, or it is damaged.
        """
        return self._objects.read(entry.blob, entry.path, "blob")

    def size(self, entry: Entry) -> int:
        """A file's size in bytes, without reading it."""
        return self._objects.size(entry.blob, entry.path)

    def _compare(
        self, prefix: str, old: str | None, new: str | None, found: dict[str, list[Entry | None]]
    ) -> Iterator[tuple[str, str | None, str | None]]:
        """Note the files of one folder that differ; return the folders to compare next."""
        if old == new:
            return
        trees = [self._objects.tree(tree) if tree else [] for tree in (old, new)]
        sides = [set(entries) for entries in trees]
        folders: dict[str, list[str | None]] = {}
        for side, other in ((0, 1), (1, 0)):
            twice = _twice(trees[side])
            for mode, raw_name, oid in sorted(sides[side] - sides[other]):
                name = raw_name.decode("utf-8", "surrogateescape")
                odd = "/" in name or name.lower() in _ODD_NAMES
                skipped = not prefix and self.parts is not None and name not in self.parts
                if skipped or (name.startswith(".") and not odd):
                    continue
                path = f"{prefix}{name}"
                if mode == TREE_MODE and not odd and raw_name not in twice:
                    folders.setdefault(path, [None, None])[side] = oid.hex()
                else:
                    kind = "odd" if odd else _KINDS.get(mode, "file")
                    kind = "twice" if raw_name in twice else kind
                    found.setdefault(path, [None, None])[side] = Entry(path, oid.hex(), kind)
        for path, (before, after) in folders.items():
            yield f"{path}/", before, after


def _twice(entries: list[TreeEntry]) -> set[bytes]:
    """The names that a tree has more than once, which git would never write."""
    names = Counter(name for _, name, _ in entries)
    return set() if len(names) == len(entries) else {name for name in names if names[name] > 1}


def _datetime(seconds: int) -> datetime:
    """A commit's time in UTC; git takes any number, so that of a nonsense clock is cut."""
    seconds = max(_FIRST_SECOND, min(seconds, _LAST_SECOND))
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
