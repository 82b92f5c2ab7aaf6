"""Descriptions from a language model behind an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from httpx_retries import Retry, RetryTransport

from agnes.describe.answers import read_answers, read_json
from agnes.describe.facts import ColumnFacts, Said, TableFacts
from agnes.describe.question import INSTRUCTIONS, question
from agnes.errors import UnavailableError, UsageError
from agnes.keboola.client import RETRIED, is_private
from agnes.model.layout import printable

logging.getLogger("httpx").setLevel(logging.WARNING)

_BATCH = 40
"""Columns that are asked for at once."""
_MOST = 1 << 20
"""Bytes of an answer."""
_ANSWER = 'Answer with one JSON object alone: {"<column>": {"description": ..., "confidence": ...}}'


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for.

    Args:
        tries: of one request, the first included.
        backoff: seconds before the second try; it doubles, and is cut at random.
        seconds: without a byte, until a try counts as failed.
        total: seconds before all tries of a request together.
    """

    tries: int = 3
    backoff: float = 0.5
    seconds: float = 60
    total: float = 180


class Endpoint:
    """Describes as a model says. Close it, or use it as a context manager.

    Args:
        url: what `/chat/completions` is below: `https://api.openai.com/v1`.
        key: sent as a bearer token; local endpoints need none.

    Raises:
        UsageError: the address is none, or the key would travel in the clear.
    """

    def __init__(
        self, url: str, model: str, key: str | None = None, patience: Patience | None = None
    ) -> None:
        patience = patience or Patience()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            hint = "write it as https://api.openai.com/v1"
            raise UsageError(f"{printable(url)[:200]} is no address of a model", hint)
        if key and not is_private(url):
            raise UsageError("the key would travel in the clear", "use https://")
        self.name = model
        self._host = parts.hostname
        self._key = key
        self._failed: UnavailableError | None = None
        retry = Retry(
            total=patience.tries - 1,
            allowed_methods=["POST"],
            status_forcelist=RETRIED,
            backoff_factor=patience.backoff,
            backoff_jitter=0.5,
            max_backoff_wait=patience.seconds,
            total_timeout=patience.total,
        )
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            transport=RetryTransport(transport=httpx.HTTPTransport(), retry=retry),
            timeout=patience.seconds,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def describe(self, table: TableFacts) -> Mapping[str, Said]:
        """See `Describer`. After a failure it is not asked again: the next would fail, too."""
        if self._failed is not None:
            raise self._failed
        found: dict[str, Said] = {}
        for columns in _batches(table.wanted_columns()):
            try:
                found |= self._ask(table, columns)
            except UnavailableError as error:
                self._failed = error
                raise
        return found

    def _ask(self, table: TableFacts, columns: Sequence[ColumnFacts]) -> dict[str, Said]:
        asked = json.dumps(question(table, columns), ensure_ascii=False)
        content = self._post(
            {
                "model": self.name,
                "temperature": 0,
                "messages": [
                    {"role": "system", "content": f"{INSTRUCTIONS}\n{_ANSWER}"},
                    {"role": "user", "content": asked},
                ],
            }
        )
        try:
            return read_answers(read_json(content), table)
        except ValueError as error:
            raise self._failure(f"the model's answer is not what was asked for: {error}") from None

    def _post(self, body: dict[str, Any]) -> str:
        try:
            with self._client.stream("POST", "chat/completions", json=body) as response:
                said = _bounded(response)
        except httpx.HTTPError as error:
            kind = "it took too long" if isinstance(error, httpx.TimeoutException) else "no answer"
            raise self._failure(f"{kind} ({type(error).__name__})") from None
        if said is None:
            raise self._failure("the answer is too large")
        if not response.is_success:
            raise self._failure(_refusal(response.status_code, said))
        try:
            content = json.loads(said)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            content = None
        if not isinstance(content, str):
            raise self._failure("the answer is not of OpenAI's protocol")
        return content

    def _failure(self, why: str) -> UnavailableError:
        if self._key:
            why = why.replace(self._key, "***")
        return UnavailableError(f"{printable(self._host)}: {why}")


def _batches(columns: Sequence[ColumnFacts]) -> Iterator[Sequence[ColumnFacts]]:
    for start in range(0, len(columns), _BATCH):
        yield columns[start : start + _BATCH]


def _bounded(response: httpx.Response) -> bytes | None:
    """The body, if it is not too large."""
    said = bytearray()
    for chunk in response.iter_bytes():
        said += chunk
        if len(said) > _MOST:
            return None
    return bytes(said)


def _refusal(status: int, said: bytes) -> str:
    reasons = {401: "the key is not valid", 403: "the key may not do this", 404: "no such model"}
    try:
        error = json.loads(said)["error"]
        message = error["message"] if isinstance(error, dict) else error
    except (ValueError, LookupError, TypeError, RecursionError):
        message = ""
    reason = reasons.get(status, "a redirect" if 300 <= status < 400 else "it refused")
    return f"{status}, {reason}" + (f": {printable(str(message))[:200]}" if message else "")
