"""What users upload: kept in a folder of their own, bounded, and never half there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Literal

from agnes.errors import TooLargeError, UsageError
from agnes.tables.atomic import SUFFIX, new_file

Kind = Literal["sessions", "artifacts"]
LOCAL_MD = "CLAUDE.local.md"
LOCAL_MD_BYTES = 1 << 20
FILES = 10_000
"""The most that one user may have of a kind."""
_NAME = re.compile(r"\w[\w .,()+@=-]*")
_NAME_BYTES = 200
_USER = re.compile(r"[\w-][\w.@+-]*")
_CHUNK = 1 << 20


class Uploads:
    """The uploads of all users.

    Args:
        path: `<path>/<user id>/sessions|artifacts` and `<path>/<user id>/CLAUDE.local.md`.
        most: bytes of one file.
        quota: bytes that one user may have in all.
    """

    def __init__(self, path: Path, most: int, quota: int) -> None:
        self.path = path
        self.most = most
        self._quota = quota

    def save(self, user_id: str, kind: Kind, name: str | None, content: IO[bytes]) -> int:
        """Keep a file, in place of an earlier one of the same name.

        Returns:
            its bytes.

        Raises:
            UsageError: the name is none for a file.
            TooLargeError: the file is too large, or the user has too much.
            UnavailableError: it cannot be written.
        """
        name = name or ""
        if not _NAME.fullmatch(name) or len(name.encode()) > _NAME_BYTES or name.endswith(SUFFIX):
            raise UsageError(
                "that is no name for a file here",
                "use letters, digits, blanks and . , ( ) + @ = - _, and begin with a letter",
            )
        target = self._folder(user_id) / kind / name
        room = self._room(user_id, target)
        size = 0
        with new_file(target) as file:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                self._check(size, room)
                file.write(chunk)
        return size

    def save_local_md(self, user_id: str, text: str) -> int:
        """Keep a user's notes for their agent.

        Returns:
            their bytes.

        Raises:
            UsageError: that is no text.
            TooLargeError: they are too long.
        """
        try:
            content = text.encode()
        except UnicodeEncodeError:
            raise UsageError("content is not Unicode text") from None
        if len(content) > LOCAL_MD_BYTES:
            raise TooLargeError(f"notes may have {LOCAL_MD_BYTES} bytes")
        with new_file(self._folder(user_id) / LOCAL_MD) as file:
            file.write(content)
        return len(content)

    def _folder(self, user_id: str) -> Path:
        if not _USER.fullmatch(user_id):
            raise UsageError("that is no user")
        return self.path / user_id

    def _room(self, user_id: str, target: Path) -> int:
        """How much more a user may have, if a file goes away."""
        kept = [path for path in self._folder(user_id).glob("*/*") if path != target]
        if sum(path.parent == target.parent for path in kept) >= FILES:
            raise TooLargeError(f"you have {FILES} files there already")
        return self._quota - sum(path.stat().st_size for path in kept)

    def _check(self, size: int, room: int) -> None:
        if size > self.most:
            raise TooLargeError(f"File too large (max {self.most >> 20}MB)")
        if size > room:
            raise TooLargeError(f"your uploads may have {self._quota >> 20} MB in all")
