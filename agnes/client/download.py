"""Files from a server, piece by piece.

By urllib: httpx takes three times the processor time for a large body.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, TYPE_CHECKING

from agnes.client.failure import LARGEST_FAILURE, failure, too_long, unreachable
from agnes.client.transport import READ_SECONDS, trusted
from agnes.config import client as config
from agnes.errors import UsageError

if TYPE_CHECKING:
    from email.message import Message

_NO_ERRORS = (304, 416)
"""What a download is told that it has, or has all of."""
_PIECE = 1 << 17
"""In bytes. Those of four downloads fit into a processor's second cache; larger ones are slower."""


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


class Downloads:
    """Downloads from one server.

    Args:
        headers: what is sent with each.

    Raises:
        UsageError: the proxy or the certificates cannot be used.
    """

    def __init__(self, server: str, headers: Mapping[str, str]) -> None:
        self._server = server
        self._headers = {**headers, "Accept": "*/*", "Accept-Encoding": "identity"}
        self._opener = _opener(server)

    @contextmanager
    def open(
        self, path: str, headers: Mapping[str, str], largest: int | None
    ) -> Iterator[Incoming]:
        """See `Client.download`."""
        url = f"{self._server}{path}"
        try:
            asked = urllib.request.Request(url, headers={**self._headers, **headers})  # noqa: S310
            response = self._opener.open(asked, timeout=READ_SECONDS)
        except urllib.error.HTTPError as error:
            response = error
        except (OSError, ValueError, HTTPException) as error:
            raise unreachable(self._server, getattr(error, "reason", error)) from error
        with response:
            status, said = response.status, response.headers
            if status in _NO_ERRORS:
                yield Incoming(status, said, iter(()))
                return
            if not 200 <= status < 300:
                raise failure(url, status, said, _start(response))
            yield Incoming(status, said, _pieces(self._server, url, response, largest))


def _opener(server: str) -> urllib.request.OpenerDirector:
    """What opens addresses and follows no redirect."""
    proxy = config.proxy_for(server)
    opener = urllib.request.OpenerDirector()
    try:
        opener.add_handler(
            urllib.request.ProxyHandler(dict.fromkeys(("http", "https"), proxy) if proxy else {})
        )
        if server.startswith("https:"):
            opener.add_handler(urllib.request.HTTPSHandler(context=trusted()))
        else:
            opener.add_handler(urllib.request.HTTPHandler())
    except (ValueError, OSError) as error:
        raise UsageError(f"cannot ask {server}: {error}") from None
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    return opener


def _start(response: IO[bytes]) -> bytes:
    """What an error says, as far as anybody wants to hear it."""
    try:
        return response.read(LARGEST_FAILURE)
    except (OSError, ValueError, HTTPException):
        return b""


def _pieces(
    server: str, url: str, response: IO[bytes], largest: int | None
) -> Iterator[memoryview]:
    """The body, in one buffer again and again."""
    buffer, total = memoryview(bytearray(_PIECE)), 0
    while True:
        try:
            count = response.readinto(buffer)  # type: ignore[attr-defined]
        except (OSError, ValueError, HTTPException) as error:
            raise unreachable(server, error) from error
        if not count:
            if getattr(response, "length", 0):
                raise unreachable(server, "the connection ended in the middle")
            return
        total += count
        if largest is not None and total > largest:
            raise too_long(url, largest)
        yield buffer[:count]
