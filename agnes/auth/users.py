"""Users, their groups and their passwords."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from agnes.auth import passwords
from agnes.auth.database import Database
from agnes.auth.principal import ROLES, Role
from agnes.auth.schema import memberships, users
from agnes.errors import ConflictError, ForbiddenError, NotFoundError, UnauthorizedError, UsageError

_EMAIL = re.compile(r"[!#-?A-Z^-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_LONGEST_EMAIL = 254
_LONGEST_NAME = 200


@dataclass(frozen=True)
class User:
    """A person or program that signs in.

    Args:
        groups: names that access rules of tables mention.
        token_epoch: tokens of another one do not count.
    """

    id: str
    email: str
    name: str
    role: Role
    groups: tuple[str, ...]
    active: bool
    created_at: datetime
    last_login: datetime | None
    token_epoch: int

    def as_dict(self) -> dict[str, Any]:
        """For an answer."""
        shown = "id email name role groups active created_at last_login".split()
        return {name: getattr(self, name) for name in shown} | {"groups": list(self.groups)}


class Users:
    """The users of an instance. A change ends the tokens that it should end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        email: str,
        name: str = "",
        role: Role = "analyst",
        password: str | None = None,
        groups: Iterable[str] = (),
    ) -> User:
        """Add a user.

        Args:
            name: default: what the e-mail begins with.
            password: none for who signs in through an OpenID provider.

        Raises:
            ConflictError: there is one with this e-mail.
            UsageError: e-mail, name, role, password or a group is not possible.
        """
        fields = _new(email, name, role)
        kept = None if password is None else passwords.make(password)
        with self._database.changing() as db:
            return self._insert(db, fields, groups, password=kept)

    def bootstrap(self, email: str, name: str, password: str) -> User:
        """Add the first admin.

        Raises:
            ForbiddenError: there is a user already.
        """
        taken = ForbiddenError("Users already exist", "an admin adds you: da admin add-user EMAIL")
        fields = _new(email, name, "admin")
        if self.count():
            raise taken
        kept = passwords.make(password)
        with self._database.changing() as db:
            if db.scalar(select(func.count()).select_from(users)):
                raise taken
            return self._insert(db, fields, (), password=kept)

    def from_provider(
        self,
        subject: str,
        email: str,
        name: str,
        groups: Sequence[str] | None,
        role: Role,
        *,
        verified: bool,
    ) -> User:
        """The user that an OpenID provider vouches for, added when they come for the first time.

        Args:
            subject: the provider's address and its id of the user.
            groups: replaces those that the user is in; None leaves them.
            role: of a new one.
            verified: whether the provider checked the e-mail. Only then is a user who has it taken
                for the same person.

        Raises:
            UnauthorizedError: the e-mail is a user's who may be another one, or the user is not
                active.
        """
        with self._database.changing() as db:
            found = read_user(db, users.c.subject == subject)
            if found is None and (found := read_user(db, users.c.email == as_email(email))):
                taken = db.scalar(select(users.c.subject).where(users.c.id == found.id))
                if taken or not verified:
                    raise UnauthorizedError("this e-mail belongs to another account")
                self._set(db, found.id, subject=subject)
            if found is None:
                return self._insert(db, _new(email, name, role), groups or (), subject=subject)
            if not found.active:
                raise UnauthorizedError("User not found")
            if groups is not None:
                _join(db, found.id, groups)
            return _existing(db, found.id)

    def get(self, user_id: str) -> User:
        """A user.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._database.reading() as db:
            return _existing(db, user_id)

    def find(self, user_id: str) -> User | None:
        """A user, if there is one of that id."""
        with self._database.reading() as db:
            return read_user(db, users.c.id == user_id)

    def by_email(self, email: str) -> User | None:
        """The user with an e-mail."""
        with self._database.reading() as db:
            return read_user(db, users.c.email == as_email(email))

    def list(self) -> list[User]:
        """All of them, by e-mail."""
        with self._database.reading() as db:
            rows = db.execute(select(users).order_by(users.c.email)).mappings().all()
            groups: dict[str, list[str]] = {}
            for user_id, group in db.execute(select(memberships)):
                groups.setdefault(user_id, []).append(group)
        return [_user(row, groups.get(row["id"], ())) for row in rows]

    def count(self) -> int:
        """How many there are."""
        with self._database.reading() as db:
            return db.scalar(select(func.count()).select_from(users)) or 0

    def update(
        self,
        user_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        groups: Iterable[str] | None = None,
        active: bool | None = None,
    ) -> User:
        """Change what is given. Who is made inactive is signed out everywhere.

        Raises:
            NotFoundError: there is no such user.
            ConflictError: nobody could administer the instance any more.
        """
        changes: dict[str, Any] = {} if active is None else {"active": active}
        if name is not None:
            changes["name"] = _name(name)
        if role is not None:
            changes["role"] = _role(role)
        with self._database.changing() as db:
            user = _existing(db, user_id)
            if (role or user.role) != "admin" or active is False:
                _keep_an_admin(db, user)
            if active is False:
                changes["token_epoch"] = users.c.token_epoch + 1
            if changes:
                self._set(db, user_id, **changes)
            if groups is not None:
                _join(db, user_id, groups)
            return _existing(db, user_id)

    def set_password(self, user_id: str, password: str) -> None:
        """Give a user a password; all their tokens end.

        Raises:
            NotFoundError: there is no such user.
            UsageError: the password is too short or too long.
        """
        kept = passwords.make(password)
        with self._database.changing() as db:
            _existing(db, user_id)
            self._set(db, user_id, password=kept, token_epoch=users.c.token_epoch + 1)

    def remove(self, user_id: str) -> User:
        """Remove a user with their tokens; who it was stays in the audit log.

        Raises:
            NotFoundError: there is no such user.
            ConflictError: nobody could administer the instance any more.
        """
        with self._database.changing() as db:
            user = _existing(db, user_id)
            _keep_an_admin(db, user)
            db.execute(delete(users).where(users.c.id == user_id))
        return user

    def password_of(self, email: str) -> tuple[User | None, str | None]:
        """The active user with an e-mail, and the hash of their password."""
        with self._database.reading() as db:
            user = read_user(db, (users.c.email == as_email(email)) & users.c.active)
            if user is None:
                return None, None
            return user, db.scalar(select(users.c.password).where(users.c.id == user.id))

    def signed_in(self, user_id: str, rehashed: str | None = None) -> None:
        """Keep when a user signed in, and their password's hash if it was made anew."""
        changes: dict[str, Any] = {"last_login": self._database.now()}
        if rehashed:
            changes["password"] = rehashed
        with self._database.writing() as db:
            self._set(db, user_id, **changes)

    def _insert(
        self, db: Connection, fields: Mapping[str, Any], groups: Iterable[str], **more: Any
    ) -> User:
        row = {
            "id": str(uuid.uuid4()),
            "active": True,
            "token_epoch": 1,
            "created_at": self._database.now(),
            **fields,
            **more,
        }
        try:
            db.execute(insert(users).values(row))
        except IntegrityError:
            raise ConflictError(f"User with email {fields['email']} already exists") from None
        _join(db, row["id"], groups)
        return _existing(db, row["id"])

    @staticmethod
    def _set(db: Connection, user_id: str, **changes: Any) -> None:
        db.execute(update(users).where(users.c.id == user_id).values(changes))


def as_email(text: str) -> str:
    """An e-mail as it is kept: lower case, and ASCII alone, so that no two look the same.

    Raises:
        UsageError: it is none.
    """
    if len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        raise UsageError("this is no e-mail address", "write name@example.com, in plain ASCII")
    return text.casefold()


def read_user(db: Connection, condition: ColumnElement[bool]) -> User | None:
    """The user that a condition is true of."""
    row = db.execute(select(users).where(condition)).mappings().first()
    if row is None:
        return None
    groups = select(memberships.c.group_name).where(memberships.c.user_id == row["id"])
    return _user(row, db.scalars(groups).all())


def _existing(db: Connection, user_id: str) -> User:
    found = read_user(db, users.c.id == user_id) if "\0" not in user_id else None
    if found is None:
        raise NotFoundError(f"User '{user_id}' not found")
    return found


def _user(row: Mapping[Any, Any], groups: Iterable[str]) -> User:
    kept = {name: row[name] for name in User.__dataclass_fields__ if name != "groups"}
    return User(groups=tuple(sorted(groups)), **kept)


def _keep_an_admin(db: Connection, user: User) -> None:
    """Refuse to lose the last one; in a transaction that excludes others."""
    if user.role != "admin" or not user.active:
        return
    others = (users.c.role == "admin") & users.c.active & (users.c.id != user.id)
    if not db.scalar(select(func.count()).select_from(users).where(others)):
        raise ConflictError("this is the last admin", "make another user an admin first")


def _join(db: Connection, user_id: str, groups: Iterable[str]) -> None:
    names = sorted({_group(name) for name in groups})
    db.execute(delete(memberships).where(memberships.c.user_id == user_id))
    if names:
        db.execute(insert(memberships), [{"user_id": user_id, "group_name": n} for n in names])


def _new(email: str, name: str, role: Role) -> dict[str, str]:
    kept = as_email(email)
    return {"email": kept, "name": _name(name) or kept.partition("@")[0], "role": _role(role)}


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME or not (text.isprintable()):
        raise UsageError(f"a name has at most {_LONGEST_NAME} characters, all printable")
    return text.strip()


def _group(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise UsageError(f"{text!r} is no name of a group")
    if len(text) > _LONGEST_NAME:
        raise UsageError(f"a group's name has at most {_LONGEST_NAME} characters")
    return text


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise UsageError(f"{text!r} is no role", f"choose {', '.join(ROLES)}")
