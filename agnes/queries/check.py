"""Whether a query may run, and what to tell whoever wrote one that may not."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable

from agnes.errors import SandboxError
from agnes.model.names import nearest
from agnes.sql.gate import read_query
from agnes.sql.names import IS_A_FILE, is_file_name, lower
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Place

_SHOWN = 12
"""Names that a hint has."""
_NO_TABLE = re.compile(r"Table with name (.+?) does not exist", re.DOTALL)


def check(sql: str, names: Container[str], parameters: Collection[str] = ()) -> None:
    """See that a text is one SELECT that reads tables and nothing else.

    Text that cannot be parsed here is left to DuckDB's own parser, whose SQL it is.

    Args:
        sql: the text.
        names: what the tables that may be read are called, in lower case.
        parameters: names that have a value, as `$name` in the text.

    Raises:
        SandboxError: it may not run.
    """
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise SandboxError("refused", "the SQL is not Unicode text", error.start) from None
    try:
        reads = read_query(sql, file_names=True, parameters=parameters).reads
    except RefusedSqlError as refused:
        for problem in refused.problems:
            if problem.kind != "syntax":
                raise _refused(problem.message, problem.place, problem.hint) from None
        return
    for table in reads:
        if is_file_name(table.name) and lower(table.name.removeprefix("main.")) not in names:
            raise _refused(f"{table.name!r} {IS_A_FILE}", table.place, None)


def explain(error: SandboxError, tables: Iterable[str]) -> SandboxError:
    """The same error with a hint; neither names a table but these."""
    message, candidates, hint = error.message, list(error.candidates), error.hint
    match error.kind:
        case "timeout":
            hint = "ask for less: fewer rows, a filter, an aggregate"
        case "memory":
            hint = "ask for less: fewer columns or groups, shorter values"
        case "failed" if found := _NO_TABLE.match(message):
            message = found[0]
            candidates, hint = _instead(found[1].replace('"', ""), sorted(tables))
        case "failed" if candidates:
            message = message.partition("\n")[0]
            hint = f"there is: {', '.join(candidates[:_SHOWN])}"
    return SandboxError(
        error.kind, message, error.position, error.length, candidates, error.subtype, hint
    )


def _instead(name: str, ids: list[str]) -> tuple[list[str], str]:
    """The tables that somebody may have meant who wrote a name that none has, and a hint."""
    if any(lower(name) == lower(table_id) for table_id in ids):
        return [name], f'a name with dots needs quotes: "{name}"'
    if near := nearest(name, ids):
        return near, f"did you mean {' or '.join(map(_quoted, near))}?"
    if not ids:
        return [], "there is no table that you may read"
    more = ", ..." if len(ids) > _SHOWN else ""
    return [], f"you may read {', '.join(map(_quoted, ids[:_SHOWN]))}{more}"


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _refused(message: str, place: Place, hint: str | None) -> SandboxError:
    return SandboxError("refused", message, place.start, place.length or None, hint=hint)
