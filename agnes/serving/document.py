"""Answers as they are sent: bytes that are made once and then only copied."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from pydantic_core import to_json

GZIP_BYTES = 4_096
"""Below that, compressing costs more than it saves."""
GZIP_LEVEL = 5


@dataclass(frozen=True)
class Document:
    """A JSON text and what tells its versions apart.

    Args:
        body: in UTF-8.
        etag: with the quotes, as HTTP has it.
    """

    body: bytes
    etag: str

    @classmethod
    def of(cls, data: Any) -> Document:
        """The document of plain data."""
        return cls.of_bytes(to_json(data, inf_nan_mode="null"))

    @classmethod
    def of_bytes(cls, body: bytes) -> Document:
        """The document of a text that is JSON already; its tag is a digest of it."""
        return cls(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')

    @cached_property
    def gzipped(self) -> bytes | None:
        """The body compressed; None where that does not pay."""
        if len(self.body) < GZIP_BYTES:
            return None
        return gzip.compress(self.body, GZIP_LEVEL, mtime=0)

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return len(self.body) + len(self.__dict__.get("gzipped") or b"")


def matches(etag: str, header: str | None) -> bool:
    """Whether an `If-None-Match` or `If-Match` header names a version. Weak tags count too."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    given = (tag.strip().removeprefix("W/") for tag in header.split(","))
    return etag in given
