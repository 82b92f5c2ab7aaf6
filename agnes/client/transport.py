"""httpx, as the client uses it. Import it where something is sent: it takes its time."""

from __future__ import annotations

import ssl
import sys
from functools import cache

from agnes.config import client as config
from agnes.errors import UsageError

# httpx has a command line, whose libraries take as long to import as all the rest of it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402
from httpx_retries import Retry, RetryTransport  # noqa: E402

ERRORS = (httpx.HTTPError, httpx.InvalidURL)
"""What is raised where there is no answer."""

READ_SECONDS = 60.0
"""Between two pieces of an answer."""
_TRIES = 2
"""How often a request that does no harm twice is sent again."""
_PATIENCE = 5.0
"""Seconds that are waited for that, in all."""


def connection(server: str, headers: dict[str, str], timeout: float) -> httpx.Client:
    """A client that follows no redirect, so that a token never goes to another server.

    Args:
        timeout: seconds until there is a connection.

    Raises:
        UsageError: the proxy, the headers or the certificates cannot be used.
    """
    try:
        transport = httpx.HTTPTransport(
            verify=trusted() if server.startswith("https:") else _trusting_nobody(),
            proxy=config.proxy_for(server),
        )
        return httpx.Client(
            follow_redirects=False,
            timeout=httpx.Timeout(READ_SECONDS, connect=timeout),
            transport=RetryTransport(transport),
            headers=headers,
        )
    except (ValueError, OSError) as error:
        raise UsageError(f"cannot ask {server}: {error}") from None


def retry(methods: list[str]) -> Retry:
    """How requests of some methods are tried again."""
    return Retry(_TRIES, allowed_methods=methods, backoff_factor=0.2, total_timeout=_PATIENCE)


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that are trusted. Reading them takes longer than a request."""
    return httpx.create_ssl_context()


def _trusting_nobody() -> ssl.SSLContext:
    """What is given where nothing is encrypted."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
