"""The tables of the state database. A change here needs a migration; the tests compare the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Moment(TypeDecorator[datetime]):
    """A point in time, in UTC. SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """As it is kept."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """As Python has it."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_LONG_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER


def _of_user() -> Column[str]:
    return Column(
        "user_id",
        String(36),
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


users = Table(
    "users",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", Text),  # an argon2id hash; none for who signs in by OIDC
    Column("subject", String(600), unique=True),  # issuer and subject of an OIDC provider
    Column("active", Boolean, nullable=False),
    Column("token_epoch", Integer, nullable=False),  # tokens of an earlier one do not count
    Column("created_at", Moment, nullable=False),
    Column("last_login", Moment),
)

memberships = Table(
    "memberships",
    METADATA,
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_name", String(200), primary_key=True),
)

personal_tokens = Table(
    "personal_tokens",
    METADATA,
    Column("id", String(36), primary_key=True),
    _of_user(),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # sha256; the token is not kept
    Column("scopes", JSON, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used", Moment),
)

revoked_tokens = Table(
    "revoked_tokens",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("until", Moment, nullable=False, index=True),
)

failures = Table(
    "failures",
    METADATA,
    Column("id", _LONG_ID, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("email", String(64), nullable=False, index=True),  # sha256: people mistype passwords
    Column("address", String(64), nullable=False, index=True),
)

known_addresses = Table(
    "known_addresses",
    METADATA,
    Column("email", String(64), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

audit = Table(
    "audit",
    METADATA,
    Column("id", _LONG_ID, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("user_id", String(36), index=True),  # no foreign key: it outlives the user
    Column("email", String(254)),
    Column("action", String(64), nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("facts", JSON, nullable=False),
)

replies = Table(
    "replies",
    METADATA,
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("holder", String(36), nullable=False),
    Column("leased_until", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("status", Integer),  # none: the request is being worked on
    Column("headers", JSON),
    Column("body", Text),
)

Index("ix_audit_target", audit.c.target, audit.c.id)
