"""The process that reads the files of others. It has DuckDB and nothing of Agnes."""

from __future__ import annotations

import ctypes
import json
import re
import resource
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import _duckdb

from agnes.tables.words import basetype

TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}
_LINE_BYTES = 1 << 24
_PR_SET_PDEATHSIG = 1
_COUNT = "SELECT count(*) FROM "
Columns = dict[str, str]


def main() -> None:
    """Answer the request on standard input."""
    request = json.loads(sys.stdin.buffer.read())
    memory_mb = request["memory_mb"]
    connection = _connect(memory_mb)
    _limit(memory_mb)
    try:
        answer = _answer(connection, request)
    except _duckdb.Error as error:
        said = " ".join(str(error).split("\n\n")[0].split())
        full = re.search("No space left|Permission denied|Out of Memory|write", str(error))
        answer = {"error": said[:500], "ours": bool(full) and not isinstance(error, _INPUT)}
    except (ValueError, MemoryError) as error:
        answer = {"error": str(error)[:500] or "too little memory", "ours": False}
    sys.stdout.buffer.write(json.dumps(answer).encode("utf-8", "replace"))


_INPUT = (_duckdb.InvalidInputException, _duckdb.ConversionException)


def _connect(memory_mb: int) -> _duckdb.DuckDBPyConnection:
    return _duckdb.connect(
        ":memory:",
        config={
            "threads": 1,  # the rows stay in order, and the same rows give the same bytes
            "memory_limit": f"{memory_mb}MiB",
            "temp_directory": "",
            "allow_persistent_secrets": False,
            "allow_community_extensions": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        },
    )


def _limit(memory_mb: int) -> None:
    """Nobody's end is awaited: memory is bounded, and the end of the parent is the end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + 2 * memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _answer(connection: _duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> dict[str, Any]:
    files, target = request["files"], request.get("target")
    paths = [*files, *([target] if target else [])]
    connection.execute(f"SET allowed_paths = {_list(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    if request["format"] == "parquet":
        source = f"read_parquet({_list(files)}, hive_partitioning = false)"
        columns = _columns(connection, source)
        text = None
    elif request.get("plain"):
        source = text = _plain_csv(files, request["names"])
        columns = _columns(connection, source)
    else:
        guessed = f"read_csv({_list(files)}, sample_size = -1"
        source = f"{guessed}, all_varchar = true)"
        text = source
        columns = _look(connection, _columns(connection, f"{guessed})"), source)
    if not target:
        (rows,) = connection.execute(_COUNT + source).fetchone() or (0,)
        return {"columns": columns, "rows": rows}
    wanted = {name: kind for name, kind in request["basetypes"].items() if name in columns}
    written = _types(connection, columns, wanted, text)
    values = [_value(name, written[name], columns[name], text) for name in columns]
    (rows,) = connection.execute(
        f"COPY (SELECT {', '.join(values)} FROM {source}) TO {_text(target)} "  # noqa: S608
        "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
    ).fetchone() or (0,)
    return {"columns": written, "rows": rows}


def _plain_csv(files: Sequence[str], names: Sequence[str] | None) -> str:
    """CSV in which nothing has to be guessed: a quoted nothing is text, a bare one is none."""
    options = (
        "delim = ',', quote = '\"', escape = '\"', all_varchar = true, nullstr = '', "
        f"allow_quoted_nulls = false, max_line_size = {_LINE_BYTES}"
    )
    if names is None:
        return f"read_csv({_list(files)}, header = true, {options})"
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({_list(files)}, header = false, auto_detect = false, "
        f"columns = {{{columns}}}, {options.replace('all_varchar = true, ', '')})"
    )


def _columns(connection: _duckdb.DuckDBPyConnection, source: str) -> Columns:
    rows = connection.execute(f"DESCRIBE FROM {source}").fetchall()
    return {name: kind for name, kind, *_ in rows}


def _look(connection: _duckdb.DuckDBPyConnection, columns: Columns, text: str) -> Columns:
    """The types that values have, but `007` is no number, and `10.50` is an exact one."""
    asked = {name: kind for name, kind in columns.items() if kind != "VARCHAR"}
    if not asked:
        return columns
    tests = ", ".join(
        f"coalesce(bool_and({test.format(value=f'trim({_name(name)})', kind=kind)}), false)"
        for name, kind in asked.items()
        for test in (_IS_KIND, _NO_ZEROS if kind == "BIGINT" else _IS_EXACT)
    )
    found = iter(connection.execute(f"SELECT {tests} FROM {text}").fetchone() or ())  # noqa: S608
    seen = dict(columns)
    for name, kind in asked.items():
        is_kind, special = next(found), next(found)
        if not is_kind or (kind == "BIGINT" and not special):
            seen[name] = "VARCHAR"
        elif kind == "DOUBLE" and special:
            seen[name] = "DECIMAL(18,4)"
    return seen


_IS_KIND = "{value} = '' OR {value} IS NULL OR TRY_CAST({value} AS {kind}) IS NOT NULL"
_NO_ZEROS = "NOT regexp_matches({value}, '^[+-]?0[0-9]')"
_IS_EXACT = r"regexp_full_match({value}, '([+-]?[0-9]{{1,14}}(\.[0-9]{{1,4}})?)?')"


def _types(
    connection: _duckdb.DuckDBPyConnection,
    columns: Columns,
    wanted: Mapping[str, str],
    text: str | None,
) -> Columns:
    """What each column becomes."""
    written = dict(columns)
    exact = []
    for name, word in wanted.items():
        if word == "NUMERIC":
            exact.append(name)
        elif basetype(columns[name]) != word or text is not None:
            written[name] = TYPES[word]
    if text is None:
        fits = ("NUMERIC", "INTEGER", "FLOAT")
        loose = [name for name in exact if basetype(columns[name]) not in fits]
        return written | dict.fromkeys(loose, "DECIMAL(38,9)")
    seen = (name for name, kind in columns.items() if kind.startswith("DECIMAL"))
    exact += [name for name in seen if name not in wanted]
    return written | _decimals(connection, exact, text)


def _decimals(connection: _duckdb.DuckDBPyConnection, names: Sequence[str], text: str) -> Columns:
    """Decimals with as many digits as the values have: rounding would be a loss."""
    found: Columns = {}
    for name in names:
        value = _name(name)
        row = connection.execute(
            rf"SELECT max(length(regexp_extract({value}, '\.([0-9]*)\s*$', 1))), "  # noqa: S608
            rf"max(length(regexp_extract({value}, '^\s*[+-]?0*([0-9]*)', 1))), "
            rf"coalesce(bool_or(regexp_matches({value}, '[eE]')), false) FROM {text}"
        ).fetchone()
        after, before, scientific = row or (0, 0, False)
        scale, digits = after or 0, (after or 0) + (before or 0)
        if scientific or digits > 38:
            found[name] = "DOUBLE"
        else:
            found[name] = (
                f"DECIMAL({18 if digits <= 18 else 38},{max(scale, 2 if digits < 17 else 0)})"
            )
    return found


def _value(name: str, kind: str, is_now: str, text: str | None) -> str:
    value = _name(name)
    if text is not None:
        if kind == "VARCHAR":
            return value
        return f"CAST(nullif(trim({value}), '') AS {kind}) AS {value}"
    return value if kind == is_now else f"CAST({value} AS {kind}) AS {value}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"
