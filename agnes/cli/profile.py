"""`da admin profile`: what is in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.lazy import lazy
from agnes.cli.options import CatalogOption, JsonOption, catalog_or_none, catalog_path, connect
from agnes.cli.output import echo, note, print_json, progress, style, table
from agnes.diff.visible import visible
from agnes.errors import NotFoundError

if TYPE_CHECKING:
    from agnes.profiling.at_hand import Made

app = typer.Typer(
    cls=lazy({"show": "agnes.cli.profile:show"}),
    invoke_without_command=True,
    rich_markup_mode=None,
)
_BLOCKS = "▁▂▃▄▅▆▇█"
_SHORT = 40
"""Characters of a value that are shown."""
DataOption = Annotated[
    Path | None, typer.Option("--data", help="A folder of <table_id>.parquet files.")
]


@app.callback()
def profile(
    ctx: typer.Context,
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table; repeat it.", show_default=False),
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Profile the tables' data: how full, how various, how distributed the columns are.

    What is profiled already, and has not changed, stands. Of columns with personal data or
    secrets only counts are kept. Exit code 1 where a table could not be profiled.

    \b
    Examples:
      da admin profile
      da admin profile --table orders --json
      da admin profile show orders
    """
    if ctx.invoked_subcommand:
        return
    if catalog_or_none(catalog) is None and data is None:
        found = _at_server(list(tables or []))
        where = None
    else:
        found, where = _here(catalog_path(catalog), catalog, data, list(tables or []))
    if json:
        failed = {name: error.message for name, error in found.failed.items()}
        print_json({"tables": found.profiles, "failed": failed, "without_data": found.without})
    else:
        for name, made in found.profiles.items():
            echo(_line(name, made))
        if where:
            note(f"in {where}")
    for name, error in found.failed.items():
        note(f"{visible(name)} failed: {error.message}")
    if found.without:
        note(f"without data here: {', '.join(found.without)}")
    if found.failed:
        raise typer.Exit(1)


def _here(
    path: Path, catalog: Path | None, data: Path | None, tables: list[str]
) -> tuple[Made, Path]:
    from agnes.cli.discover import data_files
    from agnes.config.instance import InstanceSettings
    from agnes.git.refs import locate
    from agnes.profile import Profiles
    from agnes.profiling.at_hand import profile_tables, write_profiles
    from agnes.sync.reading import Reading, open_snapshot
    from agnes.tables.place import data_folder

    files = data_files(data, catalog)
    folder = data_folder(InstanceSettings.load(catalog=path), locate(path))
    profiles = Profiles(folder / "profiles")
    with open_snapshot(path, Reading()) as snapshot:
        with progress("Profiling") as advance:
            made = profile_tables(snapshot, files, profiles, tables, advance)
        write_profiles(folder / "profiles.json", snapshot, profiles)
    return made, folder / "profiles.json"


def _at_server(tables: list[str]) -> Made:
    from agnes.client import quoted
    from agnes.errors import AgnesError
    from agnes.profiling.at_hand import Made

    made = Made()
    with connect() as client, progress("Profiling") as advance:
        wanted = tables or [it["id"] for it in client.get("/api/catalog/tables")["tables"]]
        for done, name in enumerate(wanted, 1):
            try:
                answer = client.post(f"/api/catalog/profile/{quoted(name)}/refresh")
                made.profiles[name] = answer["profile"]
            except NotFoundError:
                if tables:
                    raise
                made.without.append(name)
            except AgnesError as error:
                made.failed[name] = error
            advance(done, len(wanted))
    return made


def show(
    table_id: Annotated[str, typer.Argument(metavar="TABLE", help="A table's id.")],
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Show the profile of a table, with a small histogram of each column.

    \b
    Examples:
      da admin profile show orders
      da admin profile show in.c-crm.company --json
    """
    found = _known(table_id, catalog)
    if json:
        print_json(found)
        return
    echo(_line(table_id, found))
    for line in _facts(found):
        echo(line)
    head = ["column", "type", "filled", "distinct", "distribution"]
    first, *rest = table([head, *(_row(entry) for entry in found["columns"])], "")
    echo(f"\n{style(first, bold=True)}")
    for line in rest:
        echo(line)
    if found["sampled"]:
        note(f"{', '.join(found['of_sample'])} are of {found['sample_size']:,} rows")


def _known(table_id: str, catalog: Path | None) -> dict[str, Any]:
    """The profile of a table: of the catalog at hand, the workspace, or the server."""
    from agnes.client import quoted
    from agnes.profiling.at_hand import known_profile, read_profiles
    from agnes.workspace.freshness import workspace_here

    if catalog_or_none(catalog) is not None:
        from agnes.config.instance import InstanceSettings
        from agnes.git.refs import locate
        from agnes.profile import Profiles
        from agnes.sync.reading import Reading, open_snapshot
        from agnes.tables.place import data_place

        path = catalog_path(catalog)
        folder = data_place(InstanceSettings.load(catalog=path), locate(path))
        with open_snapshot(path, Reading()) as snapshot:
            found = known_profile(snapshot, Profiles(folder / "profiles"), table_id)
    elif workspace := workspace_here():
        found = read_profiles(workspace.profiles).get(table_id)
    else:
        with connect() as client:
            return dict(client.get(f"/api/catalog/profile/{quoted(table_id)}"))
    if found is None:
        hint = f"make one: da admin profile --table {table_id}"
        raise NotFoundError(f"Table '{visible(table_id)}' has no profile", hint)
    return found


def _line(name: str, found: Mapping[str, Any]) -> str:
    missing = f", {found['missing_cells_pct']}% missing" if found["missing_cells"] else ""
    alerts = f", {_count(len(found['alerts']), 'alert')}" if found["alerts"] else ""
    rows, columns = _count(found["row_count"], "row"), _count(found["column_count"], "column")
    return f"{style(visible(name), bold=True)}: {rows}, {columns}{missing}{alerts}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _facts(found: Mapping[str, Any]) -> Iterator[str]:
    if dates := found["date_range"]:
        yield f"  from {dates['earliest']} to {dates['latest']}"
    if found["duplicate_rows"]:
        key = ", ".join(map(visible, found["primary_key"]))
        yield f"  {style('duplicates', fg='red')}: {found['duplicate_rows']:,} of {key}"
    for it in found["related_tables"]:
        way = "refers to" if it["direction"] == "refers_to" else "is referred to by"
        there = f"{it['table']}.{it['other_column']}"
        yield f"  {visible(it['column'])} {way} {visible(there)} ({it['overlap_pct']}%)"
    if found["used_by_metrics"]:
        names = [it["file"].removesuffix(".yml") for it in found["used_by_metrics"]]
        yield f"  used by {', '.join(names)}"
    for alert in found["alerts"]:
        yield f"  {style('!', fg='yellow')} {visible(alert['message'])}"


def _row(entry: Mapping[str, Any]) -> list[str]:
    filled = f"{entry['completeness_pct']:g}%"
    kind = entry["basetype"] or entry["type"]
    return [visible(entry["name"]), kind, filled, f"{entry['unique_count']:,}", _shape(entry)]


def _shape(entry: Mapping[str, Any]) -> str:
    """A column's distribution in a few characters."""
    if entry["pii"]:
        return f"({entry.get('sensitive') or 'personal data'})"
    if flags := entry.get("boolean_stats"):
        return f"{flags['true_pct']:g}% true"
    if texts := entry.get("string_stats"):
        top = [f"{_short(it['value'])} {it['pct']:g}%" for it in texts["top_values"][:3]]
        return ", ".join(top) or _lengths(texts["min_length"], texts["max_length"])
    for key, least, most in (("numeric_stats", "min", "max"), ("date_stats", "earliest", "latest")):
        if (found := entry.get(key)) and found[least] is not None:
            bars = histogram(found["histogram"]["counts"])
            return f"{found[least]} {bars} {found[most]}".replace("  ", " ")
    return ""


def _lengths(least: int, most: int) -> str:
    return f"{most} characters" if least == most else f"{least} to {most} characters"


def histogram(counts: list[int]) -> str:
    """A bar of one character for each count."""
    most = max(counts, default=0)
    if not most:
        return ""
    last = len(_BLOCKS) - 1
    return "".join(_BLOCKS[-(-count * last // most)] if count else " " for count in counts)


def _short(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
