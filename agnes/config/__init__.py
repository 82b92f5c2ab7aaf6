"""Settings of a process, and the only reader of the environment."""

from __future__ import annotations

import os
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from agnes.errors import UsageError

_PERSON = re.compile(
    r" *([^<>\x00-\x1f\x7f]*[^<>\s\x00-\x1f\x7f]) *< *([^<>\s\x00-\x1f\x7f]+) *> *"
)
_DATE = re.compile(r"@?(\d{1,11}) ([-+])(\d\d)(\d\d)")

_PULL = re.compile(r"refs/pull/(\d+)/\w+")
_OF_ONE_REPOSITORY = frozenset(
    "GIT_DIR GIT_COMMON_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY "
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE".split()
)


class Person(NamedTuple):
    """Somebody, as git names them."""

    name: str
    email: str


@dataclass(frozen=True)
class Author:
    """Who a commit is by.

    Args:
        time, commit_time: seconds since 1970, of the change and of the commit.
        offset, commit_offset: minutes east of UTC.
        committer: who commits it for them; None where they do it themselves.
    """

    name: str
    email: str
    time: int
    offset: int
    commit_time: int
    commit_offset: int
    committer: Person | None = None


def catalog_from_environment() -> Path | None:
    """`AGNES_CATALOG`: the catalog to use where none is named."""
    value = os.environ.get("AGNES_CATALOG")
    return Path(value) if value else None


def workspace_from_environment() -> Path | None:
    """`DA_LOCAL_DIR`: the analyst's folder."""
    given = os.environ.get("DA_LOCAL_DIR")
    return Path(given) if given else None


def author_from_environment() -> Person | None:
    """Name and e-mail from `AGNES_AUTHOR` (`Ada <ada@example.com>`), or git's own variables."""
    if given := os.environ.get("AGNES_AUTHOR"):
        return person(given, "AGNES_AUTHOR")
    name, email = os.environ.get("GIT_AUTHOR_NAME"), os.environ.get("GIT_AUTHOR_EMAIL")
    return Person(name, email) if name and email else None


def person(text: str, setting: str) -> Person:
    """Read `Ada Lovelace <ada@example.com>`.

    Args:
        setting: what it was given for, for the error.

    Raises:
        UsageError: it is written otherwise.
    """
    if found := _PERSON.fullmatch(text):
        return Person(found[1], found[2])
    raise UsageError(
        f"{setting} is {text!r}", f"write it as: {setting}='Ada Lovelace <ada@example.com>'"
    )


def author(name: str, email: str, committer: Person | None = None) -> Author:
    """The author of a commit made now, or at git's `GIT_AUTHOR_DATE` and `GIT_COMMITTER_DATE`."""
    at, offset = _date("GIT_AUTHOR_DATE")
    commit_at, commit_offset = _date("GIT_COMMITTER_DATE")
    return Author(name, email, at, offset, commit_at, commit_offset, committer)


def _date(variable: str) -> tuple[int, int]:
    """Git's raw format, `1700000000 +0100`; anything else is left to git and means now."""
    if found := _DATE.fullmatch(os.environ.get(variable, "")):
        minutes = int(found.group(3)) * 60 + int(found.group(4))
        return int(found.group(1)), minutes if found.group(2) == "+" else -minutes
    now = int(time.time())
    return now, (time.localtime(now).tm_gmtoff or 0) // 60


def quarantine() -> Path | None:
    """Where git keeps the objects of a push until the `pre-receive` hook, which it runs, agrees."""
    value = os.environ.get("GIT_QUARANTINE_PATH")
    return Path(value) if value else None


def index_file() -> Path | None:
    """`GIT_INDEX_FILE`: the index of a commit of some files only, which git makes for its hooks."""
    value = os.environ.get("GIT_INDEX_FILE")
    return Path(value) if value else None


def git_environment(pushed: Path | None = None) -> dict[str, str]:
    """The environment for git's client where nobody is there to answer its questions.

    Git tells a hook where its own repository is; that is not the one that a client is run for.

    Args:
        pushed: where more objects are than in the repository.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
    more = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(pushed)} if pushed else {}
    return kept | more | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True)
class PullRequest:
    """The pull request that a CI job is run for.

    Args:
        host: `github` or `gitlab`.
        api: the address of its API.
        project: `owner/name` on GitHub, the project's id on GitLab.
    """

    host: Literal["github", "gitlab"]
    api: str
    project: str
    number: str
    token: str


def pull_request() -> PullRequest:
    """The pull request of this CI job, from the variables of GitHub Actions or of GitLab CI.

    Raises:
        UsageError: this is no such job, or it has no token.
    """
    found = os.environ.get
    if number := _PULL.fullmatch(found("GITHUB_REF", "")):
        host: Literal["github", "gitlab"] = "github"
        values = [found("GITHUB_API_URL"), found("GITHUB_REPOSITORY"), number[1]]
        token = "GITHUB_TOKEN"  # noqa: S105
    else:
        host, token = "gitlab", "GITLAB_TOKEN"
        names = ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")
        values = [found(name) for name in names]
    api, project, request = values
    if not (api and project and request):
        raise UsageError(
            "this is no CI job of a pull request, so there is nothing to comment on",
            "run it in GitHub Actions on pull_request, or in GitLab CI on merge_request_event",
        )
    if not (secret := found(token)):
        raise UsageError(f"{token} is not set", "see docs/review.md for what the job must have")
    return PullRequest(host, api, project, request, secret)


def describe_key() -> str | None:
    """`AGNES_DESCRIBE_KEY`: the key of the endpoint that describes columns."""
    return os.environ.get("AGNES_DESCRIBE_KEY") or None


def advice_wanted(*, terminal: bool) -> bool:
    """Whether commands may say what to do besides: `DA_ADVICE` of 0 or 1, else on a terminal."""
    given = os.environ.get("DA_ADVICE")
    return given != "0" if given else terminal


def text_editor() -> list[str]:
    """The command that a person edits texts with: `VISUAL`, `EDITOR`, else vi."""
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")


def colors_wanted() -> bool:
    """Whether colors may be used where there is a terminal. See https://no-color.org/."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
