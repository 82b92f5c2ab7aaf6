"""The HTTP client of Agnes's own API.

with Client.from_config() as client:
    client.get("/api/metrics", params={"category": "revenue"})["metrics"]
"""

from __future__ import annotations

import math
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import quote

from agnes.config import client as config
from agnes.errors import (
    AgnesError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    TooLargeError,
    TooManyError,
    UnauthorizedError,
    UnavailableError,
    UsageError,
)

if TYPE_CHECKING:
    from email.message import Message

    import httpx

    from agnes.model.diagnostic import Diagnostic

SIGN_IN = "sign in: da auth login"
_CONNECT, _READ = 10.0, 60.0
"""Seconds, until there is a connection and between two pieces of an answer."""
_TRIES = 2
"""How often a request that does no harm twice is sent again."""
_PATIENCE = 5.0
"""Seconds that are waited for that, in all."""
_NO_ERRORS = (304, 416)
"""What a download is told that it has, or has all of."""
_OF_ERRORS = ("Location", "Retry-After")
_MOST_OF_AN_ERROR = 1 << 20
_PIECE = 1 << 18


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Args:
        headers: their names in lower case.
        data: the JSON of the body, None if there is no body.
    """

    status: int
    headers: Mapping[str, str]
    data: Any


@dataclass(frozen=True)
class Incoming:
    """An answer whose body is still coming.

    Args:
        headers: their names in any case.
        chunks: the bytes of the body as they were sent; each is good until the next is asked for.
    """

    status: int
    headers: Message
    chunks: Iterator[memoryview]


class Client:
    """Requests to one server, as one user.

    Args:
        server: its address.
        token: who asks; None is nobody.
        timeout: seconds until there is a connection.

    Raises:
        UsageError: that is no address, or no token.
    """

    def __init__(self, server: str, token: str | None = None, *, timeout: float = _CONNECT) -> None:
        self.server = config.server_address(server)
        if token is not None and not (token.isascii() and token.isprintable()):
            raise UsageError("that is no token", SIGN_IN)  # httpx would show it
        self._token = token
        self._timeout = timeout

    @classmethod
    def from_config(cls, server: str | None = None, *, anonymous: bool = False) -> Self:
        """A client of the configured server, as who is signed in there.

        Args:
            server: another server than the configured one.
            anonymous: without a token.

        Raises:
            UsageError: no server is configured.
            UnauthorizedError: nobody is signed in.
        """
        address = config.server_address(server) if server else config.server()
        if address is None:
            raise UsageError(
                "no server is configured", "name one: da auth login --server URL, or DA_SERVER"
            )
        if anonymous:
            return cls(address)
        found = config.login(address)
        if found is None:
            raise UnauthorizedError(f"Not logged in to {address}", SIGN_IN)
        return cls(address, found.token)

    @property
    def is_exposed(self) -> bool:
        """Whether what is sent, the token too, can be read on its way."""
        return self.server.startswith("http:") and not config.is_loopback(self.server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        if "_http" in self.__dict__:
            self._http.close()

    def get(self, path: str, **more: Any) -> Any:
        """The JSON at a path; see `request`."""
        return self.request("GET", path, **more).data

    def post(self, path: str, **more: Any) -> Any:
        """The JSON that answers a POST; see `request`."""
        return self.request("POST", path, **more).data

    def put(self, path: str, **more: Any) -> Any:
        """The JSON that answers a PUT; see `request`."""
        return self.request("PUT", path, **more).data

    def patch(self, path: str, **more: Any) -> Any:
        """The JSON that answers a PATCH; see `request`."""
        return self.request("PATCH", path, **more).data

    def delete(self, path: str, **more: Any) -> Any:
        """The JSON that answers a DELETE; see `request`."""
        return self.request("DELETE", path, **more).data

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> Answer:
        """Send a request. One that only reads is tried again where the connection fails.

        Args:
            path: begins with a slash; what it is made of is quoted (`quoted`).
            params: of the query; those that are None are left out.
            files: name of a form's field to `(file name, content)`.
            once: the server is told to act once however often it is asked, so that a change is
                tried again too.

        Raises:
            UnavailableError: there is no server, or its answer makes no sense.
            AgnesError: what the server says is wrong, as the kind of error that its status is.
        """
        import httpx
        from httpx_retries import Retry

        sent = dict(headers or {})
        if once:
            sent["Idempotency-Key"] = str(uuid.uuid4())
        retry = Retry(
            _TRIES,
            allowed_methods=[method] if once else ["GET", "HEAD"],
            backoff_factor=0.2,
            total_timeout=_PATIENCE,
        )
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = self._http.request(
                method,
                f"{self.server}{path}",
                json=json,
                params=given or None,
                files=files,
                headers=sent,
                extensions={"retry": retry},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self.server, error) from error
        if not response.is_success and response.status_code != httpx.codes.NOT_MODIFIED:
            raise _error(response)
        return Answer(response.status_code, response.headers, _data(response))

    @contextmanager
    def download(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Incoming]:
        """Get a file, piece by piece; 304 and 416 are answers too. Nothing is tried again.

        Raises:
            UnavailableError: there is no server, or it stops in the middle.
            AgnesError: what the server says is wrong, as for `request`.
        """
        import httpx

        url = f"{self.server}{path}"
        sent = {**self._headers, "Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        try:
            # Not httpx, which takes three times the processor time for a large body.
            asked = urllib.request.Request(url, headers=sent)  # noqa: S310 - http or https
            response = self._opener.open(asked, timeout=_READ)
        except urllib.error.HTTPError as error:
            response = error
        except (OSError, ValueError, HTTPException) as error:
            raise _unreachable(self.server, getattr(error, "reason", error)) from error
        with response:
            status, said = response.status, response.headers
            if status in _NO_ERRORS:
                yield Incoming(status, said, iter(()))
                return
            if not httpx.codes.is_success(status):
                body, request = response.read(_MOST_OF_AN_ERROR), httpx.Request("GET", url)
                known = {name: said[name] for name in _OF_ERRORS if name in said}
                raise _error(httpx.Response(status, headers=known, content=body, request=request))
            yield Incoming(status, said, _pieces(self.server, response))

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        """What opens addresses and follows no redirect."""
        import httpx

        proxy = config.proxy_for(self.server)
        opener = urllib.request.OpenerDirector()
        try:
            opener.add_handler(
                urllib.request.ProxyHandler(
                    dict.fromkeys(("http", "https"), proxy) if proxy else {}
                )
            )
            if self.server.startswith("https:"):
                context = httpx.create_ssl_context()
                opener.add_handler(urllib.request.HTTPSHandler(context=context))
            else:
                opener.add_handler(urllib.request.HTTPHandler())
        except (ValueError, OSError) as error:
            raise UsageError(f"cannot ask {self.server}: {error}") from None
        opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
        opener.add_handler(urllib.request.HTTPErrorProcessor())
        return opener

    @property
    def _headers(self) -> dict[str, str]:
        from agnes import __version__

        headers = {"User-Agent": f"agnes/{__version__}", "Accept": "application/json"}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})

    @cached_property
    def _http(self) -> httpx.Client:
        import httpx
        from httpx_retries import RetryTransport

        try:
            return httpx.Client(
                # A redirect is an error, so that a token never goes to another server.
                follow_redirects=False,
                timeout=httpx.Timeout(_READ, connect=self._timeout),
                transport=RetryTransport(httpx.HTTPTransport(proxy=config.proxy_for(self.server))),
                headers=self._headers,
            )
        except (ValueError, OSError) as error:  # a proxy, token or certificate that is none
            raise UsageError(f"cannot ask {self.server}: {error}") from None


def _pieces(server: str, response: IO[bytes]) -> Iterator[memoryview]:
    """The body, in one buffer again and again."""
    buffer = memoryview(bytearray(_PIECE))
    while True:
        try:
            count = response.readinto(buffer)  # type: ignore[attr-defined]
        except (OSError, ValueError, HTTPException) as error:
            raise _unreachable(server, error) from error
        if not count:
            return
        yield buffer[:count]


def quoted(text: str) -> str:
    """An id as a part of a path."""
    return quote(text, safe="/")


def _unreachable(server: str, error: object) -> UnavailableError:
    reason = str(error) or type(error).__name__
    return UnavailableError(
        f"Cannot reach {server}: {reason}", "is the address right, and the server up? da diagnose"
    )


def _data(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise UnavailableError(
            f"{response.url} does not answer in JSON", "is that the address of an Agnes server?"
        ) from None


def _error(response: httpx.Response) -> AgnesError:
    """The error that a status stands for, with the server's own words."""
    status = response.status_code
    body = _body(response)
    said = body.get("detail")
    detail = said if isinstance(said, str) else f"{response.url.path}: {response.reason_phrase}"
    hint = body.get("hint") if isinstance(body.get("hint"), str) else None
    kinds: dict[int, type[AgnesError]] = {
        403: ForbiddenError,
        404: NotFoundError,
        409: ConflictError,
        412: PreconditionError,
        413: TooLargeError,
    }
    if status == 401:
        return UnauthorizedError(detail, SIGN_IN)
    if status in (400, 422):
        return InvalidError(detail, _diagnostics(body.get("diagnostics")), hint)
    if status == 429:
        return TooManyError(detail, _seconds(response.headers.get("Retry-After")))
    if kind := kinds.get(status):
        return kind(detail, hint)
    if response.is_redirect:
        there = response.headers.get("Location", "elsewhere")
        return UnavailableError(f"{response.url} sends us on to {there}", "is the address right?")
    return UnavailableError(f"{response.url.host} answers {status}: {detail}", hint)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _diagnostics(found: Any) -> list[Diagnostic]:
    from agnes.model.diagnostic import Diagnostic

    known = Diagnostic.__dataclass_fields__.keys()
    entries = [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []
    try:
        return [Diagnostic(**{key: it[key] for key in it.keys() & known}) for it in entries]
    except TypeError:  # a newer server's
        return []


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or "")
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
