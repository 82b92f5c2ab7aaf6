"""A file as an answer: whole, in part, or not at all where the caller has it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import IO

from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from agnes.api.answers import HEADERS
from agnes.api.problems import problem
from agnes.serving.document import matches

_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


def file_answer(
    file: IO[bytes], size: int, etag: str, asked: Headers, media_type: str, name: str
) -> Response:
    """An open file as an answer, which closes it.

    Args:
        size: its bytes.
        etag: with the quotes.
        asked: the headers of the request.
        name: what it is to be called; plain ASCII.
    """
    headers = HEADERS | {"ETag": etag, "Accept-Ranges": "bytes"}
    if matches(etag, asked.get("if-none-match")):
        file.close()
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    part = _part(asked, size, etag)
    if part is None:
        return _send(file, 0, size, 200, headers, media_type)
    first, last = part
    if first > last:
        file.close()
        more = {"Content-Range": f"bytes */{size}", "ETag": etag}
        return problem(416, f"there are {size} bytes, and none of those that were asked for", more)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return _send(file, first, last - first + 1, 206, headers, media_type)


def _part(asked: Headers, size: int, etag: str) -> tuple[int, int] | None:
    """The first and the last byte that are asked for; None for all.

    Several parts at once, and what cannot be read, are answered by the whole.
    """
    found = _RANGE.fullmatch(asked.get("range", ""))
    condition = asked.get("if-range")
    if found is None or found[1] == found[2] == "" or (condition and condition.strip() != etag):
        return None
    if not found[1]:
        length = int(found[2])
        return (max(0, size - length), size - 1) if length else (size, size - 1)
    first = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if last < first and found[2]:
        return None
    return first, min(last, size - 1)


def _send(
    file: IO[bytes], first: int, length: int, status: int, headers: dict[str, str], media_type: str
) -> Response:
    headers = headers | {"Content-Length": str(length)}
    return _FilePart(file, first, length, status, headers, media_type)


class _FilePart(StreamingResponse):
    """Bytes of an open file, which is closed whatever happens on the way."""

    def __init__(
        self,
        file: IO[bytes],
        first: int,
        length: int,
        status: int,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        super().__init__(_read(file, first, length), status, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            self.body_iterator = iterate_in_threadpool(())
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _read(file: IO[bytes], at: int, left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := os.pread(file.fileno(), min(left, _CHUNK), at)):
        yield chunk
        at += len(chunk)
        left -= len(chunk)
