"""An OpenID provider: where it is, whom it vouches for.

The authorization code flow with PKCE and a nonce. Of the tokens that come back only the ID token is
used, once, and nothing is kept.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
import jwt
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from agnes.errors import UnauthorizedError, UnavailableError, UsageError

WELL_KNOWN = "/.well-known/openid-configuration"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by a key pair. Those by a shared secret could be forged by whoever knows it."""
_SCOPES = "openid email profile"
_TIMEOUT = 10.0
_KEPT_SECONDS = 3600.0
_LEEWAY = 60
_MOST_GROUPS = 500
_LONGEST_GROUP = 200


@dataclass(frozen=True)
class Begun:
    """A sign-in that has begun.

    Args:
        url: where the browser goes now.
        state, nonce, verifier: to compare with what comes back.
    """

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for.

    Args:
        subject: the provider and its id of the user.
        groups: None where the provider does not say.
        verified: whether the provider says that it checked the e-mail.
    """

    subject: str
    email: str
    name: str
    groups: tuple[str, ...] | None
    verified: bool


class Provider:
    """One that is configured.

    Args:
        url: its issuer, or the address of its discovery document.
        client_id, client_secret: what it knows this instance by.
        groups_claim: where it says a user's groups.

    Raises:
        UsageError: the address is neither https nor on this machine.
    """

    def __init__(
        self, url: str, client_id: str, client_secret: str | None, groups_claim: str = "groups"
    ) -> None:
        self._issuer = url.removesuffix(WELL_KNOWN).rstrip("/")
        _check_address(self._issuer)
        self._client_id = client_id
        self._client_secret = client_secret
        self._groups_claim = groups_claim
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[float, dict[str, Any]]] = {}

    def begin(self, callback: str) -> Begun:
        """Begin a sign-in.

        Args:
            callback: where the provider sends the browser back to.

        Raises:
            UnavailableError: the provider does not answer.
        """
        begun = {name: secrets.token_urlsafe(48) for name in ("state", "nonce", "verifier")}
        url = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self._client_id,
            response_type="code",
            redirect_uri=callback,
            scope=_SCOPES,
            state=begun["state"],
            nonce=begun["nonce"],
            code_challenge=create_s256_code_challenge(begun["verifier"]),
            code_challenge_method="S256",
        )
        return Begun(url, **begun)

    def finish(self, callback: str, code: str, begun: Mapping[str, str]) -> Identity:
        """End a sign-in.

        Args:
            callback: the same as when it began.
            code: what the provider gave the browser.
            begun: `nonce` and `verifier` of `Begun`.

        Raises:
            UnauthorizedError: the provider refuses the code, or its answer is not sound.
            UnavailableError: the provider does not answer.
        """
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": begun["verifier"],
        }
        token = self._post(self._endpoint("token_endpoint"), asked)
        claims = self._verify(str(token.get("id_token") or ""), begun["nonce"])
        if not {"email", self._groups_claim} <= claims.keys():
            claims = self._ask_more(str(token.get("access_token") or ""), claims)
        return self._identity(claims)

    def _post(self, address: str, form: dict[str, str]) -> dict[str, Any]:
        known = self._document(self._issuer + WELL_KNOWN)
        ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth = None
        if self._client_secret and "client_secret_basic" in ways:
            auth = (quote_plus(self._client_id), quote_plus(self._client_secret))
        else:
            form = form | {"client_id": self._client_id}
            if self._client_secret:
                form["client_secret"] = self._client_secret
        try:
            answer = httpx.post(address, data=form, auth=auth, timeout=_TIMEOUT)
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _silent(self._issuer, error) from None
        if not answer.is_success or not isinstance(found, dict):
            reason = str(found.get("error")) if isinstance(found, dict) else str(answer.status_code)
            raise UnauthorizedError(f"the provider refuses: {reason[:100]}")
        return found

    def _verify(self, token: str, nonce: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(token),
                algorithms=ALGORITHMS,
                audience=self._client_id,
                issuer=self._document(self._issuer + WELL_KNOWN)["issuer"],
                leeway=_LEEWAY,
                options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnauthorizedError(f"the provider's ID token does not count: {error}") from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise UnauthorizedError("the provider's ID token is of another sign-in")
        if claims["aud"] != self._client_id and claims.get("azp") != self._client_id:
            raise UnauthorizedError("the provider's ID token is for several others too")
        return claims

    def _key(self, token: str) -> jwt.PyJWK:
        wanted = jwt.get_unverified_header(token).get("kid")
        address = self._endpoint("jwks_uri")
        for fresh in (False, True):  # keys change, and then there is one that we do not know
            keys = jwt.PyJWKSet.from_dict(self._document(address, fresh=fresh)).keys
            for key in keys:
                if key.key_id == wanted or (wanted is None and len(keys) == 1):
                    return key
        raise jwt.InvalidKeyError("it is signed by a key that the provider does not show")

    def _ask_more(self, token: str, claims: dict[str, Any]) -> dict[str, Any]:
        if not self._document(self._issuer + WELL_KNOWN).get("userinfo_endpoint"):
            return claims
        headers = {"Authorization": f"Bearer {token}"}
        try:
            address = self._endpoint("userinfo_endpoint")
            answer = httpx.get(address, headers=headers, timeout=_TIMEOUT)
            more = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, ValueError) as error:
            raise _silent(self._issuer, error) from None
        if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
            return claims
        return more | claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        email = claims.get("email")
        if not isinstance(email, str) or not email:
            raise UnauthorizedError("the provider does not say the user's e-mail")
        verified = str(claims.get("email_verified")).lower()  # some providers send it as a text
        if verified == "false":
            raise UnauthorizedError("the provider has not checked the user's e-mail")
        name = claims.get("name")
        return Identity(
            f"{claims['iss']}|{claims['sub']}",
            email,
            name[:_LONGEST_GROUP] if isinstance(name, str) and name.isprintable() else "",
            _groups(claims.get(self._groups_claim)),
            verified == "true",
        )

    def _endpoint(self, name: str) -> str:
        found = self._document(self._issuer + WELL_KNOWN).get(name)
        if not isinstance(found, str):
            raise UnavailableError(f"the provider has no {name}")
        _check_address(found)
        return found

    def _document(self, address: str, *, fresh: bool = False) -> dict[str, Any]:
        """A document of the provider, kept for an hour."""
        with self._lock:
            kept = self._documents.get(address)
        if kept and not fresh and time.monotonic() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        try:
            answer = httpx.get(address, timeout=_TIMEOUT)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _silent(self._issuer, error) from None
        if not isinstance(found, dict):
            raise UnavailableError(f"the provider's answer makes no sense: {address}")
        if address.endswith(WELL_KNOWN) and str(found.get("issuer")).rstrip("/") != self._issuer:
            raise UnavailableError("the provider says that it is another one", "see AGNES_OIDC_URL")
        with self._lock:
            self._documents[address] = time.monotonic(), found
        return found


def _groups(claim: Any) -> tuple[str, ...] | None:
    if claim is None:
        return None
    names = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    sound = (
        name
        for name in names
        if isinstance(name, str)
        and name.isprintable()
        and name == name.strip()
        and 0 < len(name) <= _LONGEST_GROUP
    )
    return tuple(sorted(set(sound))[:_MOST_GROUPS])


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise UsageError("an OpenID provider is asked by https alone", "see AGNES_OIDC_URL")


def _silent(issuer: str, error: Exception) -> UnavailableError:
    return UnavailableError(f"the OpenID provider {issuer} does not answer: {type(error).__name__}")
