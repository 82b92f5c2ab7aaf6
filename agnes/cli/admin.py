"""`da admin`: what admins do."""

from __future__ import annotations

import typer

from agnes.cli.lazy import lazy

app = typer.Typer(
    cls=lazy(
        {
            "register-table": "agnes.cli.tables:register_table",
            "list-tables": "agnes.cli.tables:list_tables",
            "discover-and-register": "agnes.cli.tables:discover_and_register",
            "add-user": "agnes.cli.users:add_user",
            "list-users": "agnes.cli.users:list_users",
            "update-user": "agnes.cli.users:update_user",
            "set-password": "agnes.cli.users:set_password",
            "remove-user": "agnes.cli.users:remove_user",
            "audit": "agnes.cli.users:audit",
            "profile": ("agnes.cli.profile:app", "What is in the tables, by their data."),
            "metadata": ("agnes.cli.metadata:app", "Column metadata: base types, descriptions."),
            "metadata-show": "agnes.cli.metadata:show",
            "metadata-apply": "agnes.cli.apply_metadata:apply",
        }
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)
