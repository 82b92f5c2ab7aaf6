"""Signing in through an OpenID provider: a browser's trip there and back.

What must be known when it is back travels with the browser, as a signed ticket in a cookie, so that
any worker or replica can go on. A command line that waits on a port of its own machine gets a code
that counts for a minute and once, and only with the secret that it began with (PKCE), so that the
token itself is in no address.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from agnes.auth.authenticator import Authenticator, Session
from agnes.auth.oidc import Provider
from agnes.auth.principal import Role
from agnes.auth.state import State
from agnes.errors import UnauthorizedError, UsageError

TRIP_SECONDS = 600
_CODE_SECONDS = 60
_CHALLENGE_LENGTH = 43
_LONGEST = 500
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost):[0-9]{1,5}/[\w/-]*", re.ASCII)


@dataclass(frozen=True)
class Departure:
    """Where the browser goes, and the ticket that it carries back."""

    url: str
    ticket: str


class OidcLogin:
    """Takes users there and back.

    Args:
        role: of who comes for the first time.
    """

    def __init__(
        self, state: State, authenticator: Authenticator, provider: Provider, role: Role
    ) -> None:
        self._state = state
        self._authenticator = authenticator
        self._tickets = authenticator.tickets
        self._provider = provider
        self._role = role

    def begin(
        self, callback: str, redirect: str | None = None, challenge: str = "", mark: str = ""
    ) -> Departure:
        """Send a browser to the provider.

        Args:
            callback: where it comes back to: a route of ours.
            redirect: of a command line: the port of its machine where it waits.
            challenge: of the command line's own PKCE pair (S256).
            mark: given back to the command line as it is (`state`).

        Raises:
            UsageError: the redirect is not on the user's machine, or there is no challenge.
        """
        if redirect is not None:
            _check_redirect(redirect, challenge, mark)
        begun = self._provider.begin(callback)
        ticket = self._tickets.make(
            "oidc",
            TRIP_SECONDS,
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            callback=callback,
            redirect=redirect,
            challenge=challenge,
            mark=mark,
        )
        return Departure(begun.url, ticket)

    def finish(self, ticket: str, state: str, code: str, address: str) -> Session | str:
        """Take a browser that is back.

        Args:
            ticket: of `begin`.
            state, code: what the provider gave the browser.

        Returns:
            A session; where a command line waits, the address to send the browser to.

        Raises:
            UnauthorizedError: this browser did not begin, or the provider does not vouch.
        """
        trip = self._tickets.read("oidc", ticket)
        if not hmac.compare_digest(str(trip["state"]).encode(), state.encode("utf-8", "replace")):
            raise UnauthorizedError("The sign-in was not begun in this browser", "begin anew")
        found = self._provider.finish(trip["callback"], code, trip)
        user = self._state.users.from_provider(
            found.subject,
            found.email,
            found.name,
            found.groups,
            self._role,
            verified=found.verified,
        )
        if trip["redirect"] is None:
            return self._authenticator.sign_in_as(user, address)
        code = self._tickets.make("cli", _CODE_SECONDS, sub=user.id, challenge=trip["challenge"])
        return f"{trip['redirect']}?{urlencode({'code': code, 'state': trip['mark']})}"

    def redeem(self, code: str, verifier: str, address: str) -> Session:
        """Give a command line its session.

        Args:
            code: that its browser brought.
            verifier: of its PKCE pair.

        Raises:
            UnauthorizedError: the code does not count, or not any more, or not with this verifier.
        """
        claims = self._tickets.read("cli", code)
        sent = create_s256_code_challenge(verifier.encode("ascii", "replace")).encode()
        if not hmac.compare_digest(str(claims["challenge"]).encode(), sent):
            raise UnauthorizedError("The code is of another sign-in", "begin anew")
        until = self._state.database.now() + timedelta(seconds=_CODE_SECONDS)
        if not self._state.tokens.end_session(claims["jti"], until):
            raise UnauthorizedError("The code was used already", "begin anew")
        user = self._state.users.find(claims["sub"])
        if user is None or not user.active:
            raise UnauthorizedError("User not found")
        return self._authenticator.sign_in_as(user, address)


def _check_redirect(redirect: str, challenge: str, mark: str) -> None:
    if len(redirect) > _LONGEST or not _LOOPBACK.fullmatch(redirect):
        raise UsageError("redirect is http on this machine alone", "http://127.0.0.1:PORT/")
    if len(challenge) != _CHALLENGE_LENGTH or len(mark) > _LONGEST:
        raise UsageError("a redirect needs a challenge: PKCE with S256")
