"""`da skills`: short pages for agents, each for one kind of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import JsonOption
from agnes.cli.output import echo, print_json, table

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_ORDER = ("setup", "metrics", "metadata", "troubleshoot")


def _pages() -> Mapping[str, str]:
    """Their texts, by name."""
    from importlib.resources import files

    folder = files("agnes.workspace") / "skills"
    return {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in _ORDER}


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the pages.

    \b
    Examples:
      da skills list
      da skills list --json
    """
    titles = [(name, _title(text)) for name, text in _pages().items()]
    if json:
        print_json([{"name": name, "title": title} for name, title in titles])
        return
    for line in table(titles, indent=""):
        echo(line)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A name from `da skills list`.", metavar="NAME")],
    json: JsonOption = False,
) -> None:
    """Print a page, in Markdown.

    \b
    Examples:
      da skills show metrics
      da skills show troubleshoot --json
    """
    from agnes.errors import NotFoundError
    from agnes.model.names import nearest

    pages = _pages()
    if name not in pages:
        meant = nearest(name, list(pages)) or list(pages)
        raise NotFoundError(f"there is no page {name!r}", f"did you mean: {', '.join(meant)}")
    if json:
        print_json({"name": name, "title": _title(pages[name]), "text": pages[name]})
        return
    typer.echo(pages[name], nl=False)
