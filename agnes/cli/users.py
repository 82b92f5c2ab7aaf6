"""`da admin`: users, and the log of what they did."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import JsonOption, connect
from agnes.cli.output import echo, note, print_json, table
from agnes.cli.sign_in import read_secret
from agnes.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from agnes.client import Client

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="An e-mail or an id.")]
RoleOption = Annotated[
    str | None,
    typer.Option("--role", help="viewer, analyst or admin.", show_default=False),
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option("--group", help="Of access rules; may be repeated.", show_default=False),
]
NameOption = Annotated[str | None, typer.Option("--name", help="Their name.", show_default=False)]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin.")
]


def add_user(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom they sign in as.")],
    role: RoleOption = None,
    name: NameOption = None,
    group: GroupsOption = None,
    password_stdin: StdinOption = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They sign in through the OpenID provider.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Add a user. Without a password of your own one is made, and shown once.

    \b
    Examples:
      da admin add-user grace@example.com --role analyst --group finance
      da admin add-user grace@example.com --no-password
    """
    if password_stdin and no_password:
        raise UsageError("--password-stdin and --no-password exclude each other")
    made = None if password_stdin or no_password else secrets.token_urlsafe(12)
    given = read_secret("Password", from_stdin=True) if password_stdin else made
    body: dict[str, Any] = {"email": email, "groups": group or []}
    body |= _given(role=role, name=name, password=given)
    with connect() as client:
        user = client.post("/api/users", json=body)
    if json:
        print_json(user | ({"password": made} if made else {}))
        return
    echo(f"Created: {user['email']} ({user['role']})")
    if made:
        echo(f"Password: {made}")
        note("it is shown once; they change it with: da auth password")


def list_users(json: JsonOption = False) -> None:
    """List the users.

    \b
    Example:
      da admin list-users --json
    """
    with connect() as client:
        users = client.get("/api/users")
    if json:
        print_json(users)
        return
    heads = [["EMAIL", "ROLE", "GROUPS", "LAST LOGIN", "ID"]]
    for line in table(heads + [_row(user) for user in users], indent=""):
        echo(line)


def _row(user: dict[str, Any]) -> list[str]:
    return [
        user["email"],
        user["role"] if user["active"] else f"{user['role']} (inactive)",
        ", ".join(user["groups"]),
        (user["last_login"] or "never")[:16],
        user["id"],
    ]


def update_user(
    user: UserArgument,
    role: RoleOption = None,
    name: NameOption = None,
    group: GroupsOption = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="Of no group any more.")] = False,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Whether they may sign in.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change a user's role, name, groups (all of them are given anew), or whether they may sign in.

    \b
    Examples:
      da admin update-user grace@example.com --role viewer
      da admin update-user grace@example.com --group finance --group sales
      da admin update-user grace@example.com --inactive
    """
    if group and no_groups:
        raise UsageError("--group and --no-groups exclude each other")
    body = _given(role=role, name=name, groups=[] if no_groups else group, active=active)
    if not body:
        raise UsageError("nothing is to change", "give --role, --name, --group or --inactive")
    with connect() as client:
        found = client.patch(f"/api/users/{_id_of(client, user)}", json=body)
    if json:
        print_json(found)
    else:
        echo(f"Changed: {found['email']} ({found['role']})")


def set_password(user: UserArgument, password_stdin: StdinOption = False) -> None:
    """Give a user a new password; all their sessions and tokens end.

    \b
    Example:
      da admin set-password grace@example.com
    """
    with connect() as client:
        user_id = _id_of(client, user)
        made = None if password_stdin else secrets.token_urlsafe(12)
        given = made or read_secret("Password", from_stdin=True)
        client.post(f"/api/users/{user_id}/set-password", json={"password": given})
    echo(f"Password set: {user}")
    if made:
        echo(f"Password: {made}")
        note("it is shown once; they change it with: da auth password")


def remove_user(user: UserArgument) -> None:
    """Remove a user; all their sessions and tokens end.

    \b
    Example:
      da admin remove-user grace@example.com
    """
    with connect() as client:
        client.delete(f"/api/users/{_id_of(client, user)}")
    echo(f"User removed: {user}")


def audit(
    user: Annotated[
        str | None, typer.Option("--user", help="An e-mail or an id.", show_default=False)
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(
            "--action", help="`login`; `user.` for all that begin so.", show_default=False
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="What it was done to.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="The most entries.")] = 50,
    json: JsonOption = False,
) -> None:
    """Show who did what and when, the newest first.

    \b
    Examples:
      da admin audit --user grace@example.com
      da admin audit --action login. --json
    """
    asked = {"user": user, "action": action, "target": target, "limit": limit}
    with connect() as client:
        entries = client.get("/api/audit", params=asked)["entries"]
    if json:
        print_json(entries)
        return
    rows = [[it["at"][:19], it["email"] or "-", it["action"], it["target"]] for it in entries]
    for line in table([["AT", "WHO", "ACTION", "TARGET"], *rows], indent=""):
        echo(line)


def _id_of(client: Client, user: str) -> str:
    from agnes.client import quoted

    if "@" not in user:
        return quoted(user)
    for found in client.get("/api/users"):
        if found["email"] == user.casefold():
            return str(found["id"])
    raise NotFoundError(f"User '{user}' not found", "see who there is: da admin list-users")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
