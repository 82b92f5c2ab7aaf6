"""Requests to a Keboola stack: the token goes to the stack and nowhere else, tries are bounded."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
from httpx_retries import Retry, RetryTransport

from agnes.errors import UnavailableError, UsageError
from agnes.model.layout import printable

# It logs addresses, and a signed one is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

RETRIED = (408, 429, 500, 502, 503, 504)
_REASONS: dict[int, tuple[str, str]] = {
    401: ("the token is not valid", "check KBC_STORAGE_TOKEN and KBC_STACK_URL"),
    403: ("the token may not do this", "give the token the right, in Keboola"),
    404: ("there is no such thing", "check its bucket and its name there"),
}
_RAW = {"Accept-Encoding": "gzip"}
"""Of files, which are taken as they come, and are told by their first bytes."""
_SHOWN = 200
"""Characters of what the stack says about an error."""


class KeboolaError(UnavailableError):
    """The stack refused, or gave no answer.

    Args:
        status: HTTP status of the answer, None without one.
    """

    def __init__(self, message: str, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for.

    Args:
        tries: of one request, the first included.
        backoff: seconds before the second try; it doubles, and is cut at random.
        longest: the most seconds before one try, also where `Retry-After` asks for more.
        total: the most seconds before all tries of a request together.
        seconds: without a byte, until a try counts as failed.
        poll: seconds between looks at a job, at the beginning and at most.
        job: seconds that a job may take.
    """

    tries: int = 5
    backoff: float = 0.5
    longest: float = 60
    total: float = 180
    seconds: float = 30
    poll: tuple[float, float] = (0.5, 10)
    job: float = 3600

    def transport(self, *, whole: bool) -> RetryTransport:
        """Connections that try again.

        Args:
            whole: an answer counts when its body is there, too.
        """
        retry = Retry(
            total=self.tries - 1,
            allowed_methods=["GET", "POST"],  # what is posted may be posted twice
            status_forcelist=RETRIED,
            backoff_factor=self.backoff,
            backoff_jitter=0.5,
            max_backoff_wait=self.longest,
            total_timeout=self.total,
            validate_response=_read if whole else None,
        )
        return RetryTransport(transport=httpx.HTTPTransport(), retry=retry)


def _read(response: httpx.Response) -> None:
    response.read()


class Storage:
    """The Storage API of a stack; close it, or use it as a context manager.

    Args:
        url: of the stack: `https://connection.keboola.com`.
        token: a Storage token.

    Raises:
        UsageError: the address is none, or the token would travel in the clear.
    """

    def __init__(self, url: str, token: str, patience: Patience | None = None) -> None:
        self.url = stack_url(url)
        self.patience = patience or Patience()
        self._token = token
        self._api = httpx.Client(
            base_url=f"{self.url}/v2/storage/",
            headers={"X-StorageApi-Token": token},
            transport=self.patience.transport(whole=True),
            timeout=self.patience.seconds,
            follow_redirects=False,
        )
        # Files lie elsewhere, under addresses that are signed: they get no token.
        self._files = httpx.Client(
            transport=self.patience.transport(whole=False),
            timeout=self.patience.seconds,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
        self._files.close()

    def get(self, *path: str, about: str, **parameters: str) -> Any:
        """Read something.

        Args:
            path: its parts below `/v2/storage`.
            about: the table, for error messages.

        Raises:
            KeboolaError: it cannot be had.
        """
        return self._ask(about, "GET", path, params=parameters)

    def post(self, *path: str, about: str, **content: Any) -> Any:
        """Send something that may be sent twice.

        Args:
            content: `json` or `data`, as httpx takes them.

        Raises:
            KeboolaError: it was not taken.
        """
        return self._ask(about, "POST", path, **content)

    @contextmanager
    def download(
        self, url: str, about: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx.Response]:
        """Stream a file from where the stack says it is.

        Raises:
            KeboolaError: it cannot be had.
        """
        if not is_private(url):
            raise KeboolaError(f"Keboola: {about}: its file is not behind https")
        try:
            with self._files.stream("GET", url, headers=_RAW | dict(headers or {})) as response:
                if response.status_code != 200:
                    response.read()
                    raise self._refusal(response, about)
                yield response
        except httpx.HTTPError as error:
            raise _silence(error, about) from None

    def _ask(self, about: str, method: str, path: tuple[str, ...], **content: Any) -> Any:
        try:
            address = "/".join(quote(part, safe="") for part in path)
            response = self._api.request(method, address, **content)
        except httpx.HTTPError as error:
            raise _silence(error, about) from None
        if not response.is_success:
            raise self._refusal(response, about)
        try:
            return response.json()
        except ValueError:
            message = f"Keboola: {about}: the answer is no JSON"
            raise KeboolaError(message, None, response.status_code) from None

    def _refusal(self, response: httpx.Response, about: str) -> KeboolaError:
        status = response.status_code
        if response.is_redirect:
            host = printable(urlsplit(response.headers.get("location", "")).hostname or "nowhere")
            hint = "set KBC_STACK_URL to the stack's own address"
            return KeboolaError(
                f"Keboola: {about}: the answer is a redirect to {host}, which is not followed",
                hint,
                status,
            )
        reason, advice = _REASONS.get(status, ("the stack refused", ""))
        said = self._said(response)
        message = f"Keboola: {about}: {status}, {reason}" + (f": {said}" if said else "")
        return KeboolaError(message, advice or None, status)

    def _said(self, response: httpx.Response) -> str:
        try:
            answer = response.json()
            said = str(answer.get("error") or answer.get("message") or "")
        except (ValueError, AttributeError):
            said = ""
        return printable(said.replace(self._token, "***"))[:_SHOWN]


def stack_url(text: str) -> str:
    """A stack's address without a slash at its end; `https://` may be left out.

    Raises:
        UsageError: it is none, or not safe.
    """
    url = text.strip()
    parts = urlsplit(url if "://" in url else f"https://{url}")
    extra = parts.username or parts.path.strip("/") or parts.query or parts.fragment
    if not parts.hostname or extra:
        raise UsageError(
            "KBC_STACK_URL is no address of a stack",
            "write it as https://connection.keboola.com",
        )
    url = f"{parts.scheme}://{parts.netloc}"
    if not is_private(url):
        raise UsageError("KBC_STACK_URL must be https: the token would travel in the clear")
    return url


def is_private(url: str) -> bool:
    """Whether nobody on the way can read along: https, or this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _silence(error: httpx.HTTPError, about: str) -> KeboolaError:
    """No answer; what httpx says of it may hold an address that is signed."""
    kind = "it took too long" if isinstance(error, httpx.TimeoutException) else "no answer"
    return KeboolaError(
        f"Keboola: {about}: {kind} ({type(error).__name__})", "try again later; check KBC_STACK_URL"
    )
