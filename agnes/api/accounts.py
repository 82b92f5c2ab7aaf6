"""What requests and answers about users and tokens look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from agnes.auth.authenticator import Session
from agnes.auth.passwords import LONGEST, SHORTEST
from agnes.auth.principal import Role, Scope
from agnes.auth.users import User, as_email
from agnes.errors import UsageError


def _email(text: str) -> str:
    try:
        return as_email(text)
    except UsageError as error:
        raise ValueError(error.message) from None


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text.strip()


def _group(text: str) -> str:
    if not _printable(text):
        raise ValueError("is empty")
    return _printable(text)


Email = Annotated[str, AfterValidator(_email), Field(examples=["ada@example.com"])]
Name = Annotated[str, AfterValidator(_printable), Field(max_length=200)]
Group = Annotated[str, AfterValidator(_group), Field(min_length=1, max_length=200)]
Groups = Annotated[list[Group], Field(max_length=500, description="Of access rules.")]
Password = Annotated[SecretStr, Field(min_length=SHORTEST, max_length=LONGEST)]


class Body(BaseModel):
    """A request."""

    model_config = ConfigDict(hide_input_in_errors=True)


class SignIn(Body):
    """Who signs in."""

    email: str = Field(max_length=1000, examples=["ada@example.com"])
    password: SecretStr = Field(max_length=LONGEST)


class FirstAdmin(Body):
    """The first admin."""

    email: Email
    name: Name = ""
    password: Password


class NewPassword(Body):
    """A change of one's own password."""

    old: SecretStr = Field(max_length=LONGEST)
    new: Password


class PasswordOfUser(Body):
    """A password that an admin gives."""

    password: Password


class NewUser(Body):
    """A user to add; without a password they sign in through the OpenID provider."""

    email: Email
    name: Name = ""
    role: Role = "analyst"
    groups: Groups = []
    password: Password | None = None


class UserChange(Body):
    """What changes; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    role: Role | None = None
    groups: Groups | None = None
    active: bool | None = None


class NewToken(Body):
    """A personal access token to make."""

    scopes: list[Scope] = Field(min_length=1, max_length=10, examples=[["read"]])
    name: Name = ""
    expires_at: AwareDatetime | None = Field(None, description="Default: never.")


class Code(Body):
    """What a command line got by way of a browser."""

    code: str = Field(max_length=4096)
    verifier: str = Field(min_length=43, max_length=128)


class SignedIn(BaseModel):
    """A session."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105
    user_id: str
    email: str
    role: Role
    expires_at: datetime


class UserAnswer(BaseModel):
    """A user."""

    id: str
    email: str
    name: str
    role: Role
    groups: list[str]
    active: bool
    created_at: datetime
    last_login: datetime | None


class TokenAnswer(BaseModel):
    """A personal access token, without itself."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None


class NewTokenAnswer(TokenAnswer):
    """A personal access token; the only time that it is told."""

    token: str


class TokensAnswer(BaseModel):
    """The caller's personal access tokens."""

    tokens: list[TokenAnswer]
    count: int


class Me(BaseModel):
    """Who the caller is, and what the token may."""

    user_id: str
    email: str
    name: str
    role: Role
    groups: list[str]
    scopes: list[Scope]
    token_id: str


class AuditEntry(BaseModel):
    """Something that somebody did."""

    id: int
    at: datetime
    user_id: str | None
    email: str | None
    action: str
    target: str
    facts: dict[str, Any]


class AuditAnswer(BaseModel):
    """Entries, the newest first."""

    entries: list[AuditEntry]
    count: int
    next_cursor: int | None


def signed_in(session: Session) -> SignedIn:
    """The answer to a sign-in."""
    user = session.user
    return SignedIn(
        access_token=session.token,
        user_id=user.id,
        email=user.email,
        role=user.role,
        expires_at=session.expires_at,
    )


def user_answer(user: User) -> UserAnswer:
    """A user as an answer."""
    return UserAnswer(**user.as_dict())


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy that is trusted, where it says."""
    return request.client.host if request.client else ""
