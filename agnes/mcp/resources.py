"""The metrics as resources: `agnes://metrics/<category>/<name>`."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types as types

from agnes.errors import NotFoundError
from agnes.mcp.desk import Desk
from agnes.mcp.finding import GetMetric
from agnes.mcp.words import page

PREFIX = "agnes://metrics/"
TEMPLATE = types.ResourceTemplate(
    name="metric",
    uri_template=f"{PREFIX}{{category}}/{{name}}",
    description="A metric: meaning, rules, canonical SQL",
    mime_type="text/plain",
)
PAGE = 50
COMPLETIONS = 100


def listing(desk: Desk, cursor: str | None) -> types.ListResourcesResult:
    """A page of the metrics. They are told by their ids: a title would be a text of the catalog."""
    ids = [row["id"] for row in desk.metrics()]
    kept, following = page(ids, str, cursor, PAGE)
    found = [types.Resource(name=id_, uri=f"{PREFIX}{id_}", mime_type="text/plain") for id_ in kept]
    return types.ListResourcesResult(resources=found, next_cursor=following)


def read(desk: Desk, uri: str) -> types.ReadResourceResult:
    """A metric, as `get_metric` tells it in full."""
    if not uri.startswith(PREFIX):
        raise NotFoundError(f"there is no resource {uri[:200]!r}", f"they begin with {PREFIX}")
    text = GetMetric(id=uri.removeprefix(PREFIX)[:200], detail="full").answer(desk).text()
    content = types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    return types.ReadResourceResult(contents=[content])


def complete(
    desk: Desk, argument: types.CompletionArgument, given: Mapping[str, str]
) -> types.CompleteResult:
    """The categories, or the names in a category, that begin with what was typed."""
    rows = [row["id"].partition("/") for row in desk.metrics()]
    if argument.name == "category":
        values = [category for category, _, _ in rows]
    else:
        wanted = given.get("category")
        values = [name for category, _, name in rows if wanted in (None, category)]
    found = sorted({value for value in values if value.startswith(argument.value)})
    kept = found[:COMPLETIONS]
    completion = types.Completion(values=kept, total=len(found), has_more=len(found) > len(kept))
    return types.CompleteResult(completion=completion)
