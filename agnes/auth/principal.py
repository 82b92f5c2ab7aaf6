"""Who calls, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "analyst", "admin"]
Scope = Literal["read", "data", "propose", "write", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)

PERSONAL = "pat-"
"""What the id of a personal access token begins with."""

_MAY: dict[Role, frozenset[Scope]] = {
    "viewer": frozenset({"read"}),
    "analyst": frozenset({"read", "data", "propose"}),
    "admin": frozenset(SCOPES),
}


@dataclass(frozen=True)
class Principal:
    """Who a request is from.

    Args:
        groups: that a table's access rule may name.
        scopes: `read` the catalog, use its `data` (download, query, upload), `propose` a change,
            `write` one, and `admin` for the rest.
        token_id: of the token that the request came with.
    """

    user_id: str
    email: str
    name: str
    role: Role
    groups: frozenset[str]
    scopes: frozenset[Scope]
    token_id: str

    @property
    def sees_all(self) -> bool:
        """Whether no access rule holds for them."""
        return self.role == "admin"

    @property
    def is_personal(self) -> bool:
        """Whether the token is one that was made for a program, not a sign-in."""
        return self.token_id.startswith(PERSONAL)


def scopes_of(role: Role, asked: Iterable[Scope] = SCOPES) -> frozenset[Scope]:
    """What a token of a user may: what it was made for, as far as the user's role goes."""
    return _MAY[role] & frozenset(asked)
