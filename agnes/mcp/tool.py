"""A tool is a class: its docstring says when to call it, its fields are the arguments, `answer`
answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agnes.errors import UsageError
from agnes.mcp.words import Answer

if TYPE_CHECKING:
    from agnes.auth.principal import Scope
    from agnes.mcp.desk import Desk

MetricId = Annotated[
    str, Field(max_length=200, description="<category>/<name>, such as revenue/mrr")
]
Cursor = Annotated[
    str | None, Field(max_length=300, description="`cursor` of the answer before, for what follows")
]


class Tool(BaseModel):
    """A call, with its arguments."""

    model_config = ConfigDict(extra="forbid")
    needs: ClassVar[Scope] = "read"
    reads_only: ClassVar[bool] = True

    def answer(self, desk: Desk) -> Answer:
        """Answer it.

        Raises:
            AgnesError: it cannot be answered.
        """
        raise NotImplementedError


def paged(data: dict[str, Any], cursor: str | None, *notes: str) -> Answer:
    """An answer that is a part of a list, with the cursor of the next part."""
    if cursor is None:
        return Answer(data, notes)
    more = "TRUNCATED: there is more; call again with `cursor` from the data."
    return Answer(data | {"cursor": cursor}, (*notes, more))


MOST_ROWS = 10_000
_DIGITS = 5


def page_start(cursor: str | None, limit: int) -> int:
    """The first row of a page of rows.

    Raises:
        UsageError: no answer gave this cursor, or it leads too far.
    """
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > _DIGITS:
        raise UsageError("no answer gave this cursor", "begin without one")
    if int(cursor) + limit > MOST_ROWS:
        raise UsageError(f"no more than {MOST_ROWS} rows are told", "aggregate in SQL")
    return int(cursor)
