"""Answers as files: parquet, and charts by matplotlib (the extra `charts`)."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.errors import AgnesError, UnavailableError
from agnes.tables.atomic import new_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = 12
"""Parts that get a line of their own; of more nobody can tell the colors apart."""
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem }}
  svg {{ width: 100%; height: auto }} table {{ border-collapse: collapse }}
  td, th {{ padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left }}
  pre {{ overflow-x: auto; background: #f6f6f6; padding: 1rem }}
</style>
<h1>{title}</h1>
{chart}
<h2>Receipt</h2>
<table>{facts}</table>
<pre>{sql}</pre>
<h2>Values</h2>
<table>{rows}</table>
</html>
"""


def write_parquet(found: Mapping[str, Any], path: Path) -> None:
    """Write the rows of an answer, with the types that the query gave them.

    Args:
        found: see `agnes.compute.account.document`.

    Raises:
        AgnesError: a value does not fit into its type.
        OSError: it cannot be written.
    """
    import duckdb

    names = ['"' + name.replace('"', '""') + '"' for name in found["columns"]]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, found["types"], strict=True))
    lists = [list(values) for values in zip(*found["rows"], strict=True)]
    path.touch()
    try:
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE numbers ({columns})")
            if lists:
                parts = ", ".join(
                    f"unnest($p{at}::VARCHAR[])::{kind}" for at, kind in enumerate(found["types"])
                )
                texts = {f"p{at}": list(map(_text, values)) for at, values in enumerate(lists)}
                connection.execute(f"INSERT INTO numbers SELECT {parts}", texts)
            connection.table("numbers").write_parquet(str(path))
    except duckdb.Error as error:
        raise AgnesError(f"cannot write {path}: {str(error).splitlines()[0]}") from None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def write_chart(found: Mapping[str, Any], path: Path, form: str) -> None:
    """Draw an answer: a line for each part over the periods, else a bar for each part.

    Args:
        form: `png`, or `html` for a page of its own with the receipt and the values.

    Raises:
        UnavailableError: matplotlib is not there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UnavailableError(
            "drawing charts needs matplotlib", "install it: pip install 'agnes[charts]'"
        ) from None
    figure = Figure(figsize=(10, 5), layout="constrained")
    _draw(figure, found)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png" if form == "png" else "svg", dpi=150)
    content = drawn.getvalue()
    if form == "html":
        svg = content.decode()
        content = _page(found, svg[svg.index("<svg") :]).encode()
    with new_file(path) as file:
        file.write(content)


def _draw(figure: Figure, found: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    title = found["display_name"]
    axes.set_title(title.replace("$", r"\$"), loc="left")
    axes.set_ylabel((found["unit"] or found["value"]).replace("$", r"\$"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    lines = dict(_lines(found))
    shown = sorted(lines.items(), key=lambda line: -max(map(_size, line[1][1]), default=0))
    if found["period"] is None:
        names = [name or found["value"] for name, _ in shown]
        axes.bar(names, [values[0] for _, (_, values) in shown])
    else:
        for name, (periods, values) in shown[:_LINES]:
            label = name.replace("$", r"\$").lstrip("_") or None
            axes.plot(periods, values, marker="o", markersize=3, label=label)
        axes.tick_params(axis="x", rotation=45)
        axes.xaxis.set_major_locator(_few())
    if len(lines) > 1 and found["period"] is not None:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    if len(lines) > _LINES:
        axes.set_xlabel(f"the {_LINES} largest of {len(lines)} parts")
    axes.yaxis.set_major_formatter("{x:,.10g}")


def _few() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=14)


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, tuple[list[str], list[float]]]]:
    columns = found["columns"]
    value = columns.index(found["value"])
    period = None if found["period"] is None else columns.index(found["period"])
    parts = [columns.index(name) for name in found["dimensions"]]
    lines: dict[str, tuple[list[str], list[float]]] = {}
    for row in found["rows"]:
        name = ", ".join("none" if row[at] is None else str(row[at]) for at in parts)
        periods, values = lines.setdefault(name, ([], []))
        periods.append("" if period is None else str(row[period])[:10])
        values.append(math.nan if row[value] is None else float(row[value]))
    yield from lines.items()


def _size(value: float) -> float:
    return abs(value) if math.isfinite(value) else 0.0


def _page(found: Mapping[str, Any], svg: str) -> str:
    receipt = found["receipt"]
    data = receipt["data"] or {}
    facts = [
        ("metric", found["metric"]),
        ("commit", receipt["commit"] or "not committed"),
        ("definition", receipt["definition"]),
        ("data", ", ".join(f"{name} {digest[:16]}" for name, digest in data.items())),
        ("engine", receipt["engine"]),
        ("at", receipt["at"]),
        *((f"${name}", day) for name, day in receipt["parameters"].items()),
        *(("note", words) for words in found["notes"]),
    ]
    rows = [found["columns"], *found["rows"]]
    return _PAGE.format(
        title=html.escape(found["display_name"]),
        chart=svg,
        facts="".join(_row(fact) for fact in facts),
        sql=html.escape(receipt["sql"]),
        rows="".join(map(_row, rows)),
    )


def _row(cells: Any) -> str:
    inner = "".join(f"<td>{html.escape('' if it is None else str(it))}</td>" for it in cells)
    return f"<tr>{inner}</tr>\n"
