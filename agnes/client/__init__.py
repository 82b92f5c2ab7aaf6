"""The HTTP client of Agnes's own API.

with Client.from_config() as client:
    client.get("/api/metrics", params={"category": "revenue"})["metrics"]
"""

from __future__ import annotations

import json as json_
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from agnes.client.failure import LARGEST_FAILURE, SIGN_IN, failure, too_long, unreachable
from agnes.config import client as config
from agnes.errors import UnauthorizedError, UnavailableError, UsageError

if TYPE_CHECKING:
    import httpx

    from agnes.client.download import Downloads, Incoming

LARGEST, LARGEST_DOCUMENT = 64 << 20, 512 << 20
"""The most bytes of an answer that are taken; of one that holds all that a catalog says."""
_CONNECT_SECONDS = 10.0
_NOT_MODIFIED = 304


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


class Client:
    """Requests to one server, as one user.

    Args:
        server: its address.
        token: who asks; None is nobody.
        timeout: seconds until there is a connection.

    Raises:
        UsageError: that is no address, or no token.
    """

    def __init__(
        self, server: str, token: str | None = None, *, timeout: float = _CONNECT_SECONDS
    ) -> None:
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
        largest: int = LARGEST,
    ) -> Answer:
        """Send a request. One that only reads is tried again where the connection fails.

        Args:
            path: begins with a slash; what it is made of is quoted (`quoted`).
            params: of the query; those that are None are left out.
            files: name of a form's field to `(file name, content)`.
            once: the server is told to act once however often it is asked, so that a change is
                tried again too.
            largest: bytes of the answer; whoever sends more is no server of ours.

        Raises:
            UnavailableError: there is no server, or its answer makes no sense.
            AgnesError: what the server says is wrong, as the kind of error that its status is.
        """
        from agnes.client.transport import ERRORS, retry

        sent = dict(headers or {})
        if once:
            sent["Idempotency-Key"] = str(uuid.uuid4())
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            with self._http.stream(
                method,
                f"{self.server}{path}",
                json=json,
                params=given or None,
                files=files,
                headers=sent,
                extensions={"retry": retry([method] if once else ["GET", "HEAD"])},
            ) as response:
                status, said, url = response.status_code, response.headers, str(response.url)
                if not response.is_success and status != _NOT_MODIFIED:
                    raise failure(url, status, said, _content(response, LARGEST_FAILURE))
                content = _content(response, largest)
        except ERRORS as error:
            raise unreachable(self.server, error) from error
        if len(content) > largest:
            raise too_long(url, largest)
        return Answer(status, said, _data(url, content))

    @contextmanager
    def download(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        largest: int | None = None,
    ) -> Iterator[Incoming]:
        """Get a file, piece by piece; 304 and 416 are answers too. Nothing is tried again.

        Args:
            largest: bytes of the file; None where the caller counts them.

        Raises:
            UnavailableError: there is no server, or it stops in the middle.
            AgnesError: what the server says is wrong, as for `request`.
        """
        with self._downloads.open(path, headers or {}, largest) as incoming:
            yield incoming

    @cached_property
    def _downloads(self) -> Downloads:
        from agnes.client.download import Downloads

        return Downloads(self.server, self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        from agnes import __version__

        headers = {"User-Agent": f"agnes/{__version__}", "Accept": "application/json"}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})

    @cached_property
    def _http(self) -> httpx.Client:
        from agnes.client.transport import connection

        return connection(self.server, self._headers, self._timeout)


def quoted(text: str) -> str:
    """An id as a part of a path."""
    return quote(text, safe="/")


def _content(response: httpx.Response, most: int) -> bytes:
    """The body, or as much of it as shows that it is larger."""
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > most:
            break
    return bytes(content)


def _data(url: str, content: bytes) -> Any:
    if not content:
        return None
    try:
        return json_.loads(content)
    except (ValueError, RecursionError):
        raise UnavailableError(
            f"{url} does not answer in JSON", "is that the address of an Agnes server?"
        ) from None
