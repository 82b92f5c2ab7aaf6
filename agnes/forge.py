"""The comment on a pull request: GitHub's and GitLab's REST API, as far as one comment needs it.

GitHub: https://docs.github.com/en/rest/issues/comments
GitLab: https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from agnes.config import PullRequest
from agnes.errors import AgnesError

_SECONDS = 30.0
_PER_PAGE = 100
_MOST_PAGES = 100


@dataclass(frozen=True)
class Forge:
    """Where the comments of one pull request are.

    Args:
        comments: the address that lists them, and that a new one is posted to.
        comment: the address of one, to which its id is added.
        update: the method that replaces one.
        headers: with the token.
        denied: what to do when the token is not good enough.
    """

    comments: str
    comment: str
    update: str
    headers: dict[str, str]
    denied: str


def forge_of(request: PullRequest) -> Forge:
    """Where the comments of a pull request are."""
    api, project, number = request.api.rstrip("/"), request.project, request.number
    if request.host == "github":
        start = f"{api}/repos/{project}/issues"
        headers = {
            "Authorization": f"Bearer {request.token}",
            "Accept": "application/vnd.github+json",
        }
        denied = "give the job `permissions: pull-requests: write`; a fork's token never has it"
        return Forge(f"{start}/{number}/comments", f"{start}/comments", "PATCH", headers, denied)
    notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
    denied = "GITLAB_TOKEN must be a project access token with the scope `api`"
    return Forge(notes, notes, "PUT", {"PRIVATE-TOKEN": request.token}, denied)


def post_comment(forge: Forge, text: str, marker: str) -> str:
    """Write the one comment of a pull request: the one that begins with `marker`, or a new one.

    Args:
        text: Markdown that begins with `marker`.

    Returns:
        `updated` or `posted`.

    Raises:
        AgnesError: the server cannot be reached, or refuses.
    """
    known = next((it for it in _comments(forge) if str(it.get("body")).startswith(marker)), None)
    if known is None:
        _ask(forge, "POST", forge.comments, {"body": text})
        return "posted"
    _ask(forge, forge.update, f"{forge.comment}/{known['id']}", {"body": text})
    return "updated"


def _comments(forge: Forge) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES):
        found = _ask(forge, "GET", f"{forge.comments}?per_page={_PER_PAGE}&page={page}")
        yield from found
        if len(found) < _PER_PAGE:
            return


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the server that was named, not for one that it points to."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _ask(forge: Forge, method: str, url: str, body: dict[str, str] | None = None) -> Any:
    headers = {**forge.headers, "Content-Type": "application/json", "User-Agent": "agnes"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        error.close()
        hint = forge.denied if error.code in (401, 403, 404) else "try again"
        raise AgnesError(f"{url} answered {error.code} {error.reason}", hint) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise AgnesError(f"{url} cannot be reached: {reason}", "try again") from error
