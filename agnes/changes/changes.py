"""Making the changes that users wish for, so that none that was acknowledged is lost."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agnes.changes.proposed import as_new, branch_name, tell
from agnes.changes.wishes import Wish
from agnes.config import Author, Person, author
from agnes.edit import Editor, Plan
from agnes.errors import AgnesError, ConflictError, MovedError, UnavailableError
from agnes.git.fetch import fetch
from agnes.git.publish import catch_up
from agnes.git.refs import Location
from agnes.sync.reconcile import reconcile

ATTEMPTS = 12
WAIT_SECONDS = 60.0
_MOST_SECONDS = 2.0
"""Between two attempts."""
_CRUD = re.compile(r"[<>\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Changed:
    """A change that was made.

    Args:
        commit: None when there was nothing to change.
        branch: its short name.
        is_review: it waits on a branch of its own for somebody to review it.
        words: what a review branch changes: `id`, `kind`, `class`, `what`.
    """

    plan: Plan
    commit: str | None
    branch: str
    is_review: bool = False
    words: tuple[dict[str, Any], ...] = ()

    def as_review(self) -> dict[str, Any]:
        """What waits to be reviewed, as plain data."""
        if self.commit is None:
            return {"status": "unchanged"}
        return {
            "status": "in_review",
            "branch": self.branch,
            "commit": self.commit,
            "changes": list(self.words),
            "diff": "\n".join(f"{it['id']}: {it['what']}" for it in self.words),
        }


class Changes:
    """The changes of a catalog. Threads and processes may make them at the same time.

    Args:
        committer: who commits what users change.
        push: to the remote's branch that a local one follows.
    """

    def __init__(self, location: Location, committer: Person, *, push: bool = True) -> None:
        self.location = location
        self._committer = committer
        self._push = push

    def make(
        self,
        wish: Wish,
        by: Person,
        *,
        review: bool = False,
        sees: Callable[[str], bool] = lambda _: True,
    ) -> Changed:
        """Change the catalog. On the branch, it is served when this returns.

        Args:
            by: the user.
            review: on a branch of its own, whatever agnes.yml says.
            sees: whether the user may see a metric or `tables/<id>`.

        Raises:
            PreconditionError: it is not what the user has read.
            ConflictError: somebody else changed the same; nothing was done.
            InvalidError: it does not validate; nothing was done.
            NotFoundError: what is to be changed is not there.
            UnavailableError: a remote does not answer.
        """
        who = self._author(by)
        first = self._editor(who)
        plan = wish.plan(first)
        if review or first.settings.write_mode == "branch":
            return self._propose(first, plan, wish, sees)
        with self._alone():
            changed = self._commit(first, plan, wish)
        if changed.commit is not None:
            self._serve(changed.commit)
        return changed

    def refresh(self) -> None:
        """Look whether there are newer commits, at a remote too, and put them in force.

        Raises:
            AgnesError: what is in force stays so.
        """
        self._fetch(Editor(self.location, push=self._push))
        reconcile(self.location)

    def _commit(self, first: Editor, plan: Plan, wish: Wish) -> Changed:
        editor = first
        for attempt in range(ATTEMPTS):
            now = self._editor(first.author)
            if now.base != editor.base:
                editor, plan = now, wish.plan(now)
                _check_unmoved(first, editor, plan)
            try:
                commit = editor.apply(plan, wish.subject(plan), wish.source)
            except MovedError:
                if attempt == ATTEMPTS - 1:
                    raise
                self._fetch(editor)
                most = min(_MOST_SECONDS, 0.05 * 2**attempt)
                time.sleep(random.uniform(0, most))  # noqa: S311
            else:
                return Changed(plan, commit, _short(plan.branch))
        raise AssertionError("unreachable")

    def _propose(
        self, editor: Editor, plan: Plan, wish: Wish, sees: Callable[[str], bool]
    ) -> Changed:
        title = wish.subject(plan)
        branch = branch_name(editor.author.email, title)
        # Who may not see a definition must not learn that it says what they propose.
        hidden = [name for name in plan.unchanged if not sees(name)]
        commit = editor.propose(plan, branch, title, wish.source, even_empty=bool(hidden))
        words = tell(self.location, plan.base, commit, sees) if commit else []
        words += [as_new(name) for name in hidden]
        return Changed(plan, commit, _short(branch), is_review=True, words=tuple(words))

    def _serve(self, commit: str) -> None:
        try:
            reconcile(self.location)
        except AgnesError as error:
            raise UnavailableError(
                f"committed {commit[:10]}, but it cannot be served yet: {error}",
                "it is kept, and will be in force once that is repaired",
            ) from error

    def _fetch(self, editor: Editor) -> None:
        if editor.upstream is not None:
            fetch(self.location, editor.upstream.remote)
            catch_up(self.location, editor.branch, editor.upstream)

    def _author(self, by: Person) -> Author:
        email = _CRUD.sub("", by.email).strip() or "unknown"
        return author(_CRUD.sub("", by.name).strip(" .,:;\"'\\") or email, email, self._committer)

    def _editor(self, who: Author) -> Editor:
        editor = Editor(self.location, who, push=self._push)
        if editor.upstream is not None and not self._push:
            raise UnavailableError(
                f"changes go to {editor.upstream.shown}, and this instance may not push",
                "let it: AGNES_PUSH=true",
            )
        return editor

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one that changes this repository: its users need not race one another."""
        from filelock import FileLock, Timeout

        lock = self.location.common_dir / "agnes" / "change-lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(lock, timeout=WAIT_SECONDS):
                yield
        except Timeout:
            raise UnavailableError("too many changes are waiting", "try again later") from None


def _check_unmoved(first: Editor, now: Editor, plan: Plan) -> None:
    """Insist that nobody changed what this change was made from, since it came in.

    The index is made anew, so it does not count.
    """
    for path in plan.files:
        before, after = (editor.entries.get(path) for editor in (first, now))
        is_index = path.rpartition("/")[0] == "metrics"
        if not is_index and (before and before.blob) != (after and after.blob):
            raise ConflictError(
                f"{path} was changed by a newer commit, of those up to {now.base[:10]}",
                "look at that change, then make yours again",
            )


def _short(branch: str) -> str:
    return re.sub(r"^refs/(heads|remotes/[^/]+)/", "", branch)
