"""One metric for a person: what they need before they use the number, the most important first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agnes.cli.output import facts, finding_lines, highlight_sql, style, wrap


def metric_lines(row: dict[str, Any], findings: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of `da metrics show`.

    Args:
        row: a row of `metric_definitions`.
        findings: rows of `catalog_diagnostics` of its file.
    """
    yield f"{style(row['display_name'], bold=True)}  {style(row['id'], dim=True)}"
    yield from _warnings(row, findings)
    if row["description"]:
        yield ""
        yield from wrap(row["description"])
    yield ""
    yield from facts(_facts(row))
    for heading, texts in (("Rules", row["notes"]), ("Filters", row["filters"])):
        if texts:
            yield ""
            yield style(heading, bold=True)
            for text in texts:
                first, *rest = wrap(text, "    ") or [""]
                yield f"  - {first.strip()}"
                yield from rest
    yield ""
    yield style("SQL", bold=True)
    yield highlight_sql(row["sql"])
    for name, sql in (row["sql_variants"] or {}).items():
        yield ""
        yield style(f"SQL {name}", bold=True)
        yield highlight_sql(sql)
    yield ""
    yield (
        f"{row['path']}, changed {str(row['updated_at'])[:10]} by {row['author']} "
        f"in {row['commit_id'][:10]}"
    )


def _warnings(row: dict[str, Any], findings: Sequence[dict[str, Any]]) -> Iterator[str]:
    if row["stale"]:
        yield style(
            "STALE: the file is broken; this is its newest version that validates.", fg="red"
        )
        for finding in findings:
            if finding["severity"] == "error":
                yield from (f"  {line}" for line in finding_lines(finding))
    if row["status"] in ("deprecated", "removed"):
        instead = f" Use {row['replaced_by']} instead." if row["replaced_by"] else ""
        yield style(f"{row['status'].upper()}: do not use it for new work.{instead}", fg="red")
    if row["status"] == "draft":
        yield style("DRAFT: not agreed upon yet.", fg="yellow")
    if row["certification"] == "certified":
        yield style(f"CERTIFIED by {row['certified_by']} on {row['certified_on']}.", fg="green")
    if row["certification"] == "lapsed":
        yield style(
            f"LAPSED: it means something else than {row['certified_by']} certified "
            f"on {row['certified_on']}.",
            fg="yellow",
        )
        yield f"  see what changed: da metrics history {row['id']}"
        yield f"  approve of it: da metrics certify {row['id']}"


def _facts(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("ID", row["id"]),
        ("Name", row["name"]),
        ("Display Name", row["display_name"]),
        ("Category", row["category"]),
        ("Type", row["type"]),
        ("Unit", row["unit"] or ""),
        ("Grain", row["grain"]),
        ("Table", row["table_name"] or ""),
        ("Tables", ", ".join(row["tables"])),
        ("Expression", row["expression"] or ""),
        ("Time column", row["time_column"] or ""),
        ("Dimensions", ", ".join(row["dimensions"])),
        ("Inputs", ", ".join(row["inputs"])),
        ("Synonyms", ", ".join(row["synonyms"])),
        ("Owner", row["owner"] or ""),
        ("Tags", ", ".join(row["tags"])),
    ]
