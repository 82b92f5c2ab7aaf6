"""`da instance`: a backup of a server, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agnes.cli.options import CatalogOption, JsonOption
from agnes.cli.output import echo, note, print_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="State, data, uploads. Default: data/ in the catalog."),
]


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Write the catalog, users and tokens, and the data into one file; the server may run.

    The file has secrets in it: keep it where nobody reads it.

    \b
    Examples:
      da instance backup agnes-2026-01-31.tar
      AGNES_STATE_URL=postgresql://... da instance backup /backups/agnes.tar
    """
    from agnes.api.instance import catalog_of, state_url
    from agnes.backup import back_up
    from agnes.config.instance import InstanceSettings
    from agnes.git.refs import locate
    from agnes.tables.place import data_folder

    settings = InstanceSettings.load(catalog=catalog, data_dir=data_dir)
    location = locate(catalog_of(settings))
    folder = data_folder(settings, location)
    size = back_up(location, folder, state_url(settings, folder), file)
    if json:
        print_json({"file": str(file), "size_bytes": size})
    else:
        echo(f"Wrote {file}, {size / 1e6:.1f} MB")
        note("what is not committed and config/instance.yaml are not in it")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="What `da instance backup` wrote.")],
    to: Annotated[Path, typer.Option("--to", help="A new folder for the catalog's repository.")],
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Make a server of a backup, in new places and an empty database.

    \b
    Examples:
      da instance restore agnes-2026-01-31.tar --to catalog
      AGNES_STATE_URL=postgresql://... da instance restore agnes.tar --to /srv/catalog
    """
    from agnes.backup import restore as bring_back
    from agnes.config.instance import InstanceSettings

    settings = InstanceSettings.load(data_dir=data_dir)
    url = settings.state_url.get_secret_value() if settings.state_url else None
    done = bring_back(file, to, settings.data_dir, url)
    if json:
        print_json(
            {
                "catalog": str(done.catalog),
                "users": done.users,
                "files": done.files,
                "created_at": done.created_at,
            }
        )
        return
    echo(f"Restored the backup of {done.created_at}: {done.users} users, {done.files} files")
    echo(f"Next: da serve --catalog {done.catalog}")
