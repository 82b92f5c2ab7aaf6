"""Brakes on guessing passwords, kept in the database so that they hold over all workers.

The rule, in any 15 minutes:

- From one address, at most 30 sign-ins may fail, whoever they are for.
- For one e-mail, at most 10 may fail, over all addresses from which its user has never signed in.
- An address from which they have signed in within 30 days counts for itself: 10 may fail there.

So guessing is slow, from one place or from many; and whoever knows an e-mail can keep its user from
signing in at new places while they go on, but not at those where the user has been, nor longer than
15 minutes after they stop. A try that is refused is not counted, so waiting always ends. Whether
there is a user with the e-mail makes no difference.

An address of IPv6 stands for its network of 64 bits, which is what one customer gets.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select

from agnes.auth.database import Database
from agnes.auth.schema import failures, known_addresses
from agnes.errors import TooManyError

WINDOW = timedelta(minutes=15)
OF_AN_ADDRESS = 30
OF_AN_EMAIL = 10
KNOWN_FOR = timedelta(days=30)


class Attempts:
    """Counts failed sign-ins. A try counts as failed until it has succeeded, so that a thousand at
    once are a thousand.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, email: str, address: str) -> int:
        """Note a try.

        Args:
            address: where it comes from.

        Returns:
            A number for `succeeded`.

        Raises:
            TooManyError: it may not be tried now.
        """
        who, where = _digest(email), network(address)
        now = self._database.now()
        with self._database.writing("attempts") as db:
            self._forget(db, now)
            known = _known(db, who, where)
            mine = (failures.c.email == who) & (
                failures.c.address == where
                if known
                else failures.c.address.not_in(_addresses_of(who))
            )
            _check(db, mine, OF_AN_EMAIL, now)
            _check(db, failures.c.address == where, OF_AN_ADDRESS, now)
            row = {"at": now, "email": who, "address": where}
            number = db.execute(insert(failures).values(row)).inserted_primary_key
        if number is None:
            raise AssertionError("an insert has a key")
        return int(number[0])

    def succeeded(self, number: int, email: str, address: str) -> None:
        """A try was right: the address is known now, and what failed there before is forgiven."""
        who, where = _digest(email), network(address)
        with self._database.writing("attempts") as db:
            here = (failures.c.email == who) & (failures.c.address == where)
            db.execute(delete(failures).where((failures.c.id == number) | here))
            same = (known_addresses.c.email == who) & (known_addresses.c.address == where)
            db.execute(delete(known_addresses).where(same))
            row = {"email": who, "address": where, "at": self._database.now()}
            db.execute(insert(known_addresses).values(row))

    @staticmethod
    def _forget(db: Connection, now: datetime) -> None:
        db.execute(delete(failures).where(failures.c.at <= now - WINDOW))
        db.execute(delete(known_addresses).where(known_addresses.c.at <= now - KNOWN_FOR))


def network(address: str) -> str:
    """What of an address identifies who is there."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))


def _known(db: Connection, who: str, where: str) -> bool:
    return db.scalar(_addresses_of(who).where(known_addresses.c.address == where)) is not None


def _addresses_of(who: str) -> Select[str]:
    return select(known_addresses.c.address).where(known_addresses.c.email == who)


def _check(db: Connection, condition: ColumnElement[bool], most: int, now: datetime) -> None:
    count, oldest = db.execute(select(func.count(), func.min(failures.c.at)).where(condition)).one()
    if count >= most:
        wait = (oldest + WINDOW - now).total_seconds()
        raise TooManyError("Too many failed sign-ins; try again later", max(1.0, wait))


def _digest(email: str) -> str:
    return hashlib.sha256(email.strip().casefold().encode("utf-8", "replace")).hexdigest()
