"""The errors that Agnes expects, each with what is wrong, where, and what to do about it.

    AgnesError
    ├── UsageError             the request itself makes no sense
    ├── NotACatalogError       no agnes.yml, or no git repository around it
    ├── GitError               the repository cannot give what was asked for
    │   ├── NoCommitError      an empty repository or an unborn branch
    │   ├── RevisionError      nothing that git can resolve to a commit
    │   └── MissingObjectError a shallow or partial clone, or a damaged repository
    ├── ConflictError          somebody else's change stands in the way; nothing was done
    │   └── MovedError         the branch moved meanwhile; made anew, the change may be right
    ├── NotFoundError          the metric or table does not exist
    ├── InvalidError           content that does not validate, with its diagnostics
    ├── PreconditionError      what the caller read is not what is there any more
    ├── NotDerivableError      a number that a definition does not say how to compute
    ├── UntranslatableError    SQL that another engine would not answer as DuckDB does
    ├── UnauthorizedError      nobody is signed in, or the token is not good any more
    ├── ForbiddenError         who is signed in may not do this
    ├── TooManyError           too many tries; later again
    ├── TooLargeError          more than is taken
    ├── UnavailableError       a service that this needs does not answer, or is not configured
    ├── YamlError              one document that cannot be read, with line and column
    ├── CacheError             the cache cannot be read
    │   └── CacheWriteError    nor written: a full or read-only disk
    └── SandboxError           SQL that was refused, failed, or took more than it may

Faces translate them once: the command line into exit code 1 (2 for `UsageError`) and `error: ...`
on stderr, the server into an HTTP problem with the same text. Anything else is a bug and keeps its
traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from agnes.model.diagnostic import Diagnostic


class AgnesError(Exception):
    """An expected error.

    Args:
        message: what is wrong, and where.
        hint: what to do about it; the faces print it on a line of its own.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AgnesError):
    """Options or arguments that exclude each other or are out of range."""


class NotACatalogError(AgnesError):
    """No catalog where one was looked for."""


class GitError(AgnesError):
    """Git, or the repository, refused."""


class NoCommitError(GitError):
    """There is no commit yet to read from."""


class RevisionError(GitError):
    """A revision that does not exist or is no commit."""


class MissingObjectError(GitError):
    """An object that the repository should have and does not."""


class ConflictError(AgnesError):
    """The branch moved, or a file has uncommitted changes; nothing was changed."""


class MovedError(ConflictError):
    """A newer commit is on the branch, and may have changed what this change was made from."""


class NotFoundError(AgnesError):
    """No metric or table of that id."""


class InvalidError(AgnesError):
    """Content that does not validate.

    Args:
        message: what was refused.
        diagnostics: every finding, not only the first.
        hint: what to do about it.
    """

    def __init__(
        self, message: str, diagnostics: Sequence[Diagnostic], hint: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.diagnostics = tuple(diagnostics)


class PreconditionError(AgnesError):
    """The caller's version (`If-Match`) is not the one that is there; nothing was changed."""


class NotDerivableError(AgnesError):
    """A breakdown, filter, range or grain that cannot be soundly made of a metric's definition."""


class UntranslatableError(AgnesError):
    """SQL that cannot be said in another engine's dialect with the same result.

    Args:
        construct: what in it, as SQL calls it: `LIST`, `GROUPING SETS`.
    """

    def __init__(self, message: str, construct: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.construct = construct


class UnauthorizedError(AgnesError):
    """No token, or one that does not count."""


class ForbiddenError(AgnesError):
    """The caller is known and may not do this."""


class TooManyError(AgnesError):
    """Too many tries.

    Args:
        retry_after: seconds until it may be tried again.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLargeError(AgnesError):
    """A file or a request above the limit."""


class UnavailableError(AgnesError):
    """Something outside of Agnes does not answer, or Agnes was not told where it is."""


class YamlError(AgnesError):
    """A YAML document that is refused.

    Args:
        message: what is wrong.
        line: 1-based line, 0 when the document as a whole is meant.
        column: 1-based column in characters, 0 when unknown.
        code: the diagnostic's code.
        hint: what to write instead.
    """

    def __init__(
        self, message: str, line: int, column: int, code: str, hint: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.line = line
        self.column = column
        self.code = code


class CacheError(AgnesError):
    """The cache folder or a snapshot in it cannot be used."""


class CacheWriteError(CacheError):
    """The cache folder refuses a write; what is in force can still be read."""


class SandboxError(AgnesError):
    """SQL that the sandbox did not run to its end.

    Args:
        kind: `refused` may not run here, `failed` is DuckDB's own error, `timeout` and `memory` are
            the limits, and `crashed` is the end of the process for another reason.
        message: DuckDB's own words, or why it was refused.
        position: 0-based offset in the SQL, in characters, of what is wrong.
        length: how many characters it has.
        candidates: names that exist and are near to one that does not; of a function that does not
            take these values, what it takes.
        subtype: DuckDB's code, such as `COLUMN_NOT_FOUND`, `MISSING_ENTRY` or `SYNTAX_ERROR`.
        hint: what to write instead.
    """

    def __init__(
        self,
        kind: Literal["refused", "failed", "timeout", "memory", "crashed"],
        message: str,
        position: int | None = None,
        length: int | None = None,
        candidates: Sequence[str] = (),
        subtype: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.position = position
        self.length = length
        self.candidates = tuple(candidates)
        self.subtype = subtype
